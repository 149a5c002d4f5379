"""What if, over HTTP: the live book beside itself under other rules, days, rates and payments."""

import csv
import io
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from services.events import REVIEW_NOTE
from services.ledger.almanac import notices
from services.ledger.almanac.notices import Entry
from services.ledger.clock import now, today
from services.ledger.edges import Amount, ApiModel, AskedBy, Day, DbSession, Flag, Instant, Text
from services.ledger.errors import LedgerError
from services.ledger.insight.simulation import Change, Part, Simulated, simulate
from services.ledger.insight.simulation_rules import Rules
from services.ledger.money import format_fen, parse_fen
from services.ledger.receivables.accrual import Plan

router = APIRouter(prefix="/v1", tags=["insight"])
SOURCE = "simulation"


class RowInvalidError(LedgerError):
    """A row for the almanac that cannot be read."""

    code = "ALMANAC_ROW_INVALID"


class AlmanacRowIn(ApiModel):
    """A rate, rest day, workday, cap or reading, as a file for the almanac has it."""

    kind: Text
    date: Text
    value: str = ""


class PaymentIn(ApiModel):
    """A payment that might be made."""

    receivable_id: UUID
    on: Day
    amount: Amount


class SimulationIn(ApiModel):
    """What is to be otherwise. Without a change the live figures stand there twice."""

    as_of: Day | None = None
    """The day of the live figures: today if absent."""
    known_at: Instant | None = None
    day: Day | None = None
    """Another day for the simulated figures."""
    readings: Annotated[dict[str, str], Field(max_length=30, default_factory=dict)]
    """Open points read otherwise, such as {"rest_days": "ANNOUNCED"}."""
    almanac: Annotated[list[AlmanacRowIn], Field(max_length=2_000, default_factory=list)]
    payments: Annotated[list[PaymentIn], Field(max_length=10_000, default_factory=list)]
    paid_within_days: Annotated[int, Field(ge=0, le=3650, strict=True)] | None = None
    """Every receivable is paid in full so many days after its term started."""
    only_changed: Flag = False
    after: UUID | None = None
    limit: Annotated[int, Field(ge=0, le=500, strict=True)] = 50


class FiguresOut(ApiModel):
    """A receivable's figures."""

    start_on: Day | None
    due_on: Day | None
    days_overdue: int
    undisputed: str
    overdue_undisputed: str
    interest: str


class RowOut(ApiModel):
    """A receivable, live and simulated."""

    id: UUID
    invoice_number: str
    debtor_name: str
    creditor_name: str
    currency: str
    live: FiguresOut
    simulated: FiguresOut


class SumsOut(ApiModel):
    """The sums of one currency; interest is all that accrued, paid late or still open."""

    overdue: int
    undisputed: str
    overdue_undisputed: str
    interest: str


class TotalOut(ApiModel):
    """One currency, live and simulated; the difference is simulated less live."""

    currency: str
    receivables: int
    changed: int
    live: SumsOut
    simulated: SumsOut
    interest_difference: str


class SimulationOut(ApiModel):
    """The book beside itself. 仅供核查，不构成法律认定."""

    as_of: Day
    simulated_as_of: Day
    known_at: AwareDatetime
    totals: list[TotalOut]
    rows: list[RowOut]
    next_after: UUID | None
    """Ask on from here, if there may be more."""
    note: str


@router.post("/simulations")
def post_simulation(body: SimulationIn, viewer: AskedBy, session: DbSession) -> SimulationOut:
    """Put what a change would make of due days, lateness and interest beside the live figures.

    Nothing is written, and nothing but what the asker may see is counted.
    """
    day, instant = body.as_of or today(), body.known_at or now()
    change = Change(
        as_of=body.day,
        rules=Rules(body.readings, entries_of(body.almanac)),
        payments=[
            Plan(each.receivable_id, each.on, parse_fen(each.amount)) for each in body.payments
        ],
        paid_within_days=body.paid_within_days,
    )
    part = Part(body.after or UUID(int=0), body.limit, body.only_changed)
    found = simulate(session, viewer, change, part, as_of=day, known_at=instant)
    return answer(found, part, as_of=day, simulated_as_of=body.day or day, known_at=instant)


def entries_of(rows: list[AlmanacRowIn]) -> list[Entry]:
    """Return rows as the almanac takes them from a file; the source is that they are imagined.

    Raises:
        RowInvalidError: a row that cannot be read; the field names it.
    """
    if not rows:
        return []
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(notices.COLUMNS)
    writer.writerows((row.kind, row.date, row.value, SOURCE) for row in rows)
    entries, faults = notices.read(file.getvalue().encode())
    if faults:
        first = faults[0]
        raise RowInvalidError(
            first.english, first.chinese, field=f"almanac.{first.line - 2}.{first.column}"
        )
    return entries


def answer(
    found: Simulated, part: Part, *, as_of: date, simulated_as_of: date, known_at: AwareDatetime
) -> SimulationOut:
    """Return what was found as it crosses HTTP."""
    return SimulationOut(
        as_of=as_of,
        simulated_as_of=simulated_as_of,
        known_at=known_at,
        totals=[_total(row) for row in found.totals],
        rows=[
            RowOut(
                id=row["id"],
                invoice_number=row["invoice_number"],
                debtor_name=row["debtor_name"],
                creditor_name=row["creditor_name"],
                currency=row["currency"],
                live=_figures(row, ""),
                simulated=_figures(row, "s_"),
            )
            for row in found.rows
        ],
        next_after=found.rows[-1]["id"] if 0 < part.limit == len(found.rows) else None,
        note=REVIEW_NOTE,
    )


def _figures(row: dict[str, Any], prefix: str) -> FiguresOut:
    return FiguresOut(
        start_on=row[f"{prefix}start_on"],
        due_on=row[f"{prefix}due_on"],
        days_overdue=row[f"{prefix}days_overdue"],
        undisputed=format_fen(row[f"{prefix}undisputed_fen"]),
        overdue_undisputed=format_fen(row[f"{prefix}overdue_fen"]),
        interest=format_fen(row[f"{prefix}interest_fen"]),
    )


def _total(row: dict[str, Any]) -> TotalOut:
    live, simulated = row["live"], row["simulated"]
    difference = int(simulated["interest_fen"]) - int(live["interest_fen"])
    return TotalOut(
        currency=row["currency"],
        receivables=row["receivables"],
        changed=row["changed"],
        live=_sums(live),
        simulated=_sums(simulated),
        interest_difference=format_fen(difference),
    )


def _sums(row: dict[str, Any]) -> SumsOut:
    return SumsOut(
        overdue=row["overdue"],
        undisputed=format_fen(int(row["undisputed_fen"])),
        overdue_undisputed=format_fen(int(row["overdue_fen"])),
        interest=format_fen(int(row["interest_fen"])),
    )
