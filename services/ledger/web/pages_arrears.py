"""What the parties do about lateness at a receivable's page: interest, demands, complaints."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Depends, Form, Request
from fastapi.responses import Response

from services.ledger.access import Viewer
from services.ledger.approvals.service import submit
from services.ledger.arrears import complaints, facts, interest
from services.ledger.arrears.complaints import Filing
from services.ledger.arrears.facts import Stated
from services.ledger.arrears.interest import Asked
from services.ledger.arrears.interest_api import WAIVER, Reading, WaiveArguments
from services.ledger.clock import today
from services.ledger.edges import DbSession, Note, past_day, request_id
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.money import format_fen, parse_fen
from services.ledger.web.acts import NothingToDoError
from services.ledger.web.pages_edge import AsOf, Id, SignedIn, Writer, pages, see
from services.ledger.web.pages_receivables import ONE, show_one

router = pages()
DO: Final = ONE + "/arrears"
ActId = Annotated[UUID, Form(alias="id")]
Sum = Annotated[str, Form(max_length=40)]
Words = Annotated[Note, Form()]
FormDay = Annotated[AsOf, Form()]


class UnsaidError(LedgerError):
    """A complaint without its facts, or without the word that no court has the claim."""

    code = "COMPLAINT_UNSAID"


def do(
    request: Request,
    receivable_id: UUID,
    signed_in: SignedIn,
    session: DbSession,
    act: Callable[[Viewer], object],
    filled: Mapping[str, str],
) -> Response:
    """Do what a form says and show the receivable again; refused, with what the form held."""
    try:
        with session.begin_nested():
            act(signed_in.viewer)
    except NotFoundError:
        raise
    except LedgerError as refusal:
        return show_one(request, receivable_id, signed_in, session, refusal, filled)
    return see(f"{request.url.path.rpartition('/arrears/')[0]}#arrears")


def fen_of(amount: str) -> int | None:
    """Return the fen of a field that may be left empty; nothing at all is no amount.

    Raises:
        AmountError, NothingToDoError: what is there is no amount.
    """
    if not amount.strip():
        return None
    fen = parse_fen(amount.strip())
    if fen <= 0:
        raise NothingToDoError(
            "The amount must be more than 0.00.", "金额必须大于0.00。", field="amount"
        )
    return fen


@router.post(DO + "/interest")
def post_interest(
    request: Request,
    receivable_id: UUID,
    signed_in: Writer,
    session: DbSession,
    act_id: ActId,
    reading: Annotated[Reading, Form()],
    until_on: FormDay = None,
) -> Response:
    """Claim interest up to a day by one reading; the amount is the ledger's to find."""
    on = past_day(None)

    def act(viewer: Viewer) -> None:
        asked = Asked(
            act_id, receivable_id, reading, until_on or on, on, request_id=request_id(request)
        )
        interest.claim_interest(session, viewer, asked)

    filled = {"form": "interest", "until_on": written(until_on)}
    return do(request, receivable_id, signed_in, session, act, filled)


@router.post(DO + "/waiver")
def post_waiver(
    request: Request,
    receivable_id: UUID,
    signed_in: Writer,
    session: DbSession,
    act_id: ActId,
    claim_id: Annotated[Id, Form()] = None,
    amount: Sum = "",
    reason: Words = "",
) -> Response:
    """Withdraw a claim of interest, or give an amount of it up; both may need a checker."""

    def act(viewer: Viewer) -> None:
        fen = None if claim_id else fen_of(amount.strip() or "0")
        given = WaiveArguments(
            id=act_id,
            receivable_id=receivable_id,
            claim_id=claim_id,
            amount=None if fen is None else format_fen(fen),
            reason=reason.strip(),
        )
        submit(session, viewer, WAIVER, given, request_id(request))

    form = "withdrawal" if claim_id else "waiver"
    filled = {"form": form, "amount": amount, "reason": reason}
    return do(request, receivable_id, signed_in, session, act, filled)


def _stated(
    request: Request,
    receivable_id: UUID,
    act_id: ActId,
    kind: Annotated[
        Literal["DEMAND", "SUIT", "ARBITRATION", "ACKNOWLEDGEMENT", "AGREEMENT"], Form()
    ],
    on: FormDay = None,
    reference: Annotated[Note, Form(max_length=200)] = "",
    until_on: FormDay = None,
    text: Words = "",
) -> Stated:
    return Stated(
        id=act_id,
        receivable_id=receivable_id,
        kind=kind,
        on=on or today(),
        word=reference.strip(),
        until_on=until_on,
        text=text.strip(),
        request_id=request_id(request),
    )


@router.post(DO + "/interruption")
def post_interruption(
    request: Request,
    stated: Annotated[Stated, Depends(_stated)],
    signed_in: Writer,
    session: DbSession,
) -> Response:
    """State a demand, suit, acknowledgement or plan: limitation begins anew (民法典 195)."""

    def act(viewer: Viewer) -> None:
        past_day(stated.on)
        facts.state(session, viewer, stated)

    filled = {
        "form": "interruption",
        "kind": stated.kind,
        "on": stated.on.isoformat(),
        "reference": stated.word,
        "until_on": written(stated.until_on),
        "text": stated.text,
    }
    return do(request, stated.receivable_id, signed_in, session, act, filled)


def written(day: date | None) -> str:
    """Return a day as its field of a form holds it."""
    return "" if day is None else day.isoformat()


@router.post(DO + "/complaint")
def post_complaint(
    request: Request,
    receivable_id: UUID,
    signed_in: Writer,
    session: DbSession,
    act_id: ActId,
    text: Words = "",
    amount: Sum = "",
    no_proceedings: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """File a complaint with the authority, on the word that no court has the claim."""

    def act(viewer: Viewer) -> None:
        if not text.strip() or no_proceedings != "true":
            raise UnsaidError(
                "Say what happened, and that no court or tribunal has the claim.",
                "请填写事实与请求，并声明该债权未进入诉讼或仲裁。",
                field="no_proceedings" if text.strip() else "text",
            )
        told = (fen_of(amount), text.strip(), request_id(request))
        filing = Filing(act_id, receivable_id, past_day(None), *told)
        complaints.file(session, viewer, filing)

    filled = {"form": "complaint", "text": text, "amount": amount}
    return do(request, receivable_id, signed_in, session, act, filled)
