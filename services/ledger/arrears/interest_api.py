"""Claims of interest over HTTP, and the report of what is claimed, paid and open."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import Query, Request, Response, status
from pydantic import AwareDatetime, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import RowMapping
from sqlmodel import Session

from services.events import REVIEW_NOTE
from services.ledger.access import Viewer
from services.ledger.approvals.commands import Arguments, command
from services.ledger.approvals.kinds import WAIVE
from services.ledger.approvals.schemas import ProposalOut, answered
from services.ledger.approvals.service import submit
from services.ledger.arrears import interest, interest_queries
from services.ledger.arrears.interest import Asked, Waiver
from services.ledger.cursors import Paged
from services.ledger.edges import (
    Amount,
    ApiModel,
    AskedBy,
    Day,
    DbSession,
    Instant,
    Note,
    Router,
    past_day,
    request_id,
)
from services.ledger.ids import new_id
from services.ledger.money import format_fen, parse_fen
from services.ledger.receivables.queries import get_visible

router = Router(prefix="/v1", tags=["interest"])
Reading = Literal["statutory", "agreed", "court", "floor", "void_clause"]


class InterestClaimIn(ApiModel):
    """Interest up to a day by one reading of the law; the amount is the ledger's to find.

    Without ``from_on`` the period begins after the last one claimed, or after the due day.
    """

    id: UUID | None = None
    reading: Reading
    from_on: Day | None = None
    until_on: Day | None = None
    on: Day | None = None


class InterestWaiverIn(ApiModel):
    """Claimed interest given up: an ``amount`` of it, or a whole claim by its ``claim_id``."""

    id: UUID | None = None
    amount: Amount | None = None
    claim_id: UUID | None = None
    on: Day | None = None
    reason: Note = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.amount is None) == (self.claim_id is None):
            raise PydanticCustomError(
                "WAIVER_UNCLEAR",
                "Give an amount, or the id of a claim to be withdrawn."
                " 请填写放弃的金额，或撤回的主张编号。",
            )
        return self


class InterestClaimOut(ApiModel):
    """A claim of interest, as it was found once for all."""

    id: UUID
    reading: str
    from_on: Day
    until_on: Day
    on: Day
    amount: str
    due_on: Day
    spans: list[dict[str, Any]]
    """The days, principal and interest that add up to the amount."""
    trace_sha256: str
    almanac_version: int
    known_at: AwareDatetime
    withdrawn_on: Day | None


class InterestWaiverOut(ApiModel):
    """Interest given up."""

    id: UUID
    claim_id: UUID | None
    amount: str
    reason: str
    on: Day


class InterestOut(ApiModel):
    """The interest claimed on a receivable, apart from its principal. 仅供核查，不构成法律认定."""

    receivable_id: UUID
    currency: str
    principal_open: str
    claimed_open: str
    claims: list[InterestClaimOut]
    waivers: list[InterestWaiverOut]
    note: str


class InterestRow(ApiModel):
    """One receivable's claimed interest on a day, and beside it the costs of enforcement."""

    receivable_id: UUID
    invoice_number: str
    debtor_name: str
    creditor_name: str
    currency: str
    principal_open: str
    claimed: str
    waived: str
    paid: str
    open: str
    costs_claimed: str
    costs_waived: str
    costs_paid: str
    costs_open: str


class InterestPage(ApiModel):
    """Claimed interest and costs by receivable, and their totals by currency."""

    as_of: Day
    known_at: AwareDatetime
    totals: list[dict[str, str | int]]
    rows: list[InterestRow]
    next: str | None
    note: str


@router.get("/receivables/{receivable_id}/interest-claims")
def get_interest_claims(receivable_id: UUID, viewer: AskedBy, session: DbSession) -> InterestOut:
    """Return the interest claimed on a receivable, with the spans each amount was found from."""
    return _out(session, viewer, receivable_id)


@router.post("/receivables/{receivable_id}/interest-claims", status_code=status.HTTP_201_CREATED)
def post_interest_claim(
    receivable_id: UUID,
    body: InterestClaimIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> InterestOut:
    """Claim interest: the engine's figure by a reading is posted; the same again answers 200."""
    on = past_day(body.on)
    asked = Asked(
        id=body.id or new_id(),
        receivable_id=receivable_id,
        reading=body.reading,
        until_on=body.until_on or on,
        on=on,
        from_on=body.from_on,
        request_id=request_id(request),
    )
    if not interest.claim_interest(session, viewer, asked):
        response.status_code = status.HTTP_200_OK
    return _out(session, viewer, receivable_id)


class WaiveArguments(InterestWaiverIn, Arguments):
    """Interest of one receivable given up."""

    receivable_id: UUID


def _waive(session: Session, viewer: Viewer, given: WaiveArguments, request_id: str) -> bool:
    assert given.id is not None
    waiver = Waiver(
        id=given.id,
        receivable_id=given.receivable_id,
        on=past_day(given.on),
        amount_fen=None if given.amount is None else parse_fen(given.amount),
        claim_id=given.claim_id,
        reason=given.reason,
        request_id=request_id,
        dated=given.on is not None,
    )
    return interest.waive(session, viewer, waiver)


WAIVER = command(WAIVE, WaiveArguments, _waive)


@router.post("/receivables/{receivable_id}/interest-waivers", status_code=status.HTTP_201_CREATED)
def post_interest_waiver(
    receivable_id: UUID,
    body: InterestWaiverIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> InterestOut | ProposalOut:
    """Give claimed interest up, in part or by claim; the same again answers 200.

    202: others have to approve it first.
    """
    given = WaiveArguments(receivable_id=receivable_id, **dict(body))
    outcome = submit(session, viewer, WAIVER, given, request_id(request))
    answer = answered(outcome, response)
    if isinstance(answer, ProposalOut):
        return answer
    if not answer:
        response.status_code = status.HTTP_200_OK
    return _out(session, viewer, receivable_id)


@router.get("/reports/interest")
def get_interest_report(
    viewer: AskedBy,
    session: DbSession,
    page: Paged,
    as_of: Annotated[Day | None, Query(description="the day spoken about; today")] = None,
    known_at: Annotated[Instant | None, Query(description="known then; now")] = None,
) -> InterestPage:
    """Return the interest and costs claimed by a day, what of them is open, and the principal."""
    day, instant = page.when(as_of, known_at)
    after = UUID(page.after[0]) if page.after else UUID(int=0)
    found = interest_queries.report(
        session, viewer, as_of=day, known_at=instant, after=after, limit=page.limit + 1
    )
    rows, cursor = page.shown(found, lambda row: (row["receivable_id"],), (day, instant))
    totals = interest_queries.totals(session, viewer, as_of=day, known_at=instant)
    return InterestPage(
        as_of=day,
        known_at=instant,
        totals=[_said(row) for row in totals],
        rows=[InterestRow.model_validate(_said(row)) for row in rows],
        next=cursor,
        note=REVIEW_NOTE,
    )


def _said(row: RowMapping) -> dict[str, Any]:
    """Return a row of a report with its amounts as they cross HTTP."""
    return {
        name.removesuffix("_fen"): format_fen(value) if name.endswith("_fen") else value
        for name, value in row.items()
    }


def _out(session: Session, viewer: Viewer, receivable_id: UUID) -> InterestOut:
    claim = get_visible(session, viewer, receivable_id)
    claimed = interest.claims(session, claim.id)
    return InterestOut(
        receivable_id=claim.id,
        currency=claim.currency,
        principal_open=format_fen(claim.open_fen),
        claimed_open=format_fen(claim.interest_fen),
        claims=[
            InterestClaimOut(
                **{name: value for name, value in row.items() if name in _AS_IS},
                amount=format_fen(row["amount_fen"]),
                trace_sha256=row["trace_sha256"].hex(),
            )
            for row in claimed
        ],
        waivers=[
            InterestWaiverOut(
                id=row["id"],
                claim_id=row["claim_id"],
                amount=format_fen(row["amount_fen"]),
                reason=row["reason"],
                on=row["on"],
            )
            for row in interest.waivers(session, claim.id)
        ],
        note=REVIEW_NOTE,
    )


_AS_IS = frozenset(InterestClaimOut.model_fields) - {"amount", "trace_sha256"}
