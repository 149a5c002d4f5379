"""Where a row of the log is, in the words in which `ledger verify` names places."""

import re
from typing import Any

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from services.ledger.proof import leaves
from services.ledger.proof.tree import WIDTH

_POSITION = text("SELECT position FROM sealed WHERE event_id = :id")


def named(session: Session, table: str, row: RowMapping, kind: str) -> re.Pattern[str]:
    """Return what a finding must say of a change of a row, before it is made."""
    return re.compile("|".join(_NAMES[table](session, row, kind)))


def _positions(*positions: int) -> list[str]:
    return [rf"position {one}\b" for one in positions]


def _next(session: Session, column: str, table: str) -> int:
    found = session.connection().execute(text(f"SELECT max({column}) + 1 FROM {table}"))
    return int(found.scalar_one())


def _event(session: Session, row: RowMapping, kind: str) -> list[str]:
    if kind == "insert":
        return [rf"event {re.escape(row['type'])}: neither sealed nor waiting"]
    return _of_event(session, row["id"])


def _of_event(session: Session, event_id: Any) -> list[str]:
    return _positions(session.connection().execute(_POSITION, {"id": event_id}).scalar_one())


def _sealed(session: Session, row: RowMapping, kind: str) -> list[str]:
    at = _next(session, "position", "sealed") if kind == "insert" else row["position"]
    return _positions(at)


def _tile(session: Session, row: RowMapping, kind: str) -> list[str]:
    level, number = row["level"], row["number"]
    whole = [rf"level {level}: tiles are missing"]
    if level:
        return [*whole, rf"tile \d+ of level {level - 1} and its entry above differ"]
    first = number * WIDTH
    said = [*whole, rf"tile {number} of level 0 and", rf"the tree has {first} leaves"]
    return said + _positions(*range(first + 1, first + WIDTH + 1))


def _checkpoint(session: Session, row: RowMapping, kind: str) -> list[str]:
    if kind == "insert":
        return [rf"checkpoint {_next(session, 'number', 'checkpoints')} of size"]
    before = text("SELECT coalesce(max(size), 0) FROM checkpoints WHERE size < :size")
    size = session.connection().execute(before, {"size": row["size"]}).scalar_one()
    number = row["number"]
    return [
        rf"checkpoint {number} of size",
        rf"are gone, first {number}\b",
        rf"positions from {size + 1} on.* a checkpoint was removed",
    ]


def _cosignature(session: Session, row: RowMapping, kind: str) -> list[str]:
    sizes = "|".join(str(row["size"] + step) for step in (-1, 0, 1))
    return [rf"a witness's line under the one of size ({sizes})\b"]


def _key(session: Session, row: RowMapping, kind: str) -> list[str]:
    number = _next(session, "number", "log_keys") if kind == "insert" else row["number"]
    said = [rf"key {number} of the log", "the keys of the log are numbered"]
    if kind == "delete":  # The newest leaves no gap; what it signed is then signed by none.
        said.append(r"checkpoint \d+ of size \d+: it is not what the log signed")
    return said


def _erasure(session: Session, row: RowMapping, kind: str) -> list[str]:
    return _of_event(session, row["event_id"])


def _salt(session: Session, row: RowMapping, kind: str) -> list[str]:
    every = leaves.sealed_events(session, after=0, until=10**6)
    return _positions(*(one.position for one in every if row["owner"] in leaves.owners([one])))


_NAMES = {
    "events": _event,
    "sealed": _sealed,
    "tiles": _tile,
    "checkpoints": _checkpoint,
    "cosignatures": _cosignature,
    "log_keys": _key,
    "erasures": _erasure,
    "salts": _salt,
}
