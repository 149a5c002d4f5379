"""What if: the law over the live book beside the same book under other rules, in one statement.

Nothing is written; the transaction is read-only from here on. Changing nothing gives the live
figures twice, to the fen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import RECEIVABLE_VISIBLE, Viewer
from services.ledger.almanac.service import edition, imagined
from services.ledger.almanac.table import FIRST, LAST
from services.ledger.errors import LedgerError
from services.ledger.insight.simulation_rules import READINGS, Rules, kinds
from services.ledger.law.due import roll
from services.ledger.law.open_points import OPEN_POINTS
from services.ledger.law.settings import RECOMMENDED
from services.ledger.receivables.accrual import (
    RESOURCES,
    Plan,
    Question,
    clauses,
    parameters,
)
from services.ledger.receivables.queries import not_found

_FIRST: Final = UUID(int=0)


class ReadingError(LedgerError):
    """A reading that is not one, or that no figure of the book depends on."""

    code = "READING_UNKNOWN"


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be otherwise; nothing by default."""

    as_of: date | None = None
    """Another day than that of the live figures."""
    rules: Rules = field(default_factory=Rules)
    payments: Sequence[Plan] = ()
    paid_within_days: int | None = None
    """Every receivable is paid in full so many days after its term started."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows asked for: those after one, the first so many, only those that change."""

    after: UUID = _FIRST
    limit: int = 50
    only_changed: bool = False


_BOTH: Final = """
    beside AS MATERIALIZED (
      SELECT id, l.currency, l.start_on, l.due_on, l.days_overdue, l.undisputed_fen,
        l.overdue_fen, coalesce(l.interest_fen, 0) AS interest_fen,
        s.start_on AS s_start_on, s.due_on AS s_due_on, s.days_overdue AS s_days_overdue,
        s.undisputed_fen AS s_undisputed_fen, s.overdue_fen AS s_overdue_fen,
        coalesce(s.interest_fen, 0) AS s_interest_fen
      FROM live_figures l JOIN sim_figures s USING (id)
    )"""
_CHANGED: Final = (
    "(start_on, due_on, days_overdue, undisputed_fen, interest_fen) IS DISTINCT FROM"
    " (s_start_on, s_due_on, s_days_overdue, s_undisputed_fen, s_interest_fen)"
)


def _sums(prefix: str) -> str:
    return f"""
        'overdue', count(*) FILTER (WHERE {prefix}overdue_fen > 0),
        'undisputed_fen', sum({prefix}undisputed_fen)::varchar,
        'overdue_fen', sum({prefix}overdue_fen)::varchar,
        'interest_fen', sum({prefix}interest_fen)::varchar"""


_ANSWER: Final = f"""
    SELECT (SELECT json_agg(t ORDER BY t.currency) FROM (
        SELECT currency, count(*) AS receivables, count(*) FILTER (WHERE {_CHANGED}) AS changed,
          json_build_object({_sums("")}) AS live, json_build_object({_sums("s_")}) AS simulated
        FROM beside GROUP BY currency) t) AS totals,
      (SELECT json_agg(p ORDER BY p.id) FROM (
        SELECT b.*, r.invoice_code || r.invoice_number AS invoice_number,
          d.name AS debtor_name, k.name AS creditor_name
        FROM (SELECT * FROM beside WHERE id > :after AND (NOT :only_changed OR {_CHANGED})
          ORDER BY id LIMIT :limit) b
        JOIN receivables r ON r.id = b.id
        JOIN parties d ON d.id = r.debtor_id JOIN parties k ON k.id = r.creditor_id) p) AS rows"""
_SEEN: Final = text(
    f"SELECT count(*) FROM receivables r WHERE r.id = ANY(:ids) AND {RECEIVABLE_VISIBLE}"
)


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was found; amounts in fen."""

    totals: list[dict[str, Any]]
    """For each currency: receivables, how many change, and the sums live and simulated."""
    rows: list[dict[str, Any]]
    """Receivables in the order of their ids; what is simulated has ``s_`` before its name."""


def simulate(
    session: Session,
    viewer: Viewer,
    change: Change,
    part: Part,
    *,
    as_of: date,
    known_at: datetime,
) -> Simulated:
    """Put the book as of a day, as known at an instant, beside what a change would make of it.

    Raises:
        ReadingError: a reading that is not known, or that has no say in these figures.
        NotFoundError: a payment to a receivable that the viewer may not see.
        LprMissingError, LimitMissingError: a value that is needed is not in the almanac.
    """
    connection = session.connection()
    connection.execute(text("SET TRANSACTION READ ONLY"))
    connection.execute(text("SET LOCAL statement_timeout = '5min'"))
    connection.execute(text(RESOURCES))
    _check(session, viewer, change)
    live, simulated = _questions(session, viewer, change, as_of=as_of, known_at=known_at)
    statement = (
        f"WITH {clauses(live, prefix='live_')},"
        f" {clauses(simulated, prefix='sim_')}, {_BOTH} {_ANSWER}"
    )
    values = {
        **parameters(live, prefix="live_"),
        **parameters(simulated, prefix="sim_"),
        **viewer.parameters(),
        "opened_by": as_of,
        "known_at": known_at,
        "after": part.after,
        "limit": part.limit,
        "only_changed": part.only_changed,
    }
    found = connection.execute(text(statement), values).one()
    return Simulated(found.totals or [], found.rows or [])


def _check(session: Session, viewer: Viewer, change: Change) -> None:
    options = {point.setting: point.options for point in OPEN_POINTS if point.setting in READINGS}
    for setting, choice in change.rules.readings.items():
        if choice not in options.get(setting, ()):
            known = "; ".join(f"{name}: {', '.join(options[name])}" for name in sorted(options))
            raise ReadingError(
                f"{setting[:40]}={choice[:40]} is no reading that can be simulated; these can:"
                f" {known}.",
                f"不能模拟理解 {setting[:40]}={choice[:40]}；可模拟：{known}。",
                field="readings",
            )
    ids = {payment.receivable_id for payment in change.payments}
    asked = {"ids": list(ids), **viewer.parameters()}
    if ids and session.connection().execute(_SEEN, asked).scalar_one() != len(ids):
        raise not_found()


def _questions(
    session: Session, viewer: Viewer, change: Change, *, as_of: date, known_at: datetime
) -> tuple[Question, Question]:
    found = kinds(session, viewer, change.rules, known_at=known_at)
    live = Question(terms=found.live, as_of=as_of)
    chosen = RECOMMENDED._replace(**change.rules.readings)
    entries = change.rules.entries
    days = None
    if chosen.rest_days != RECOMMENDED.rest_days or any(
        entry.kind in {"rest", "work"} for entry in entries
    ):
        now = edition(session, known_at=known_at)
        if entries:
            now = imagined(session, entries, known_at=known_at, version=None)
        calendar = now.almanac.calendar
        days = [(row.day, roll(row.day, calendar, chosen).on) for row in calendar.rows(FIRST, LAST)]
    simulated = replace(
        live,
        terms=found.changed,
        as_of=change.as_of or as_of,
        days=days,
        plan=change.payments,
        paid_within_days=change.paid_within_days,
        from_invoice=chosen.invoice_condition == "FROM_INVOICE",
        inspection_rolls=chosen.inspection_end == "ROLL",
    )
    return live, simulated
