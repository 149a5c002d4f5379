"""Whether the checkpoints of the log are what was signed, and sign all of it."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.proof import queries
from services.ledger.proof.ledger_verify import Key, Refused, Suite, open_note, read_checkpoint
from services.ledger.proof.tree import At, Span, needed
from services.ledger.proof.tree import root as root_of

_LINES: Final = 2
"""Signatures of the log under a checkpoint: without and with the time."""
_CHECKPOINTS: Final = text(
    "SELECT number, size, note FROM checkpoints WHERE number > :after ORDER BY number LIMIT 256"
)
_GONE: Final = text(
    """
    SELECT max(number) - count(*) AS n, max(number) AS last,
      min(before + 1) FILTER (WHERE number > before + 1) AS first
    FROM (SELECT number, lag(number, 1, 0) OVER (ORDER BY number) AS before
      FROM checkpoints WHERE number > 0) AS c
    """
)
_COSIGNATURES: Final = text(
    """
    SELECT w.size, w.witness, w.line, c.note FROM cosignatures w
    LEFT JOIN checkpoints c ON c.size = w.size WHERE (w.size, w.witness) > (:size, :witness)
    ORDER BY w.size, w.witness LIMIT 256
    """
)
_UNSIGNED: Final = text(
    """
    SELECT count(*) AS n, min(position) AS first, min(sealed_at) AS since FROM sealed
    WHERE position > :size AND sealed_at < now() - interval '1 minute'
    """
)


class Place(NamedTuple):
    """Something that is not what it was, and where."""

    check: str
    """``leaves``, ``tree`` or ``checkpoints``."""
    where: str


def checkpoints(session: Session, keys: Sequence[Key]) -> Iterator[Place]:
    """Compare every checkpoint with the tree of its size and with its signatures."""
    connection = session.connection()
    gone = connection.execute(_GONE).one()
    if gone.n:
        which = f"{gone.n} of the checkpoints 1 to {gone.last} are gone, first {gone.first}"
        yield Place("checkpoints", which)
    after = before = 0
    while rows := connection.execute(_CHECKPOINTS, {"after": after}).all():
        size = queries.tree_size(session)  # read after what was signed of it
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


def cosignatures(session: Session) -> Iterator[Place]:
    """Compare every witness's line with the checkpoint above it."""
    after = {"size": 0, "witness": ""}
    while rows := session.connection().execute(_COSIGNATURES, after).all():
        for size, witness, line, note in rows:
            if not _is_cosigned(note, witness, line):
                yield Place("checkpoints", f"a witness's line under the one of size {size}")
        after = {"size": rows[-1].size, "witness": rows[-1].witness}


def unsigned(session: Session) -> Iterator[Place]:
    """Say what nothing is signed of a minute after it was sealed.

    Who deletes the newest checkpoint leaves no gap; but what it was of is then signed by none.
    """
    size = queries.newest_size(session)
    late = session.connection().execute(_UNSIGNED, {"size": size}).one()
    if late.n:
        yield Place(
            "checkpoints",
            f"{late.n} positions from {late.first} on, sealed since {late.since:%F %T%z}, are under"
            " no checkpoint: the worker stands still, or a checkpoint was removed",
        )


def witnessed(
    session: Session, keys: Sequence[Key], size: int, notes: Sequence[str]
) -> Iterator[Place]:
    """Compare checkpoints that others keep with the tree."""
    for note in notes:
        try:
            stated = read_checkpoint(note)[1]
            good = any(open_note(note, key) for key in keys)
        except Refused:
            stated, good = 0, False
        name = f"the checkpoint of size {stated} that was given"
        if not good:
            yield Place("checkpoints", f"{name}: no key of this log signed it")
        elif stated > size:
            yield Place("checkpoints", f"{name}: the tree has lost leaves, it has {size}")
        else:
            held = queries.tiles(session, needed([Span(0, stated)]))
            if not _has_root(keys[0].suite, note, stated, held):
                yield Place("checkpoints", f"{name}: the tree was another then")


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
