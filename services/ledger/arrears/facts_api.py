"""What the parties state of a late payment, over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request, Response, status
from pydantic import AwareDatetime, StringConstraints
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals.commands import Arguments, command
from services.ledger.approvals.kinds import WITHDRAW
from services.ledger.approvals.schemas import ProposalOut, answered
from services.ledger.approvals.service import submit
from services.ledger.arrears import facts
from services.ledger.arrears.facts import Stated
from services.ledger.edges import (
    Amount,
    ApiModel,
    AskedBy,
    Day,
    DbSession,
    Note,
    Router,
    past_day,
    request_id,
)
from services.ledger.ids import new_id
from services.ledger.money import format_fen, parse_fen
from services.ledger.receivables.queries import get_visible

router = Router(prefix="/v1/receivables/{receivable_id}", tags=["arrears"])
Reference = Annotated[Note, StringConstraints(max_length=200)]


class _FactIn(ApiModel):
    id: UUID | None = None
    on: Day | None = None
    text: Note = ""


class InterruptionIn(_FactIn):
    """What begins the limitation period anew (民法典 195).

    The creditor states a DEMAND (催收), on the day it reached the debtor, a SUIT or ARBITRATION;
    the debtor states an ACKNOWLEDGEMENT, or an AGREEMENT to pay by a day.
    """

    kind: Literal["DEMAND", "ACKNOWLEDGEMENT", "AGREEMENT", "SUIT", "ARBITRATION"]
    reference: Reference = ""
    """The number of the letter, plan or case."""
    amount: Amount | None = None
    until_on: Day | None = None
    """The last day of a plan."""


class InstrumentIn(_FactIn):
    """A bill (商业汇票), e-certificate (电子凭证) or other instrument, handed over ``on`` a day."""

    kind: Literal["BILL", "ECERT", "OTHER"]
    amount: Amount
    matures_on: Day


class DelayReasonIn(_FactIn):
    """The debtor's reason for paying late; those of 802号 第十四条 are flagged."""

    reason: Literal[
        "PERSON_IN_CHARGE_CHANGED", "INTERNAL_PROCESS", "COMPLETION_FILING", "FINAL_AUDIT", "OTHER"
    ]


class CostsIn(_FactIn):
    """A cost of enforcement that the creditor claims ``on`` a day; ``text`` says what shows it.

    A payment settles it first (民法典 561). Whether the debtor bears it is not judged here.
    """

    kind: Literal["LITIGATION", "ARBITRATION", "PRESERVATION", "NOTARY", "LAWYER", "OTHER"]
    amount: Amount


class EndIn(_FactIn):
    """The day an instrument was given back, proceedings ended, or costs were withdrawn."""


class FactOut(ApiModel):
    """A fact stated of a late payment."""

    id: UUID
    kind: str
    on: Day
    word: str
    amount: str | None
    until_on: Day | None
    fact_id: UUID | None
    ended_on: Day | None
    text: str
    party_id: UUID
    known_at: AwareDatetime


@router.get("/arrears-facts")
def get_facts(receivable_id: UUID, viewer: AskedBy, session: DbSession) -> list[FactOut]:
    """Return what the parties stated of the payment of a receivable, by its day."""
    claim = get_visible(session, viewer, receivable_id)
    return [
        FactOut(
            **{name: value for name, value in row.items() if name != "amount_fen"},
            amount=None if row["amount_fen"] is None else format_fen(row["amount_fen"]),
        )
        for row in facts.facts(session, claim.id)
    ]


def _state(session: Session, viewer: Viewer, stated: Stated, response: Response) -> FactOut:
    if not facts.state(session, viewer, stated):
        response.status_code = status.HTTP_200_OK
    return _found(session, viewer, stated.receivable_id, stated.id)


def _found(session: Session, viewer: Viewer, receivable_id: UUID, fact_id: UUID) -> FactOut:
    known = get_facts(receivable_id, viewer, session)
    (found,) = (one for one in known if one.id == fact_id)
    return found


def _stated(
    receivable_id: UUID,
    body: _FactIn,
    request_id: str,
    **said: Any,  # noqa: ANN401 (what each kind says)
) -> Stated:
    return Stated(
        id=body.id or new_id(),
        receivable_id=receivable_id,
        on=past_day(body.on),
        text=body.text.strip(),
        request_id=request_id,
        **said,
    )


def _fen(amount: str | None) -> int | None:
    return None if amount is None else parse_fen(amount)


@router.post("/interruptions", status_code=status.HTTP_201_CREATED)
def post_interruption(
    receivable_id: UUID,
    body: InterruptionIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> FactOut:
    """State a demand, acknowledgement, plan or suit; the same again answers 200."""
    stated = _stated(
        receivable_id,
        body,
        request_id(request),
        kind=body.kind,
        word=body.reference,
        amount_fen=_fen(body.amount),
        until_on=body.until_on,
    )
    return _state(session, viewer, stated, response)


@router.post("/instruments", status_code=status.HTTP_201_CREATED)
def post_instrument(
    receivable_id: UUID,
    body: InstrumentIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> FactOut:
    """State that an instrument was handed over instead of money; it pays nothing by itself."""
    stated = _stated(
        receivable_id,
        body,
        request_id(request),
        kind="INSTRUMENT",
        word=body.kind,
        amount_fen=parse_fen(body.amount),
        until_on=body.matures_on,
    )
    return _state(session, viewer, stated, response)


@router.post("/delay-reasons", status_code=status.HTTP_201_CREATED)
def post_delay_reason(
    receivable_id: UUID,
    body: DelayReasonIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> FactOut:
    """State why the debtor pays late; no reason stops the clock."""
    stated = _stated(
        receivable_id,
        body,
        request_id(request),
        kind="DELAY_REASON",
        word=body.reason,
    )
    return _state(session, viewer, stated, response)


@router.post("/costs", status_code=status.HTTP_201_CREATED)
def post_costs(
    receivable_id: UUID,
    body: CostsIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> FactOut:
    """Claim a cost of enforcement: it is posted beside principal and interest, and paid first."""
    stated = _stated(
        receivable_id,
        body,
        request_id(request),
        kind=facts.COSTS,
        word=body.kind,
        amount_fen=parse_fen(body.amount),
    )
    return _state(session, viewer, stated, response)


class EndArguments(EndIn, Arguments):
    """The end of one fact of one receivable."""

    receivable_id: UUID
    fact_id: UUID


def _end(session: Session, viewer: Viewer, given: EndArguments, request_id: str) -> bool:
    assert given.id is not None
    stated = _stated(given.receivable_id, given, request_id, kind="ENDED", fact_id=given.fact_id)
    return facts.state(session, viewer, stated)


END = command(WITHDRAW, EndArguments, _end)
"""Of costs alone others may have to approve the end: it gives a claim up."""


@router.post("/arrears-facts/{fact_id}/end", status_code=status.HTTP_201_CREATED)
def post_end(
    receivable_id: UUID,
    fact_id: UUID,
    body: EndIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> FactOut | ProposalOut:
    """State that an instrument was given back, that proceedings ended, or withdraw costs.

    Of costs what is not paid is given up. 202: others have to approve that first.
    """
    given = EndArguments(
        id=body.id or new_id(),
        receivable_id=receivable_id,
        fact_id=fact_id,
        on=past_day(body.on),  # the day it was said, whenever it is approved
        text=body.text,
    )
    outcome = submit(session, viewer, END, given, request_id(request))
    answer = answered(outcome, response)
    if isinstance(answer, ProposalOut):
        return answer
    if not answer:
        response.status_code = status.HTTP_200_OK
    assert given.id is not None
    return _found(session, viewer, receivable_id, given.id)
