"""Reads of proposals: a party sees its own, operators the installation's; nobody else any."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.errors import NotFoundError
from services.ledger.policy import Whose

COLUMNS: Final = """
    p.id, p.party_id, p.role, p.command, p.subject_id, p.amount_fen, p.currency, p.facts, p.digest,
    p.approvers, p.proposed_by, p.proposed_key, p.proposer, p.people, p.identities, p.proposed_at,
    p.expires_at, p.closed_at,
    CASE WHEN p.state = 'WAITING' AND p.expires_at <= now() THEN 'EXPIRED' ELSE p.state END
      AS state"""
_MINE: Final = "(CAST(:may AS boolean) AND p.party_id IS NOT DISTINCT FROM CAST(:viewer AS uuid))"
_ONE: Final = f"SELECT {COLUMNS} FROM approval_proposals p WHERE p.id = :id AND {_MINE}"
_FIND: Final = text(_ONE)
_LOCKED: Final = text(_ONE + " FOR UPDATE")
_PAGE: Final = text(
    f"""
    SELECT * FROM (
      SELECT {COLUMNS} FROM approval_proposals p WHERE {_MINE}
        AND (p.proposed_at, p.id) > (:after_at, :after_id)
        AND (CAST(:command AS varchar) IS NULL OR p.command = :command)
        AND (CAST(:subject AS uuid) IS NULL OR p.subject_id = CAST(:subject AS uuid))
    ) p WHERE CAST(:state AS varchar) IS NULL OR p.state = :state
    ORDER BY p.proposed_at, p.id LIMIT :limit
    """
)
_LATEST: Final = text(
    f"""
    SELECT {COLUMNS} FROM approval_proposals p WHERE {_MINE} AND p.closed_at IS NOT NULL
    ORDER BY p.proposed_at DESC, p.id DESC LIMIT :limit
    """
)
_ALL: Final = text(
    f"""
    SELECT * FROM (SELECT {COLUMNS} FROM approval_proposals p) p
    WHERE CAST(:state AS varchar) IS NULL OR p.state = :state
    ORDER BY p.proposed_at DESC, p.id DESC LIMIT :limit
    """
)
_VOTES: Final = text(
    """
    SELECT proposal_id, user_id, seat_id, name, approves, reason, identities, voted_at
    FROM approval_votes WHERE proposal_id = ANY(:ids) ORDER BY voted_at, user_id
    """
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it is now; its arguments stay sealed."""

    id: UUID
    party_id: UUID | None
    role: str
    command: str
    subject_id: UUID
    amount_fen: int | None
    currency: str
    facts: dict[str, str]
    digest: bytes
    approvers: int
    proposed_by: UUID | None
    proposed_key: bytes | None
    proposer: str
    people: list[UUID]
    identities: list[str]
    proposed_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    state: str
    """``EXPIRED`` from the instant on, whether or not that was noted yet."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's word on a proposal."""

    proposal_id: UUID
    user_id: UUID
    seat_id: UUID
    name: str
    approves: bool
    reason: str
    identities: list[str]
    voted_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; None narrows nothing."""

    state: str | None = None
    command: str | None = None
    subject: UUID | None = None


def of_row(row: dict[str, Any]) -> Proposal:
    """Return a proposal from a row of `COLUMNS`."""
    return Proposal(**{**row, "digest": bytes(row["digest"])})


def _whose(viewer: Viewer) -> dict[str, object]:
    may = viewer.may("approvals.read", Whose(party_id=viewer.party_id))
    return {"viewer": viewer.party_id, "may": may}


def find(
    session: Session, viewer: Viewer, proposal_id: UUID, *, lock: bool = False
) -> Proposal | None:
    """Return a proposal the viewer may see, held if asked; None: there is none."""
    values = {"id": proposal_id, **_whose(viewer)}
    statement = _LOCKED if lock else _FIND
    row = session.connection().execute(statement, values).mappings().one_or_none()
    return None if row is None else of_row(dict(row))


def get(session: Session, viewer: Viewer, proposal_id: UUID, *, lock: bool = False) -> Proposal:
    """Return a proposal the viewer may see, held if asked.

    Raises:
        NotFoundError: there is none, or it is another party's.
    """
    found = find(session, viewer, proposal_id, lock=lock)
    if found is None:
        raise NotFoundError("There is no such proposal.", "没有该申请。")
    return found


def page(
    session: Session,
    viewer: Viewer,
    wanted: Wanted,
    *,
    after: tuple[datetime, UUID],
    limit: int,
) -> list[Proposal]:
    """Return the proposals of the viewer's party behind one, the oldest first."""
    values = {
        **_whose(viewer),
        "after_at": after[0],
        "after_id": after[1],
        "state": wanted.state,
        "command": wanted.command,
        "subject": wanted.subject,
        "limit": limit,
    }
    rows = session.connection().execute(_PAGE, values).mappings()
    return [of_row(dict(row)) for row in rows]


def latest_closed(session: Session, viewer: Viewer, *, limit: int) -> list[Proposal]:
    """Return what was decided, taken back or expired, the latest proposed first."""
    rows = session.connection().execute(_LATEST, {**_whose(viewer), "limit": limit}).mappings()
    return [of_row(dict(row)) for row in rows]


def everyones(session: Session, *, state: str | None, limit: int) -> list[Proposal]:
    """Return the proposals of all parties, for the machine's own commands; the latest first."""
    rows = session.connection().execute(_ALL, {"state": state, "limit": limit}).mappings()
    return [of_row(dict(row)) for row in rows]


def votes(session: Session, ids: list[UUID]) -> dict[UUID, list[Vote]]:
    """Return the votes on proposals that the caller has shown to be visible, in their order."""
    found: dict[UUID, list[Vote]] = {one: [] for one in ids}
    for row in session.connection().execute(_VOTES, {"ids": ids}).mappings():
        found[row["proposal_id"]].append(Vote(**row))
    return found


def instant(session: Session) -> datetime:
    """Return when this transaction began, by the database."""
    at = session.connection().execute(text("SELECT now()")).scalar_one()
    assert isinstance(at, datetime)
    return at
