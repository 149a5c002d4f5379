"""Whether the log is what was signed: every event, every node, every checkpoint, and where not.

A block of positions is read at a time, so memory stays the same however long the log is.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.proof import leaves, queries, signed
from services.ledger.proof.ledger_verify import Key, Refused, Suite, open_note
from services.ledger.proof.signed import Place
from services.ledger.proof.tree import HASH_BYTES, HEIGHT, WIDTH, At, folded

_BLOCK: Final = 32
"""Tiles compared at a time: 8192 events."""
_SHAPE: Final = text(
    "SELECT level, count(*), max(number), sum(octet_length(hashes)) FROM tiles"
    " GROUP BY level ORDER BY level"
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


def check_log(
    session: Session,
    *,
    witnessed: Sequence[str] = (),
    progress: Progress = lambda _done, _all: None,
) -> Iterator[Place]:
    """Yield every place where the log is not what was signed.

    Args:
        session: of one transaction.
        witnessed: checkpoints that others keep; the log must continue each.
        progress: told the positions looked at, and how many there are.
    """
    size = queries.tree_size(session)
    notes = queries.log_keys(session)
    keys, wrong = _keys(notes)
    yield from (Place("checkpoints", where) for where in wrong)
    numbers = session.connection().execute(_KEY_NUMBERS).scalar_one() or []
    if numbers != list(range(1, len(numbers) + 1)):
        yield Place("checkpoints", f"the keys of the log are numbered {numbers}")
    if keys:
        suite = keys[0].suite
        yield from _shape(session, size)
        for first in range(0, -(-size // WIDTH), _BLOCK):
            yield from _block(session, suite, first, size)
            progress(min((first + _BLOCK) * WIDTH, size), size)
        yield from signed.checkpoints(session, keys)
        yield from signed.cosignatures(session)
        yield from signed.witnessed(session, keys, size, witnessed)
    elif size or witnessed or queries.newest_size(session):
        yield Place("checkpoints", "the log has no key")
    yield from signed.unsigned(session)
    for event_id in session.connection().execute(_ORPHANS, {"size": size}).scalars():
        yield Place("leaves", f"event {event_id}: erased, and not in the tree")


def _keys(notes: Sequence[str]) -> tuple[list[Key], list[str]]:
    keys: list[Key] = []
    wrong = []
    for number, note in enumerate(notes, 1):
        try:
            key = queries.key_of(note)
            endorsed = open_note(note, keys[-1] if keys else key)
        except (Refused, queries.LogDamagedError):
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
    written = f", or a row of {one.subject_id} written with it is not" if one.facts else ""
    return Place("leaves", f"{name}: it is not what its leaf in the tree says{written}")


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
