"""Writes of the event log: append in the command's own transaction, seal in one order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import Data
from services.ledger.ids import new_id


@dataclass(frozen=True, slots=True)
class Entry:
    """One event about to be appended: what happened to which subject, by whom."""

    subject_id: UUID
    data: Data
    actor: str
    actor_party_id: UUID | None = None
    debtor_id: UUID | None = None
    creditor_id: UUID | None = None
    platform_id: UUID | None = None
    id: UUID = field(default_factory=new_id)


APPEND: Final = """
    entries AS (
      SELECT * FROM json_to_recordset(CAST(:entries AS json)) AS e(
        subject_id uuid, id uuid, type varchar, actor varchar, actor_party_id uuid,
        debtor_id uuid, creditor_id uuid, platform_id uuid, data jsonb)
    ), appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id,
        platform_id, data, request_id, occurred_at)
      SELECT subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id, platform_id,
        data, :request_id, now()
      FROM entries ON CONFLICT DO NOTHING RETURNING subject_id, id
    ), queued AS (
      INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended
    )"""
"""Two clauses of a WITH that append events; a command's own rows go in the same statement."""

_APPEND_ONLY: Final = text(f"WITH {APPEND} SELECT count(*) FROM appended")

_SEAL: Final = text(
    """
    WITH batch AS (
      DELETE FROM unsealed WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM unsealed ORDER BY recorded_at, event_id LIMIT :limit))
      RETURNING recorded_at, event_id, subject_id
    )
    INSERT INTO sealed (position, subject_id, event_id, debtor_id, creditor_id, platform_id,
      sealed_at)
    SELECT (SELECT coalesce(max(position), 0) FROM sealed)
             + row_number() OVER (ORDER BY b.recorded_at, b.event_id),
           b.subject_id, b.event_id, e.debtor_id, e.creditor_id, e.platform_id, now()
    FROM batch b JOIN events e ON e.subject_id = b.subject_id AND e.id = b.event_id
    """
)


def parameters(entries: Sequence[Entry], request_id: str = "") -> dict[str, Any]:
    """Return the bind parameters of `APPEND`."""
    rows = [
        {
            "subject_id": str(entry.subject_id),
            "id": str(entry.id),
            "type": entry.data.type,
            "actor": entry.actor,
            "actor_party_id": str(entry.actor_party_id) if entry.actor_party_id else None,
            "debtor_id": str(entry.debtor_id) if entry.debtor_id else None,
            "creditor_id": str(entry.creditor_id) if entry.creditor_id else None,
            "platform_id": str(entry.platform_id) if entry.platform_id else None,
            "data": entry.data.model_dump(mode="json"),
        }
        for entry in entries
    ]
    return {"entries": json.dumps(rows, ensure_ascii=False), "request_id": request_id}


def append(session: Session, entries: Sequence[Entry], request_id: str = "") -> int:
    """Append events and return how many were new; an id that is there already is not repeated."""
    connection = session.connection()
    return int(connection.execute(_APPEND_ONLY, parameters(entries, request_id)).scalar_one())


def seal(session: Session, *, limit: int = 20_000) -> int:
    """Give the oldest unsealed events the next positions, without a gap, and return how many.

    The oldest by the start of the transaction that appended them, then by id; what commits late
    is weighed with those that wait then. One sealer at a time: the others return 0 and lose
    nothing.
    """
    connection = session.connection()
    lock = text("SELECT pg_try_advisory_xact_lock(hashtext('log.seal'))")
    if not connection.execute(lock).scalar_one():
        return 0
    return connection.execute(_SEAL, {"limit": limit}).rowcount
