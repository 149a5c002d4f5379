"""Whether the log is what was signed: every event, every node, every checkpoint, and where not.

A block of positions is read at a time, so memory stays the same however long the log is.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.proof import leaves, queries
from services.ledger.proof.ledger_verify import Key, Refused, Suite, open_note, read_checkpoint
from services.ledger.proof.tree import HASH_BYTES, HEIGHT, WIDTH, At, Span, folded, needed
from services.ledger.proof.tree import root as root_of

_BLOCK: Final = 32
"""Tiles compared at a time: 8192 events."""
_LINES: Final = 2
"""Signatures of the log under a checkpoint: without and with the time."""
_SHAPE: Final = text(
    "SELECT level, count(*), max(number), sum(octet_length(hashes)) FROM tiles"
    " GROUP BY level ORDER BY level"
)
_CHECKPOINTS: Final = text(
    "SELECT number, size, note FROM checkpoints WHERE number > :after ORDER BY number LIMIT 256"
)
_COUNT: Final = text("SELECT count(*), coalesce(max(number), 0) FROM checkpoints")
_COSIGNATURES: Final = text(
    """
    SELECT w.size, w.witness, w.line, c.note FROM cosignatures w
    LEFT JOIN checkpoints c ON c.size = w.size WHERE (w.size, w.witness) > (:size, :witness)
    ORDER BY w.size, w.witness LIMIT 256
    """
)
_ORPHANS: Final = text(
    """
    SELECT x.event_id::varchar FROM erasures x LEFT JOIN sealed s ON s.event_id = x.event_id
    WHERE s.position > :size
      OR s.position IS NULL AND NOT EXISTS (SELECT FROM events e WHERE e.id = x.event_id)
    """
)
_KEY_NUMBERS: Final = text("SELECT array_agg(number ORDER BY number) FROM log_keys")

Progress = Callable[[int, int], None]


class Place(NamedTuple):
    """Something that is not what it was, and where."""

    check: str
    """``leaves``, ``tree`` or ``checkpoints``."""
    where: str


def check_log(
    session: Session, *, progress: Progress = lambda _done, _all: None
) -> Iterator[Place]:
    """Yield every place where the log is not what was signed.

    Args:
        session: of one transaction.
        progress: told the positions looked at, and how many there are.
    """
    size = queries.tree_size(session)
    notes = queries.log_keys(session)
    keys, wrong = _keys(notes)
    yield from (Place("checkpoints", where) for where in wrong)
    numbers = session.connection().execute(_KEY_NUMBERS).scalar_one() or []
    if numbers != list(range(1, len(numbers) + 1)):
        yield Place("checkpoints", f"the keys of the log are numbered {numbers}")
    signed = session.connection().execute(_COUNT).one()
    if keys:
        suite = keys[0].suite
        yield from _shape(session, size)
        for first in range(0, -(-size // WIDTH), _BLOCK):
            yield from _block(session, suite, first, size)
            progress(min((first + _BLOCK) * WIDTH, size), size)
        yield from _checkpoints(session, keys, size)
        yield from _cosignatures(session)
    elif size or signed[0]:
        yield Place("checkpoints", "the log has no key")
    for event_id in session.connection().execute(_ORPHANS, {"size": size}).scalars():
        yield Place("leaves", f"event {event_id}: erased, and not in the tree")


def _keys(notes: Sequence[str]) -> tuple[list[Key], list[str]]:
    keys: list[Key] = []
    wrong = []
    for number, note in enumerate(notes, 1):
        try:
            key = queries.key_of(note)
            endorsed = open_note(note, keys[-1] if keys else key)
        except (Refused, IndexError):
            key, endorsed = None, None
        if key is None or not endorsed or not note.startswith(f"{key.name}/key\n"):
            wrong.append(f"key {number} of the log was not handed over by the one before it")
        else:
            keys.append(key)
    return keys, wrong


def _shape(session: Session, size: int) -> Iterator[Place]:
    """Say on which level tiles are missing or too many."""
    found = {level: tuple(shape) for level, *shape in session.connection().execute(_SHAPE)}
    levels = range(max(found.keys() | {-(-size.bit_length() // HEIGHT) - 1}) + 1)
    for level in levels:
        hashes = size >> (HEIGHT * level)
        tiles = -(-hashes // WIDTH)
        expected = (tiles, tiles - 1, hashes * HASH_BYTES)
        if (found.get(level) != expected) if hashes else (level in found):
            yield Place("tree", f"level {level}: tiles are missing or too many, of {tiles}")


def _block(session: Session, suite: Suite, first: int, size: int) -> Iterator[Place]:
    """Compare some tiles of level 0 with the events, and each with the tiles above it."""
    numbers = range(first, min(first + _BLOCK, -(-size // WIDTH)))
    end = min((first + _BLOCK) * WIDTH, size)
    places = {At(0, number) for number in numbers}
    above = {
        At(level, number >> (HEIGHT * level))
        for number in numbers
        for level in range(1, -(-size.bit_length() // HEIGHT))
        if (number + 1) << HEIGHT <= size
    }
    held = queries.tiles(session, places | above)
    events = {
        one.position: one for one in leaves.sealed_events(session, after=first * WIDTH, until=end)
    }
    secrets = leaves.salts(session, list(events.values()))
    for number in numbers:
        tile = held.get(At(0, number), b"")
        start, count = number * WIDTH, min(WIDTH, size - number * WIDTH)
        found = [events.get(start + index + 1) for index in range(count)]
        digests = [
            None if one is None else leaves.leaf_digest(suite, one, secrets) for one in found
        ]
        stored = [tile[at : at + HASH_BYTES] for at in range(0, count * HASH_BYTES, HASH_BYTES)]
        if digests != stored:
            kept = _fits(suite, held, At(0, number), tile)
            computed = b"".join(digest or b"" for digest in digests)
            moved = not kept and _fits(suite, held, At(0, number), computed)
            for index, (one, digest) in enumerate(zip(found, digests, strict=True)):
                if digest != stored[index]:
                    yield _altered(start + index + 1, one, digest, hash_altered=moved)
        yield from _upwards(suite, held, number, size)


def _fits(suite: Suite, held: dict[At, bytes], at: At, hashes: bytes) -> bool:
    """Say whether the tile above has the root of these hashes; False too if nothing is above."""
    entry = _entry(held, at)
    return (
        entry is not None and len(hashes) == WIDTH * HASH_BYTES and folded(suite, hashes) == entry
    )


def _entry(held: dict[At, bytes], at: At) -> bytes | None:
    parent = held.get(At(at.level + 1, at.number >> HEIGHT))
    start = at.number % WIDTH * HASH_BYTES
    return None if parent is None else parent[start : start + HASH_BYTES]


def _altered(
    position: int, one: leaves.SealedEvent | None, digest: bytes | None, *, hash_altered: bool
) -> Place:
    if one is None:
        return Place("leaves", f"position {position}: nothing is sealed there any more")
    name = f"position {position}, event {one.event_id}"
    if hash_altered:
        return Place("tree", f"{name}: its hash in the tree was changed, the event was not")
    if one.event is None:
        return Place("leaves", f"{name}: the event is gone")
    if not one.agrees:
        return Place("leaves", f"{name}: its parties differ from those beside its position")
    if digest is None:
        return Place("leaves", f"{name}: a salt is gone, or what was erased is back")
    return Place("leaves", f"{name}: it is not what its leaf in the tree says")


def _upwards(suite: Suite, held: dict[At, bytes], number: int, size: int) -> Iterator[Place]:
    """Compare a finished tile with its entry above, and so on as long as it finishes that one."""
    level = 0
    while (number + 1) << (HEIGHT * (level + 1)) <= size:
        at = At(level, number)
        tile = held.get(at, b"")
        covered = WIDTH << (HEIGHT * level)
        if len(tile) != WIDTH * HASH_BYTES or folded(suite, tile) != _entry(held, at):
            yield Place(
                "tree",
                f"tile {number} of level {level} and its entry above differ,"
                f" positions {number * covered + 1} to {(number + 1) * covered}",
            )
        if (number + 1) % WIDTH:
            return
        number, level = number >> HEIGHT, level + 1


def _checkpoints(session: Session, keys: Sequence[Key], size: int) -> Iterator[Place]:
    """Compare every checkpoint with the tree of its size and with its signatures."""
    connection = session.connection()
    count, last = connection.execute(_COUNT).one()
    if count != last:
        yield Place("checkpoints", f"{last - count} of the checkpoints 1 to {last} are gone")
    after = before = 0
    while rows := connection.execute(_CHECKPOINTS, {"after": after}).all():
        spans = [Span(0, one.size) for one in rows if 0 < one.size <= size]
        held = queries.tiles(session, needed(spans))
        for number, signed_size, note in rows:
            name = f"checkpoint {number} of size {signed_size}"
            if signed_size > size or signed_size <= before:
                yield Place("checkpoints", f"{name}: the tree has {size} leaves, then {before}")
            elif not _is_signed(note, keys, signed_size):
                yield Place("checkpoints", f"{name}: it is not what the log signed")
            elif not _has_root(keys[0].suite, note, signed_size, held):
                yield Place(
                    "checkpoints",
                    f"{name}: another tree was signed; look between positions {before + 1} and"
                    f" {signed_size}",
                )
            before = max(before, signed_size)
        after = rows[-1].number


def _cosignatures(session: Session) -> Iterator[Place]:
    after = {"size": 0, "witness": ""}
    while rows := session.connection().execute(_COSIGNATURES, after).all():
        for size, witness, line, note in rows:
            if not _is_cosigned(note, witness, line):
                yield Place("checkpoints", f"a witness's line under the one of size {size}")
        after = {"size": rows[-1].size, "witness": rows[-1].witness}


def _is_signed(note: str, keys: Sequence[Key], size: int) -> bool:
    try:
        origin, stated, _ = read_checkpoint(note)
        good = any(open_note(note, key) and open_note(note, key.cosigner()) for key in keys)
    except Refused:
        return False
    lines = note.rpartition("\n\n")[2].splitlines()
    return good and origin == keys[0].name and stated == size and len(lines) == _LINES


def _has_root(suite: Suite, note: str, size: int, held: dict[At, bytes]) -> bool:
    try:
        return root_of(suite, Span(0, size), held) == read_checkpoint(note)[2]
    except (KeyError, IndexError, ValueError):
        return False


def _is_cosigned(note: str | None, witness: str, line: str) -> bool:
    try:
        body = (note or "").rpartition("\n\n")[0]
        return open_note(f"{body}\n\n{line}", Key.read(witness)) is not None
    except Refused:
        return False
