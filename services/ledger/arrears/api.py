"""Reports on what is late, over HTTP, for any day and as known at any instant."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime

from services.ledger.arrears import queries
from services.ledger.clock import now, today
from services.ledger.cursors import Paged
from services.ledger.edges import ApiModel, AskedBy, Day, DbSession, Instant, Router
from services.ledger.money import format_fen

router = Router(prefix="/v1/reports", tags=["reports"])


class BandOut(ApiModel):
    """What is open in one band of age."""

    currency: str
    band: str
    count: int
    open: str
    disputed: str


class AgeingOut(ApiModel):
    """An ageing report; its bands add up to all that is open."""

    as_of: Day
    known_at: AwareDatetime
    since: str
    bands: list[BandOut]


class OverdueOut(ApiModel):
    """A receivable past its due day; ``flag`` is 待拖欠审核 where the Regulation applies."""

    id: UUID
    debtor_name: str
    creditor_name: str
    invoice_number: str
    currency: str
    due_on: Day
    days_overdue: int
    undisputed: str
    disputed: str
    applies: str
    regime: str
    flag: str
    flags: list[str]


class OverdueTotalOut(ApiModel):
    """The overdue of one currency."""

    currency: str
    count: int
    undisputed: str
    disputed: str
    under_review: int


class OverduePage(ApiModel):
    """What is past due on a day. 仅供核查，不构成法律认定."""

    as_of: Day
    known_at: AwareDatetime
    totals: list[OverdueTotalOut]
    rows: list[OverdueOut]
    next: str | None
    note: str


KnownAt = Annotated[Instant | None, Query(description="what was known then; now if absent")]
AsOf = Annotated[Day | None, Query(description="the day spoken about; today if absent")]


@router.get("/ageing")
def get_ageing(
    viewer: AskedBy,
    session: DbSession,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    since: Literal["due", "start"] = "due",
) -> AgeingOut:
    """Return what is open by age, counted from the due day or from the start of the term."""
    day, instant = as_of or today(), known_at or now()
    bands = queries.ageing(session, viewer, as_of=day, known_at=instant, since=since)
    return AgeingOut(
        as_of=day,
        known_at=instant,
        since=since,
        bands=[
            BandOut(
                currency=band.currency,
                band=band.name,
                count=band.count,
                open=format_fen(band.open_fen),
                disputed=format_fen(band.disputed_fen),
            )
            for band in bands
        ],
    )


@router.get("/overdue")
def get_overdue(
    viewer: AskedBy,
    session: DbSession,
    page: Paged,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> OverduePage:
    """Return what is past due at the start of a day, the oldest first, with the totals."""
    day, instant = page.when(as_of, known_at)
    after = (date.min, UUID(int=0))
    if page.after:
        after = (date.fromisoformat(page.after[0]), UUID(page.after[1]))
    found = queries.overdue(
        session, viewer, as_of=day, known_at=instant, after=after, limit=page.limit + 1
    )
    rows, cursor = page.shown(found, lambda row: (row.due_on, row.id), (day, instant))
    totals = queries.overdue_totals(session, viewer, as_of=day, known_at=instant)
    return OverduePage(
        as_of=day,
        known_at=instant,
        totals=[
            OverdueTotalOut(
                currency=total.currency,
                count=total.count,
                undisputed=format_fen(total.undisputed_fen),
                disputed=format_fen(total.disputed_fen),
                under_review=total.under_review,
            )
            for total in totals
        ],
        rows=[_overdue(row) for row in rows],
        next=cursor,
        note=queries.REVIEW_NOTE,
    )


def _overdue(row: queries.Overdue) -> OverdueOut:
    return OverdueOut(
        id=row.id,
        debtor_name=row.debtor_name,
        creditor_name=row.creditor_name,
        invoice_number=row.invoice_code + row.invoice_number,
        currency=row.currency,
        due_on=row.due_on,
        days_overdue=row.days_overdue,
        undisputed=format_fen(row.undisputed_fen),
        disputed=format_fen(row.disputed_fen),
        applies=row.applies,
        regime=row.regime,
        flag=row.review_flag,
        flags=row.flags,
    )
