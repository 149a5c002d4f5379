"""What the tree holds of an event: all its columns, with commitments for what is personal.

A commitment is HASH(salt || value). The salt comes from a secret of the person or subject; when
that secret and the values are erased, nobody can guess the value from the leaf any more, and
the leaf stays as it is.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.db import Statement, direct, run
from services.ledger.proof.canonical import NotCanonicalError, canonical
from services.ledger.proof.facts import written_with
from services.ledger.proof.ledger_verify import Suite, leaf_hash

PRIVATE: Final = frozenset(
    {
        "account",
        "account_name",
        "address",
        "bank",
        "bank_account",
        "bank_name",
        "comment",
        "contact",
        "description",
        "digest",
        "email",
        "id_number",
        "login",
        "mobile",
        "name",
        "payee",
        "payer",
        "person",
        "phone",
        "reason",
        "text",
        "user",
        "what",
    }
)
"""Names under which the data of an event, at any depth, hold what a person could ask to erase.

A ``digest`` is among them, for what it is of may be guessed: an account number has few digits.
Like the contract of events this only grows, and a name is here before the first event that has it:
what was in a leaf in the clear stays so.
"""
ACTOR: Final = "actor"

_SEALED: Final = """
    SELECT s.position, s.sealed_at, s.subject_id, s.event_id,
      coalesce((SELECT max(p.position) FROM sealed p
        WHERE p.subject_id = s.subject_id AND p.position < s.position), 0) AS previous,
      to_jsonb(e) AS event,
      s.debtor_id IS NOT DISTINCT FROM e.debtor_id
        AND s.creditor_id IS NOT DISTINCT FROM e.creditor_id
        AND (s.platform_id IS NULL OR s.platform_id IS NOT DISTINCT FROM e.platform_id) AS agrees
    FROM sealed s LEFT JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
    WHERE {where} ORDER BY s.position
"""
_ERASED: Final = text(
    "SELECT event_id, field, encode(commitment, 'hex') FROM erasures WHERE event_id = ANY(:events)"
)
_BETWEEN: Final = direct(_SEALED.format(where="s.position > :after AND s.position <= :until"))
_OF_ACTOR: Final = direct(
    _SEALED.format(where="e.actor = :actor AND s.position > :after") + " LIMIT :limit"
)
_OF_SUBJECT: Final = direct(_SEALED.format(where="s.subject_id = :subject_id"))
_SALTS: Final = text("SELECT owner, salt FROM salts WHERE owner = ANY(:owners)")

Json = dict[str, Any]
Hide = Callable[[str, object], object]


@dataclass(frozen=True)
class SealedEvent:
    """A sealed event with what its leaf depends on."""

    position: int
    sealed_at: datetime
    subject_id: UUID
    event_id: UUID
    previous: int
    """The position of the subject's event before it; 0 for its first."""
    event: Json | None
    """Its row; None if somebody took it out of the table."""
    agrees: bool
    """The copies kept with the position are the event's own."""
    erased: Mapping[str, str]
    """What the leaf has in place of what was erased."""
    facts: str | None
    """The rows that were written with it, as `facts` names them."""

    @cached_property
    def personal(self) -> dict[str, tuple[str, str]]:
        """What is personal: for each field whose secret covers it, and what it says."""
        if self.event is None:
            return {}
        subject = f"subject:{self.subject_id}"
        found = {field: (subject, said) for field, said in private(self.event["data"])}
        if self.event[ACTOR]:
            found[ACTOR] = f"actor:{self.event[ACTOR]}", self.event[ACTOR]
        return found


def sealed_events(session: Session, *, after: int, until: int) -> list[SealedEvent]:
    """Return the events of the positions after one and up to another, in order."""
    return _read(session, _BETWEEN, {"after": after, "until": until})


def of_subject(session: Session, subject_id: UUID) -> list[SealedEvent]:
    """Return the sealed events of one subject, in order."""
    return _read(session, _OF_SUBJECT, {"subject_id": subject_id})


def of_actor(session: Session, actor: str, *, after: int, limit: int) -> list[SealedEvent]:
    """Return the next sealed events that somebody did, after a position; it reads all events."""
    return _read(session, _OF_ACTOR, {"actor": actor, "after": after, "limit": limit})


def _read(
    session: Session, statement: Statement, values: Mapping[str, object]
) -> list[SealedEvent]:
    made: Callable[..., SealedEvent] = SealedEvent
    rows = run(session, statement, values).fetchall()
    named = {"events": [row.event_id for row in rows]}
    erased: dict[UUID, dict[str, str]] = {}
    for event_id, field, commitment_hex in session.connection().execute(_ERASED, named):
        erased.setdefault(event_id, {})[field] = commitment_hex
    known = [(row.position, row.subject_id, row.event) for row in rows if row.event]
    written = written_with(session, known)
    return [made(*row, erased.get(row.event_id, {}), written.get(row.position)) for row in rows]


def owners(events: Sequence[SealedEvent]) -> set[str]:
    """Return whose secrets the commitments of these events need."""
    return {owner for one in events for owner, _ in one.personal.values()}


def salts(session: Session, events: Sequence[SealedEvent]) -> dict[str, bytes]:
    """Return the secrets there are for the commitments of these events."""
    named = {"owners": sorted(owners(events))}
    return {owner: bytes(salt) for owner, salt in session.connection().execute(_SALTS, named)}


def private(data: object, path: str = "data") -> Iterator[tuple[str, str]]:
    """Yield where in the data of an event there is something personal, and what it says."""
    if isinstance(data, dict):
        for name, value in data.items():
            where = f"{path}.{name}"
            if name in PRIVATE:
                if value not in (None, "", [], {}):
                    yield where, _said(value)
            else:
                yield from private(value, where)
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from private(value, f"{path}.{number}")


def _said(value: object) -> str:
    return value if isinstance(value, str) else canonical(value).decode()


def field_salt(suite: Suite, secret: bytes, event_id: UUID, field: str) -> bytes:
    """Return the salt of one value, which tells nothing of the same person's other values."""
    return suite.hash(secret + suite.hash(secret + event_id.bytes + field.encode()))


def commitment(suite: Suite, salt: bytes, said: str) -> bytes:
    """Return what stands for a value in the leaf."""
    return suite.hash(salt + said.encode())


def commitments(
    suite: Suite, one: SealedEvent, secrets: Mapping[str, bytes]
) -> dict[str, str] | None:
    """Return the commitments of an event's personal values; None if a secret is missing."""
    found = dict(one.erased)
    for field, (owner, said) in one.personal.items():
        if owner not in secrets or field in found:
            return None
        salt = field_salt(suite, secrets[owner], one.event_id, field)
        found[field] = commitment(suite, salt, said).hex()
    return found


def leaf(suite: Suite, one: SealedEvent, secrets: Mapping[str, bytes]) -> Json | None:
    """Return the leaf of an event: every column that has a value, its place in the log, its facts.

    None where the event or a secret is gone, so that no leaf can be made of it.
    """
    if one.event is None or not one.agrees:
        return None
    hidden = commitments(suite, one, secrets)
    if hidden is None:
        return None
    made = {
        name: _instant(value) if name.endswith("_at") else value
        for name, value in one.event.items()
        if value is not None
    }
    if len(hidden) > (ACTOR in hidden):
        made["data"] = copy.deepcopy(made["data"])  # what was read stays as it was read
    if one.facts is not None:
        made["facts"] = suite.hash(one.facts.encode()).hex()
    made["previous"] = one.previous
    made["sealed_at"] = one.sealed_at.astimezone(UTC).isoformat()
    try:
        for field, digest in hidden.items():
            put(made, field, {"commitment": digest})
    except (LookupError, TypeError, ValueError):  # something erased where nothing can have been
        return None
    return made


def leaf_digest(suite: Suite, one: SealedEvent, secrets: Mapping[str, bytes]) -> bytes | None:
    """Return the hash of an event's leaf; None where there can be no leaf."""
    made = leaf(suite, one, secrets)
    try:
        return None if made is None else leaf_hash(suite, canonical(made))
    except NotCanonicalError:
        return None


def _instant(value: str) -> str:
    return datetime.fromisoformat(value).astimezone(UTC).isoformat()


def put(event: Json, field: str, value: object) -> None:
    """Set what an event has at a field such as ``data.email``."""
    *path, last = field.split(".")
    holder: Any = event
    for part in path:
        holder = holder[int(part) if isinstance(holder, list) else part]
    holder[int(last) if isinstance(holder, list) else last] = value
