"""Announce what became overdue, and what will be due soon: once each, in one statement a kind.

The announcement is an event, never a status: whether a receivable is overdue on a day is asked of
the facts (`queries`). What is looked at is what fell due since the last assessment and what was
told to the ledger since, so the work grows with what is new and not with the book.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from services.events import REVIEW_FLAG, REVIEW_NOTE
from services.ledger.arrears import complaint_timers

DUE_SOON_DAYS: Final = 7
_LOOK_BACK: Final = timedelta(hours=1)
"""An event is stamped when its transaction begins; one that ran long is still looked at."""

_MONEY: Final = "to_char(({fen})::numeric / 100, 'FM9999999999990.00')"
_UNDISPUTED: Final = "b.receivable_fen + b.reserved_fen + b.assigned_fen"
_CANDIDATES: Final = f"""
    candidates AS MATERIALIZED (
      SELECT b.* FROM balances b
      WHERE b.due_on >= :from_on AND b.due_on < :until_on AND {_UNDISPUTED} > 0
      UNION
      SELECT b.* FROM balances b
      WHERE b.due_on >= :oldest_on AND b.due_on < :from_on AND {_UNDISPUTED} > 0
        AND b.receivable_id IN (SELECT e.subject_id FROM events e WHERE e.recorded_at >= :touched)
    )"""
_APPEND: Final = """
    , appended AS (
      INSERT INTO events (subject_id, id, type, actor, debtor_id, creditor_id, data, request_id,
        occurred_at)
      SELECT subject_id, id, type, 'assessment', debtor_id, creditor_id, data, :request_id, :at
      FROM found ON CONFLICT DO NOTHING RETURNING subject_id, id
    ), queued AS (
      INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended
    )
    SELECT count(*) FROM appended"""

_OVERDUE: Final = text(
    f"""
    WITH {_CANDIDATES}, basis AS (
      SELECT c.id, c.applies, (SELECT jsonb_agg(t ->> 'rule') FROM jsonb_array_elements(c.trace) t)
        AS rules, (SELECT string_agg(DISTINCT t ->> 'article', '；')
          FROM jsonb_array_elements(c.trace) t) AS article
      FROM contracts c WHERE c.id IN (SELECT r.contract_id FROM candidates b
        JOIN receivables r ON r.id = b.receivable_id)
    ), found AS (
      SELECT r.id AS subject_id, md5('overdue:' || r.id || b.due_on)::uuid AS id,
        'receivable.overdue' AS type, r.debtor_id, r.creditor_id,
        jsonb_build_object('invoice_number', r.invoice_number, 'currency', r.currency,
          'due_on', b.due_on, 'days_overdue', CAST(:as_of AS date) - b.due_on,
          'undisputed', {_MONEY.format(fen=_UNDISPUTED)},
          'disputed', {_MONEY.format(fen="b.disputed_fen")},
          'article', c.article, 'rule_ids', c.rules, 'note', CAST(:note AS varchar),
          'flag', CASE c.applies WHEN 'true' THEN CAST(:flag AS varchar) ELSE '' END) AS data
      FROM candidates b JOIN receivables r ON r.id = b.receivable_id
      JOIN basis c ON c.id = r.contract_id
    ){_APPEND}
    """
)
_DUE_SOON: Final = text(
    f"""
    WITH {_CANDIDATES}, found AS (
      SELECT r.id AS subject_id, md5('due_soon:' || r.id || b.due_on)::uuid AS id,
        'receivable.due_soon' AS type, r.debtor_id, r.creditor_id,
        jsonb_build_object('invoice_number', r.invoice_number, 'currency', r.currency,
          'due_on', b.due_on, 'open', {_MONEY.format(fen=_UNDISPUTED)}) AS data
      FROM candidates b JOIN receivables r ON r.id = b.receivable_id
    ){_APPEND}
    """
)
_LAST: Final = text("SELECT as_of, assessed_at FROM assessments ORDER BY as_of DESC LIMIT 1")
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('arrears.assess'))")
_DONE: Final = text(
    """
    INSERT INTO assessments (as_of, assessed_at, newly_overdue, newly_due_soon)
    VALUES (:as_of, :at, :overdue, :due_soon)
    ON CONFLICT (as_of) DO UPDATE SET assessed_at = excluded.assessed_at,
      newly_overdue = assessments.newly_overdue + excluded.newly_overdue,
      newly_due_soon = assessments.newly_due_soon + excluded.newly_due_soon
    """
)


@dataclass(frozen=True, slots=True)
class Assessed:
    """What an assessment announced for the first time."""

    as_of: date
    newly_overdue: int
    newly_due_soon: int


def last_assessed(session: Session) -> date | None:
    """Return the latest day that was assessed."""
    row = session.connection().execute(_LAST).one_or_none()
    return row.as_of if row else None


def assess(session: Session, *, as_of: date, at: datetime, request_id: str = "") -> Assessed:
    """Announce what is overdue at the start of a day, and what is due within a week of it.

    With them the time limits of complaints that are about to lapse or have.

    Overdue is what was due before the day and has an undisputed balance; for what the Regulation
    covers the announcement is flagged 待拖欠审核 and carries the articles. A repeated or late run
    announces nothing twice: the id of an announcement is derived from the receivable and its due
    day.

    Args:
        as_of: today or the day being caught up on; the balances of now are judged.
        at: the instant of the assessment.
    """
    connection = session.connection()
    connection.execute(_ONE_AT_A_TIME)
    last = connection.execute(_LAST).one_or_none()
    before = min(last.as_of, as_of) if last else date.min
    touched = last.assessed_at - _LOOK_BACK if last else at
    values = {"as_of": as_of, "touched": touched, "at": at, "request_id": request_id}
    overdue = connection.execute(
        _OVERDUE,
        {
            **values,
            "oldest_on": date.min,
            "from_on": before,
            "until_on": as_of,
            "note": REVIEW_NOTE,
            "flag": REVIEW_FLAG,
        },
    ).scalar_one()
    soon = timedelta(days=DUE_SOON_DAYS)
    seen_until = before + soon if last else as_of
    due_soon = connection.execute(
        _DUE_SOON,
        {
            **values,
            "oldest_on": as_of,
            "from_on": max(as_of, seen_until),
            "until_on": as_of + soon,
        },
    ).scalar_one()
    complaint_timers.tell(session, as_of=as_of, at=at, request_id=request_id)
    done = {"as_of": as_of, "at": at, "overdue": overdue, "due_soon": due_soon}
    connection.execute(_DONE, done)
    return Assessed(as_of, overdue, due_soon)
