"""Random changes of a table's rows, as somebody with all rights in the database could make them."""

import random
import re
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from tests.proof import places

TABLES = (
    "events",
    "sealed",
    "tiles",
    "checkpoints",
    "cosignatures",
    "log_keys",
    "erasures",
    "salts",
)
NOT_FOUND = {
    ("cosignatures", "delete"): "it is the witness's word, who has it; no proof rests on it",
    ("salts", "insert"): "a secret that nothing refers to says nothing of any event",
}
ORDERED = ("sealed", "tiles")
"""The others have no order but that of their keys, which are values."""
CHANGES = [
    (table, kind)
    for table in TABLES
    for kind in ("value", "delete", "insert", "value", "swap")
    if (table, kind) not in NOT_FOUND and (kind != "swap" or table in ORDERED)
]
_COLUMNS = text(
    """
    SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
    WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
    """
)


class Mutation(NamedTuple):
    """What was done, for whoever reads the failure."""

    what: str
    named: re.Pattern[str]
    """What must be said of it: where it is."""


def mutate(session: Session, chance: random.Random, table: str, kind: str) -> Mutation:
    """Change one thing of a table: a value, a row, or the order of two rows."""
    while True:
        row = _any_row(session, table, chance)
        named = places.named(session, table, row, kind)
        try:
            with session.begin_nested():
                done = _KINDS[kind](session, table, row, chance)
        except IntegrityError:
            continue
        if done:
            return Mutation(f"{table}: {kind} {done} of {dict(row)}"[:400], named)


def _any_row(session: Session, table: str, chance: random.Random) -> RowMapping:
    count = session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    at = chance.randrange(count)
    statement = text(
        f"SELECT ctid::varchar AS place, * FROM {table} ORDER BY ctid LIMIT 1 OFFSET :n"
    )
    return session.connection().execute(statement, {"n": at}).mappings().one()


def _columns(session: Session, table: str) -> list[tuple[str, str]]:
    rows = session.connection().execute(_COLUMNS, {"table": table})
    return [(row.name, row.type) for row in rows]


def _value(session: Session, table: str, row: RowMapping, chance: random.Random) -> str:
    name, kind = chance.choice(_columns(session, table))
    changed = _other(kind, row[name], chance)
    statement = text(f'UPDATE {table} SET "{name}" = {changed} WHERE ctid = CAST(:at AS tid)')
    session.connection().execute(statement, {"at": row["place"]})
    return name


def _other(kind: str, value: Any, chance: random.Random) -> str:
    """Return SQL for another value of a type, one small step away."""
    if kind == "jsonb":
        return _other_data(value, chance)
    if kind == "bytea":
        at = chance.randrange(len(value) * 8)
        bit = bytes(value)[at // 8] >> at % 8 & 1
        return f"set_bit('\\x{bytes(value).hex()}'::bytea, {at}, {1 - bit})"
    if kind == "uuid":
        known = value.hex if value else 32 * "a"
        return f"'{known[:-1]}{'1' if known[-1] == '0' else '0'}'::uuid"
    if kind.startswith("timestamp"):
        return f"'{value.isoformat()}'::timestamptz + interval '1 microsecond'"
    if kind in {"integer", "bigint", "smallint"}:
        return str(value + chance.choice((-1, 1)))
    letters = list(value) or ["-"]
    at = chance.randrange(len(letters))
    letters[at] = "y" if letters[at] == "x" else "x"
    return "'" + "".join(letters).replace("'", "''").replace(":", "\\:") + "'"


def _other_data(value: dict[str, Any], chance: random.Random) -> str:
    name = chance.choice(sorted(value))
    other = f'data || \'{{"{name}": "other"}}\'::jsonb'
    more = "data || '{\"more\": 1}'::jsonb"
    return chance.choice((f"data - '{name}'", other, more)).replace(":", "\\:")


def _bit(value: bytes, at: int) -> int:
    return value[at // 8] >> at % 8 & 1


def _delete(session: Session, table: str, row: RowMapping, chance: random.Random) -> str:
    statement = text(f"DELETE FROM {table} WHERE ctid = CAST(:at AS tid)")
    session.connection().execute(statement, {"at": row["place"]})
    return "row"


def _insert(session: Session, table: str, row: RowMapping, chance: random.Random) -> str:
    """Put in a copy of a row under a key of its own."""
    keys = {
        "events": "id",
        "sealed": "position",
        "tiles": "number",
        "checkpoints": "number",
        "cosignatures": "witness",
        "log_keys": "number",
        "erasures": "field",
    }
    columns = _columns(session, table)
    listed = ", ".join(f'"{name}"' for name, _ in columns)
    other = {"uuid": "gen_random_uuid()", "character varying": "\"{}\" || 'x'"}
    picked = []
    for name, kind in columns:
        unique = name == keys[table] or (table, name) in {
            ("sealed", "event_id"),
            ("checkpoints", "size"),
        }
        after = f'(SELECT max("{name}") + 1 FROM {table})'
        picked.append(other.get(kind, after).format(name) if unique else f'"{name}"')
    statement = f"INSERT INTO {table} ({listed}) SELECT {', '.join(picked)} FROM {table}"
    at = text(f"{statement} WHERE ctid = CAST(:at AS tid)")
    session.connection().execute(at, {"at": row["place"]})
    return "copy"


def _swap(session: Session, table: str, row: RowMapping, chance: random.Random) -> str:
    """Let two events, or two tiles, change places."""
    key = "position" if table == "sealed" else "number"
    fields = ("event_id", "subject_id") if table == "sealed" else ("hashes",)
    same = "" if table == "sealed" else f"AND level = {row['level']}"
    find = text(f"SELECT ctid::varchar AS place, * FROM {table} WHERE {key} = :other {same}")
    values = {"other": row[key] + chance.choice((1, 2))}
    other = session.connection().execute(find, values).mappings().one_or_none()
    if other is None:
        return ""
    if table == "sealed":  # an event has one position only, also for an instant
        aside = text("UPDATE sealed SET event_id = gen_random_uuid() WHERE position = :at")
        session.connection().execute(aside, {"at": other[key]})
    taken = ", ".join(f"{name} = :{name}" for name in fields)
    for at, source in ((row, other), (other, row)):
        statement = text(f"UPDATE {table} SET {taken} WHERE {key} = :at {same}")
        given = {name: source[name] for name in fields}
        session.connection().execute(statement, {"at": at[key], **given})
    return f"with {other[key]}"


_KINDS = {"value": _value, "delete": _delete, "insert": _insert, "swap": _swap}
