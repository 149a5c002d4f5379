"""Tell of the authority's time limits that are about to lapse, and of those that have: once each.

Nobody but the complainant and the authorities is told; the debtor may not know yet.
"""

from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.arrears.complaints_queries import SOON_DAYS, TIMED, timing

_TELL: Final = text(
    f"""
    WITH {TIMED}, ending AS (
      SELECT t.*, t.timer_due_on < :as_of AS late FROM timed t
      WHERE t.timer_due_on <= :as_of + CAST(:soon AS integer)
    ), appended AS (
      INSERT INTO events (subject_id, id, type, actor, creditor_id, data, request_id, occurred_at)
      SELECT e.id, md5('complaint.timer:' || e.id || e.timer || e.timer_due_on || e.late)::uuid,
        'complaint.timer', 'assessment', e.creditor_id,
        jsonb_build_object('invoice_number', e.invoice_number, 'currency', e.currency,
          'receivable_id', e.receivable_id, 'timer', e.timer, 'timer_due_on', e.timer_due_on,
          'late', e.late), :request_id, :at
      FROM ending e ON CONFLICT DO NOTHING RETURNING subject_id, id
    ), queued AS (
      INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended
    )
    SELECT count(*) FROM appended
    """
)


def tell(session: Session, *, as_of: date, at: datetime, request_id: str = "") -> int:
    """Append an event for each time limit that ends soon or has lapsed, and return how many.

    A limit is told of when it is `SOON_DAYS` from its end and when it has passed; again only if an
    extension or another calendar moved its end.
    """
    values = {
        **timing(session, as_of=as_of, known_at=at),
        "soon": SOON_DAYS,
        "at": at,
        "request_id": request_id,
    }
    return int(session.connection().execute(_TELL, values).scalar_one())
