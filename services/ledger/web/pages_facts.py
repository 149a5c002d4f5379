"""What the parties state at a receivable's page: instruments, costs, reasons, what ended."""

from datetime import date
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from fastapi import Depends, Form, Request
from fastapi.responses import Response

from services.ledger.access import Viewer
from services.ledger.approvals.service import submit
from services.ledger.arrears import facts
from services.ledger.arrears.facts import Stated
from services.ledger.arrears.facts_api import END, EndArguments
from services.ledger.edges import DbSession, past_day, request_id
from services.ledger.web.acts import NothingToDoError
from services.ledger.web.pages_arrears import DO, ActId, FormDay, Sum, Words, do, fen_of, written
from services.ledger.web.pages_edge import Writer, pages

router = pages()


class _Handed(NamedTuple):
    """An instrument as its form says."""

    kind: str
    amount: str
    on: date | None
    matures_on: date | None
    text: str


def _handed(
    kind: Annotated[Literal["BILL", "ECERT", "OTHER"], Form()],
    amount: Sum = "",
    on: FormDay = None,
    matures_on: FormDay = None,
    text: Words = "",
) -> _Handed:
    return _Handed(kind, amount, on, matures_on, text)


class _Cost(NamedTuple):
    """A cost as its form says."""

    kind: str
    amount: str
    on: date | None
    text: str


def _cost(
    kind: Annotated[
        Literal["LITIGATION", "ARBITRATION", "PRESERVATION", "NOTARY", "LAWYER", "OTHER"], Form()
    ],
    amount: Sum = "",
    on: FormDay = None,
    text: Words = "",
) -> _Cost:
    return _Cost(kind, amount, on, text)


@router.post(DO + "/instrument")
def post_instrument(
    request: Request,
    receivable_id: UUID,
    signed_in: Writer,
    session: DbSession,
    act_id: ActId,
    handed: Annotated[_Handed, Depends(_handed)],
) -> Response:
    """State that a bill or certificate was handed over instead of money (802号 第十一条)."""

    def act(viewer: Viewer) -> None:
        if handed.matures_on is None:
            raise NothingToDoError(
                "Say on which day the instrument matures.", "请填写到期日。", field="matures_on"
            )
        stated = Stated(
            id=act_id,
            receivable_id=receivable_id,
            kind="INSTRUMENT",
            on=past_day(handed.on),
            word=handed.kind,
            amount_fen=fen_of(handed.amount.strip() or "0"),
            until_on=handed.matures_on,
            text=handed.text.strip(),
            request_id=request_id(request),
        )
        facts.state(session, viewer, stated)

    days = {"on": written(handed.on), "matures_on": written(handed.matures_on)}
    filled = {"form": "instrument", **handed._asdict(), **days}
    return do(request, receivable_id, signed_in, session, act, filled)


@router.post(DO + "/costs")
def post_costs(
    request: Request,
    receivable_id: UUID,
    signed_in: Writer,
    session: DbSession,
    act_id: ActId,
    cost: Annotated[_Cost, Depends(_cost)],
) -> Response:
    """Claim a cost of enforcement, which a payment settles first (民法典 561)."""

    def act(viewer: Viewer) -> None:
        stated = Stated(
            id=act_id,
            receivable_id=receivable_id,
            kind=facts.COSTS,
            on=past_day(cost.on),
            word=cost.kind,
            amount_fen=fen_of(cost.amount.strip() or "0"),
            text=cost.text.strip(),
            request_id=request_id(request),
        )
        facts.state(session, viewer, stated)

    filled = {"form": "costs", **cost._asdict(), "on": written(cost.on)}
    return do(request, receivable_id, signed_in, session, act, filled)


@router.post(DO + "/delay")
def post_delay_reason(
    request: Request,
    receivable_id: UUID,
    signed_in: Writer,
    session: DbSession,
    act_id: ActId,
    reason: Annotated[
        Literal[
            "PERSON_IN_CHARGE_CHANGED",
            "INTERNAL_PROCESS",
            "COMPLETION_FILING",
            "FINAL_AUDIT",
            "OTHER",
        ],
        Form(),
    ],
    on: FormDay = None,
    text: Words = "",
) -> Response:
    """State why the debtor pays late; no reason stops the clock (802号 第十四条)."""

    def act(viewer: Viewer) -> None:
        stated = Stated(
            id=act_id,
            receivable_id=receivable_id,
            kind="DELAY_REASON",
            on=past_day(on),
            word=reason,
            text=text.strip(),
            request_id=request_id(request),
        )
        facts.state(session, viewer, stated)

    filled = {"form": "delay", "reason": reason, "on": written(on), "text": text}
    return do(request, receivable_id, signed_in, session, act, filled)


@router.post(DO + "/end")
def post_end(
    request: Request,
    receivable_id: UUID,
    signed_in: Writer,
    session: DbSession,
    act_id: ActId,
    fact_id: Annotated[UUID, Form()],
    on: FormDay = None,
    text: Words = "",
) -> Response:
    """State that an instrument was given back or refused, proceedings ended, or withdraw costs."""

    def act(viewer: Viewer) -> None:
        given = EndArguments(
            id=act_id, receivable_id=receivable_id, fact_id=fact_id, on=past_day(on), text=text
        )
        submit(session, viewer, END, given, request_id(request))

    filled = {"form": "end", "fact_id": str(fact_id), "on": written(on), "text": text}
    return do(request, receivable_id, signed_in, session, act, filled)
