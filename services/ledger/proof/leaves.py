"""What the tree holds of an event: all its columns, with commitments for what is personal.

A commitment is HASH(salt || value). The salt comes from a secret of the person or subject; when
that secret and the values are erased, nobody can guess the value from the leaf any more, and
the leaf stays as it is.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.proof.canonical import NotCanonicalError, canonical
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
    }
)
"""Names under which the data of an event, at any depth, hold what a person could ask to erase.

Like the contract of events this only grows, and a name is here before the first event that has it:
what was in a leaf in the clear stays so.
"""
ACTOR: Final = "actor"

_SEALED: Final = """
    SELECT s.position, s.sealed_at, s.subject_id, s.event_id,
      coalesce((SELECT max(p.position) FROM sealed p
        WHERE p.subject_id = s.subject_id AND p.position < s.position), 0) AS previous,
      (SELECT json_object_agg(x.field, encode(x.commitment, 'hex')) FROM erasures x
        WHERE x.event_id = s.event_id) AS erased,
      to_jsonb(e) AS event,
      s.debtor_id IS NOT DISTINCT FROM e.debtor_id
        AND s.creditor_id IS NOT DISTINCT FROM e.creditor_id AS agrees
    FROM sealed s LEFT JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
    WHERE {where} ORDER BY s.position
"""
_BETWEEN: Final = text(_SEALED.format(where="s.position > :after AND s.position <= :until"))
_OF_ACTOR: Final = text(
    _SEALED.format(where="e.actor = :actor AND s.position > :after") + " LIMIT :limit"
)
_OF_SUBJECT: Final = text(_SEALED.format(where="s.subject_id = :subject_id"))
_SALTS: Final = text("SELECT owner, salt FROM salts WHERE owner = ANY(:owners)")

Json = dict[str, Any]
Hide = Callable[[str, object], object]


class SealedEvent(NamedTuple):
    """A sealed event with what its leaf depends on."""

    position: int
    sealed_at: datetime
    subject_id: UUID
    event_id: UUID
    previous: int
    """The position of the subject's event before it; 0 for its first."""
    erased: Mapping[str, str] | None
    event: Json | None
    """Its row; None if somebody took it out of the table."""
    agrees: bool
    """The copies kept with the position are the event's own."""

    def owners(self) -> set[str]:
        """Return whose secrets its commitments need."""
        assert self.event is not None
        found = {f"actor:{self.event[ACTOR]}"} if self.event[ACTOR] else set()
        if any(True for _ in private(self.event["data"])):
            found.add(f"subject:{self.subject_id}")
        return found


def sealed_events(session: Session, *, after: int, until: int) -> list[SealedEvent]:
    """Return the events of the positions after one and up to another, in order."""
    rows = session.connection().execute(_BETWEEN, {"after": after, "until": until})
    return [SealedEvent(*row) for row in rows]


def of_subject(session: Session, subject_id: UUID) -> list[SealedEvent]:
    """Return the sealed events of one subject, in order."""
    rows = session.connection().execute(_OF_SUBJECT, {"subject_id": subject_id})
    return [SealedEvent(*row) for row in rows]


def of_actor(session: Session, actor: str, *, after: int, limit: int) -> list[SealedEvent]:
    """Return the next sealed events that somebody did, after a position; it reads all events."""
    values = {"actor": actor, "after": after, "limit": limit}
    return [SealedEvent(*row) for row in session.connection().execute(_OF_ACTOR, values)]


def salts(session: Session, events: Sequence[SealedEvent]) -> dict[str, bytes]:
    """Return the secrets there are for the commitments of these events."""
    owners = set().union(*(one.owners() for one in events if one.event is not None))
    rows = session.connection().execute(_SALTS, {"owners": sorted(owners)})
    return {owner: bytes(salt) for owner, salt in rows}


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


def personal(one: SealedEvent) -> dict[str, tuple[str, str]]:
    """Return what is personal in an event: for each field whose secret covers it, and its value."""
    assert one.event is not None
    subject = f"subject:{one.subject_id}"
    found = {field: (subject, said) for field, said in private(one.event["data"])}
    if one.event[ACTOR]:
        found[ACTOR] = f"actor:{one.event[ACTOR]}", one.event[ACTOR]
    return found


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
    found = dict(one.erased or {})
    for field, (owner, said) in personal(one).items():
        if owner not in secrets or field in found:
            return None
        salt = field_salt(suite, secrets[owner], one.event_id, field)
        found[field] = commitment(suite, salt, said).hex()
    return found


def leaf(suite: Suite, one: SealedEvent, secrets: Mapping[str, bytes]) -> Json | None:
    """Return the leaf of an event: every column that has a value, with its place in the log.

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
