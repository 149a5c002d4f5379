"""The book on one page, the nightly assessment, the proof that the book is sound, and the law."""

from typing import Annotated, Any

from fastapi import Body
from pydantic import AwareDatetime

from services.ledger.access import NotAllowedError
from services.ledger.almanac.service import for_case
from services.ledger.arrears import service as arrears
from services.ledger.clock import now, today
from services.ledger.db import transaction
from services.ledger.edges import ApiModel, AskedBy, Day, DbSession, Instant, Router
from services.ledger.insight import queries
from services.ledger.insight.verify import at_one_instant, verify
from services.ledger.law import rules
from services.ledger.law.case import explain
from services.ledger.money import format_fen

router = Router(prefix="/v1", tags=["insight"])


class CurrencyOut(ApiModel):
    """Counts and amounts of one currency."""

    currency: str
    receivables: int
    face: str
    settled: int
    settled_face: str
    open: int
    open_amount: str
    disputed_amount: str
    confirmed: int
    overdue: int
    overdue_amount: str
    eligible: int
    eligible_amount: str
    reserved_amount: str
    assigned_amount: str


class SummaryOut(ApiModel):
    """What the asker's part of the book held at the end of a day, as known at an instant."""

    as_of: Day
    known_at: AwareDatetime
    orders: int
    payments: int
    repeated_payment_rows: int
    currencies: list[CurrencyOut]


class AssessmentIn(ApiModel):
    """The day to assess: today if absent, or an earlier one that was missed."""

    as_of: Day | None = None


class AssessmentOut(ApiModel):
    """What was announced for the first time."""

    as_of: Day
    newly_overdue: int
    newly_due_soon: int


class FindingOut(ApiModel):
    """An invariant that is broken, by how many subjects, and the first of them."""

    check: str
    detail: str
    detail_zh: str
    broken: int
    examples: list[str]


@router.get("/reports/summary", tags=["reports"])
def get_summary(
    viewer: AskedBy,
    session: DbSession,
    as_of: Day | None = None,
    known_at: Instant | None = None,
) -> SummaryOut:
    """Return the book on one page, for any day and as known at any instant."""
    day, instant = as_of or today(), known_at or now()
    found = queries.summary(session, viewer, as_of=day, known_at=instant)
    return SummaryOut(
        as_of=day,
        known_at=instant,
        orders=found.orders,
        payments=found.payments,
        repeated_payment_rows=found.repeated_payment_rows,
        currencies=[_currency(row) for row in found.currencies],
    )


def _currency(row: queries.CurrencySummary) -> CurrencyOut:
    return CurrencyOut(
        currency=row.currency,
        receivables=row.receivables,
        face=format_fen(row.face_fen),
        settled=row.settled,
        settled_face=format_fen(row.settled_fen),
        open=row.open,
        open_amount=format_fen(row.open_fen),
        disputed_amount=format_fen(row.disputed_fen),
        confirmed=row.confirmed,
        overdue=row.overdue,
        overdue_amount=format_fen(row.overdue_fen),
        eligible=row.eligible,
        eligible_amount=format_fen(row.eligible_fen),
        reserved_amount=format_fen(row.reserved_fen),
        assigned_amount=format_fen(row.assigned_fen),
    )


@router.post("/assessments")
def post_assessment(body: AssessmentIn, viewer: AskedBy, session: DbSession) -> AssessmentOut:
    """Announce what became overdue or will be due soon; a repeated run announces nothing twice."""
    viewer.require("book.assess")
    day = min(body.as_of or today(), today())
    done = arrears.assess(session, as_of=day, at=now())
    return AssessmentOut(
        as_of=done.as_of,
        newly_overdue=done.newly_overdue,
        newly_due_soon=done.newly_due_soon,
    )


@router.get("/verification")
def get_verification(viewer: AskedBy) -> list[FindingOut]:
    """Check every invariant over the whole book; an empty list is the proof that all hold."""
    viewer.require("book.verify")
    if viewer.regions == ():
        raise NotAllowedError(
            "No appointment that holds today covers this.", "今日没有涵盖此操作的有效任命。"
        )
    # As the machine: of a part of the book it proves nothing.
    with transaction(long=True) as session:
        at_one_instant(session)
        found = verify(session)
    return [
        FindingOut(
            check=finding.check,
            detail=finding.english,
            detail_zh=finding.chinese,
            broken=finding.broken,
            # Of other regions an authority learns how much is broken, and not what.
            examples=finding.examples if viewer.sees_all else [],
        )
        for finding in found
    ]


@router.get("/law/rules", tags=["law"])
def get_rules(viewer: AskedBy) -> list[dict[str, Any]]:
    """Return the rules the ledger flags by, each with its article, version and validity."""
    viewer.require("law.read")
    return rules.as_json()


@router.post("/law/explain", tags=["law"])
def post_case(
    viewer: AskedBy, session: DbSession, case: Annotated[dict[str, Any], Body()]
) -> dict[str, Any]:
    """Judge a case in the fixed case format: due day, days late, interest by reading, and why."""
    viewer.require("law.read")
    return explain(case, for_case(session, case))
