"""Complaints with their states and timers on a day: one statement over all of them."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.almanac.service import edition
from services.ledger.arrears.case_facts import COMPLAINT_SEEN
from services.ledger.arrears.complaint_states import CREDITOR, STATE_SQL, STAYS, STEPS
from services.ledger.log.visible import names_actor

SOON_DAYS: Final = 3
"""A timer that ends within these days is about to lapse; a choice, not law."""
_ROLLS: Final = "administrative_periods"
_STAYS: Final = ", ".join(f"'{kind}'" for kind in STAYS)


def _limit(name: str, day: str) -> str:
    return (
        f"(SELECT w.value FROM dated w WHERE w.name = '{name}' AND w.valid_from <= {day}"
        " ORDER BY w.valid_from DESC LIMIT 1)"
    )


def _working(name: str, day: str) -> str:
    """Return the day on which a number of working days after a day is full; 201: not counted."""
    return (
        f"(SELECT k.day FROM calendar k WHERE k.day > {day} AND NOT k.rest AND"
        f" {_limit(name, day)} IS NOT NULL ORDER BY k.day OFFSET {_limit(name, day)} - 1 LIMIT 1)"
    )


def _days(name: str, day: str) -> str:
    """Return the last of a number of days, moved to a working day where that reading is chosen."""
    last = f"{day} + {_limit(name, day)}"
    rolls = f"coalesce({_limit(_ROLLS, 'm.signed_on')}, 1) = 1"
    return (
        f"CASE WHEN {rolls} THEN coalesce((SELECT k.next_workday FROM calendar k"
        f" WHERE k.day = {last}), {last}) ELSE {last} END"
    )


TIMED: Final = f"""
    dated AS (
      SELECT * FROM json_to_recordset(CAST(:dated AS json))
        AS d(name varchar, valid_from date, value integer)
    ), moved AS (
      SELECT c.receivable_id, c.id, c.debtor_id, c.creditor_id, c.amount_fen, c.text,
        c."on" AS filed_on, t.signed_on, r.invoice_code || r.invoice_number AS invoice_number,
        r.currency, coalesce(max(s.place), 0) AS steps,
        (array_agg(s.kind ORDER BY s.place DESC) FILTER (WHERE s.kind NOT IN ({_STAYS})))[1]
          AS last,
        coalesce(max(s."on"), c."on") AS moved_on,
        coalesce(max(s."on") FILTER (WHERE s.kind = 'SUPPLEMENTED'), c."on") AS submitted_on,
        max(s."on") FILTER (WHERE s.kind = 'ACCEPTED') AS accepted_on,
        max(s."on") FILTER (WHERE s.kind = 'RECEIVED') AS received_on,
        max(s.extended_to) AS extended_to,
        coalesce(bool_or(s.kind = 'RESPONDENT_ASKED'), false) AS disclosed
      FROM complaints c JOIN receivables r ON r.id = c.receivable_id
      JOIN contracts t ON t.id = r.contract_id
      LEFT JOIN complaint_steps s ON s.receivable_id = c.receivable_id AND s.complaint_id = c.id
        AND s."on" <= :as_of AND s.known_at <= :known_at
      WHERE c."on" <= :as_of AND c.known_at <= :known_at
      GROUP BY c.receivable_id, c.id, t.id, r.id
    ), running AS (
      SELECT m.*, {STATE_SQL.format(last="m.last")} AS state,
        {_days("result_max_days", "m.received_on")} AS result_max_on
      FROM moved m
    ), timed AS (
      SELECT m.*, CASE m.state WHEN 'FILED' THEN 'REVIEW' WHEN 'ACCEPTED' THEN 'TRANSFER'
          WHEN 'HANDLING' THEN 'RESULT' END AS timer,
        CASE m.state
          WHEN 'FILED' THEN {_working("review_working_days", "m.submitted_on")}
          WHEN 'ACCEPTED' THEN {_working("transfer_working_days", "m.accepted_on")}
          WHEN 'HANDLING' THEN greatest(m.extended_to, {_days("result_days", "m.received_on")})
        END AS timer_due_on
      FROM running m
    )"""
"""Clauses of a WITH that end in ``timed``: every complaint, its state on a day, and the one timer
that then runs. Binds what `timing` returns."""

_SEEN: Final = COMPLAINT_SEEN
_LIST: Final = text(
    f"""
    WITH {TIMED}
    SELECT c.*, d.name AS debtor_name, k.name AS creditor_name,
      c.timer_due_on - CAST(:as_of AS date) AS days_left
    FROM timed c JOIN parties d ON d.id = c.debtor_id JOIN parties k ON k.id = c.creditor_id
    WHERE {_SEEN} AND (CAST(:one AS uuid) IS NULL OR c.id = :one)
      AND (CAST(:receivable AS uuid) IS NULL OR c.receivable_id = :receivable)
      AND (CAST(:state AS varchar) IS NULL OR c.state = :state)
      AND (CAST(:within AS integer) IS NULL OR c.timer_due_on <= :as_of + :within)
      AND (coalesce(c.timer_due_on, DATE '9999-12-31'), c.filed_on, c.id)
        > (CAST(:after_due_on AS date), CAST(:after_on AS date), CAST(:after_id AS uuid))
    ORDER BY coalesce(c.timer_due_on, DATE '9999-12-31'), c.filed_on, c.id LIMIT :limit
    """
)
_STEPS: Final = text(
    """
    SELECT s.id, s.place, s.kind, s."on", s.reason, s.text, s.extended_to, s.actor, s.known_at,
      c.creditor_id
    FROM complaint_steps s JOIN complaints c ON c.receivable_id = s.receivable_id
      AND c.id = s.complaint_id
    WHERE s.receivable_id = :receivable_id AND s.complaint_id = :complaint_id ORDER BY s.place
    """
)


class Wanted(NamedTuple):
    """Which complaints; what is None narrows nothing."""

    one: UUID | None = None
    receivable: UUID | None = None
    state: str | None = None
    within: int | None = None
    """Only those whose timer ends within these days, or has ended."""
    after: tuple[date, date, UUID] = (date.min, date.min, UUID(int=0))
    """The timer's end (`date.max` for none), the day of filing and the id of the last one seen."""


def timing(session: Session, *, as_of: date, known_at: datetime) -> dict[str, Any]:
    """Return the bind parameters of `TIMED`: the day, and the limits and readings by date."""
    now_known = edition(session, known_at=known_at)
    rows = [
        {"name": row.name, "valid_from": row.valid_from.isoformat(), "value": row.value}
        for row in now_known.almanac.limits.rows
    ]
    rows += [
        {
            "name": _ROLLS,
            "valid_from": reading.valid_from.isoformat(),
            "value": int(reading.choice == "ROLL"),
        }
        for reading in now_known.readings
        if reading.setting == _ROLLS
    ]
    return {"as_of": as_of, "known_at": known_at, "dated": json.dumps(rows)}


def complaints(
    session: Session,
    viewer: Viewer,
    wanted: Wanted,
    *,
    as_of: date,
    known_at: datetime,
    limit: int = 100,
) -> Sequence[RowMapping]:
    """Return the complaints a viewer may know of as they stood on a day, the most urgent first."""
    if not viewer.may("complaints.read"):
        return []
    values = {
        **timing(session, as_of=as_of, known_at=known_at),
        **viewer.parameters(),
        **{name: getattr(wanted, name) for name in ("one", "receivable", "state", "within")},
        "after_due_on": wanted.after[0],
        "after_on": wanted.after[1],
        "after_id": wanted.after[2],
        "limit": limit,
    }
    return session.connection().execute(_LIST, values).mappings().all()


def place(row: RowMapping) -> tuple[date, date, UUID]:
    """Return where a complaint stands in the list, to ask for those after it."""
    return row["timer_due_on"] or date.max, row["filed_on"], row["id"]


def steps(
    session: Session, viewer: Viewer, receivable_id: UUID, complaint_id: UUID
) -> list[dict[str, Any]]:
    """Return what was done about a complaint, in order; the caller may know of it."""
    values = {"receivable_id": receivable_id, "complaint_id": complaint_id}
    taken = []
    for row in session.connection().execute(_STEPS, values).mappings():
        step = dict(row)
        creditor_id = step.pop("creditor_id")
        by = creditor_id if STEPS[step["kind"]].by == CREDITOR else None
        taken.append({**step, "actor": step["actor"] if names_actor(viewer, by) else ""})
    return taken
