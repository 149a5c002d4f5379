"""Reads of the tree, its checkpoints and its keys."""

import base64
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.proof.ledger_verify import Key, Refused, Suite, read_checkpoint
from services.ledger.proof.tree import HASH_BYTES, WIDTH, At, Span, consistency, inclusion, needed
from services.ledger.proof.tree import root as root_of

_SIZE: Final = text(
    "SELECT number, octet_length(hashes) FROM tiles WHERE level = 0 ORDER BY number DESC LIMIT 1"
)
_TILES: Final = text(
    """
    SELECT t.level, t.number, t.hashes FROM tiles t
    JOIN unnest(CAST(:levels AS smallint[]), CAST(:numbers AS bigint[])) AS n(level, number)
      ON n.level = t.level AND n.number = t.number
    """
)
_CHECKPOINTS: Final = """
    SELECT c.size, c.note, coalesce(array_agg(w.line ORDER BY w.witness)
      FILTER (WHERE w.line IS NOT NULL), '{{}}') AS lines
    FROM checkpoints c LEFT JOIN cosignatures w ON w.size = c.size
    WHERE {where} GROUP BY c.size, c.note ORDER BY c.size DESC LIMIT :limit
"""
_BEFORE: Final = text(_CHECKPOINTS.format(where="c.size < :before"))
_AT: Final = text(_CHECKPOINTS.format(where="c.size = :size"))
_NEWEST: Final = text("SELECT coalesce(max(size), 0) FROM checkpoints")
_KEYS: Final = text("SELECT note FROM log_keys ORDER BY number")
_LARGEST: Final = 2**62


class SizeUnknownError(LedgerError):
    """A proof is asked for of a size the tree never had, or of a later position."""

    code = "TREE_SIZE_UNKNOWN"


class LogDamagedError(LedgerError):
    """The log contradicts what was signed of it, so it is neither grown, signed nor shown."""

    code = "LOG_DAMAGED"
    status = 503


class Signed(NamedTuple):
    """A checkpoint with the lines of its witnesses under it."""

    size: int
    root: bytes
    note: str

    @property
    def body(self) -> str:
        """What is signed."""
        return self.note.rpartition("\n\n")[0] + "\n"

    @property
    def signed_at(self) -> int:
        """POSIX seconds that the log signed along, in its second line."""
        line = self.note.rpartition("\n\n")[2].splitlines()[1]
        return int.from_bytes(base64.b64decode(line.split(" ")[2])[4:12])


def tree_size(session: Session) -> int:
    """Return how many leaves the tree has."""
    row = session.connection().execute(_SIZE).one_or_none()
    return 0 if row is None else row[0] * WIDTH + row[1] // HASH_BYTES


def tiles(session: Session, places: Collection[At]) -> dict[At, bytes]:
    """Return tiles of the tree."""
    named = {"levels": [at.level for at in places], "numbers": [at.number for at in places]}
    rows = session.connection().execute(_TILES, named)
    return {At(level, number): bytes(hashes) for level, number, hashes in rows}


def roots(session: Session, suite: Suite, spans: Sequence[Span]) -> list[bytes]:
    """Return the roots of subtrees, with one trip to the database."""
    held = tiles(session, needed(spans))
    return [root_of(suite, span, held) for span in spans]


def inclusion_path(session: Session, suite: Suite, position: int, *, size: int) -> list[bytes]:
    """Return the proof that a position is in the tree of a size."""
    _known(session, position, size)
    return roots(session, suite, inclusion(position - 1, Span(0, size)))


def consistency_path(session: Session, suite: Suite, old: int, *, size: int) -> list[bytes]:
    """Return the proof that the tree of a size begins with that of an earlier size."""
    _known(session, old, size)
    return roots(session, suite, consistency(old, Span(0, size)))


def _known(session: Session, first: int, size: int) -> None:
    grown = tree_size(session)
    if not 0 < first <= size <= grown:
        raise SizeUnknownError(
            f"There is no proof from {first} to {size}: the tree has {grown} leaves.",
            f"没有从{first}到{size}的证明：树现有{grown}个叶。",
        )


def log_keys(session: Session) -> list[str]:
    """Return the notes that hand the log's key on, the first key's first."""
    return [note for (note,) in session.connection().execute(_KEYS)]


def key_of(note: str) -> Key:
    """Return the public key that a note of the log introduces.

    Raises:
        LogDamagedError: it is no such note.
    """
    try:
        return Key.read(note.splitlines()[1])
    except (Refused, IndexError):
        raise LogDamagedError(
            "A key of the log is not what it was; run `ledger verify`.",
            "日志的公钥记录被改动；请运行 `ledger verify`。",
        ) from None


def suite_of(session: Session) -> Suite:
    """Return the suite of the tree.

    Raises:
        NotFoundError: nothing was sealed into it yet.
    """
    notes = log_keys(session)
    if not notes:
        raise NotFoundError(
            "The log has no checkpoint yet; ask again in a minute.",
            "日志尚无检查点；请一分钟后再查询。",
        )
    return key_of(notes[0]).suite


def newest_size(session: Session) -> int:
    """Return the size of the newest checkpoint, whatever it says; 0 if there is none."""
    return int(session.connection().execute(_NEWEST).scalar_one())


def checkpoints(session: Session, *, before: int | None = None, limit: int = 1) -> list[Signed]:
    """Return the newest checkpoints, or those of less than a size, newest first.

    Raises:
        LogDamagedError: one of them is no checkpoint.
    """
    values = {"before": before or _LARGEST, "limit": limit}
    return [_signed(*row) for row in session.connection().execute(_BEFORE, values)]


def checkpoint_at(session: Session, size: int) -> Signed:
    """Return the checkpoint of a size.

    Raises:
        NotFoundError: none was signed of it.
    """
    row = session.connection().execute(_AT, {"size": size, "limit": 1}).one_or_none()
    if row is None:
        raise NotFoundError(f"No checkpoint of size {size}.", f"没有规模为{size}的检查点。")
    return _signed(*row)


def _signed(size: int, note: str, lines: list[str]) -> Signed:
    try:
        found = Signed(size, read_checkpoint(note)[2], note + "".join(lines))
        assert found.signed_at >= 0
    except (Refused, LookupError, ValueError):
        raise LogDamagedError(
            f"The checkpoint of size {size} is not what was signed; run `ledger verify`.",
            f"规模为{size}的检查点被改动；请运行 `ledger verify`。",
        ) from None
    return found
