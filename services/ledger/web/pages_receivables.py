"""Receivables as pages: the list with its query form, and one receivable with what may be done."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Form, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from services.events import REVIEW_FLAG, REVIEW_NOTE
from services.ledger.clock import now, today
from services.ledger.edges import DbSession, Note, request_id
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.ids import new_id
from services.ledger.log import queries as log
from services.ledger.money import parse_fen
from services.ledger.receivables.queries import Claim, get_visible
from services.ledger.receivables.service import Act
from services.ledger.web import acts, arrears_panel, queries, words, words_arrears, words_contract
from services.ledger.web.pages_approvals import waiting_on
from services.ledger.web.pages_edge import (
    CONSOLE,
    AsOf,
    Id,
    Reader,
    SignedIn,
    Writer,
    address,
    page,
    pages,
    see,
)
from services.ledger.web.render import grouped

router = pages()
_LIST: Final = f"{CONSOLE}/receivables"
ONE: Final = _LIST + "/{receivable_id:uuid}"
_PAGE: Final = 50


class ListQuery(BaseModel):
    """The query form of the list, as it stands in the address."""

    invoice: Note = ""
    party: Note = ""
    lifecycle: Literal["", "submitted", "confirmed", "closed"] = ""
    overdue: Literal["", "yes"] = ""
    contract: Id = None
    before_on: AsOf = None
    before: Id = None


@router.get(_LIST)
def get_list(
    request: Request, asked: Annotated[ListQuery, Query()], signed_in: Reader, session: DbSession
) -> Response:
    """List receivables as they stand now, the latest invoices first."""
    day = today()
    wanted = queries.Wanted(
        asked.invoice.strip(),
        asked.party.strip(),
        asked.lifecycle,
        asked.overdue == "yes",
        asked.contract,
    )
    rows = queries.receivables(
        session,
        signed_in.viewer,
        wanted,
        today=day,
        before=(asked.before_on, asked.before) if asked.before_on and asked.before else None,
        limit=_PAGE + 1,
    )
    shown = rows[:_PAGE]
    total = queries.count(session, signed_in.viewer, wanted, today=day)
    given = asked.model_dump(exclude={"before_on", "before"})
    after = {"before_on": shown[-1].issued_on, "before": shown[-1].id} if shown else {}
    return page(
        request,
        "receivables.html",
        signed_in,
        asked=given,
        rows=shown,
        total=min(total, queries.COUNTED),
        counted=total <= queries.COUNTED,
        first=address(_LIST, **given) if asked.before else "",
        more=address(_LIST, **given, **after) if len(rows) > _PAGE else "",
        reset=_LIST,
    )


@router.get(ONE)
def get_one(
    request: Request, receivable_id: UUID, signed_in: Reader, session: DbSession
) -> Response:
    """Show one receivable: the claim, its dates and the law, its book, its history."""
    return show_one(request, receivable_id, signed_in, session)


@router.post(ONE + "/{name}")
def post_act(
    request: Request,
    receivable_id: UUID,
    name: Annotated[str, Path()],
    signed_in: Writer,
    session: DbSession,
    act_id: Annotated[UUID, Form(alias="id")],
    amount: Annotated[str, Form(max_length=40)] = "0",
    reason: Annotated[Note, Form()] = "",
) -> Response:
    """Do what a button says, once however often it is pressed, and show the receivable again."""
    if name not in acts.NAMES:
        raise NotFoundError("There is no such page.", "没有该页面。")
    try:
        with session.begin_nested():
            act = Act(
                id=act_id,
                receivable_id=receivable_id,
                on=today(),
                amount_fen=parse_fen(amount.strip()),
                reason=reason.strip(),
                request_id=request_id(request),
            )
            acts.do(session, signed_in.viewer, name, act)
    except NotFoundError:
        raise
    except LedgerError as refusal:
        return show_one(request, receivable_id, signed_in, session, refusal)
    return see(f"{_LIST}/{receivable_id}")


def show_one(
    request: Request,
    receivable_id: UUID,
    signed_in: SignedIn,
    session: DbSession,
    refusal: LedgerError | None = None,
    filled: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """Show one receivable again, with why an act was refused and what its form held."""
    viewer = signed_in.viewer
    claim = get_visible(session, viewer, receivable_id)
    terms = queries.terms(session, viewer, claim.contract_id)
    book = queries.book(session, claim.id)
    events = log.of_subject(session, viewer, claim.id)
    requested = any(event["type"] == "confirmation.requested" for event in events)
    return page(
        request,
        "receivable.html",
        signed_in,
        http_status=refusal.status if refusal else 200,
        refusal=refusal and (refusal.code, refusal.chinese, refusal.english),
        claim=claim,
        standing=_standing(claim, terms, today()),
        accounts=_accounts(claim),
        dates=_dates(claim),
        terms=terms,
        clock=[(words.of(words.CLOCK, fact["kind"]), fact["on"]) for fact in book.clock],
        postings=book.postings,
        events=[_event(event) for event in events],
        forms=[(form, new_id()) for form in acts.forms(viewer, claim, requested=requested)],
        arrears=arrears_panel.panel(session, viewer, claim, today=today(), now=now()),
        filled=filled,
        today=today(),
        contract_words=words_contract,
        waiting=waiting_on(session, viewer, claim.id),
        note=REVIEW_NOTE,
    )


def _standing(claim: Claim, terms: queries.Terms, day: date) -> dict[str, Any]:
    """Return where a receivable stands on a day; what the ledger may say of lateness is a flag."""
    late = (day - claim.due_on).days if claim.due_on and claim.open_fen else 0
    undisputed = claim.open_fen - claim.disputed_fen
    flagged = late > 0 and terms.applies == "true" and undisputed > 0
    return {
        "days_overdue": max(late, 0),
        "days_left": -late if late <= 0 and claim.due_on and claim.open_fen else None,
        "flag": REVIEW_FLAG if flagged else "",
    }


def _accounts(claim: Claim) -> list[tuple[words.Word, int]]:
    settled = claim.face_fen - claim.open_fen
    return [
        (words.Word("应收（可用）", "free"), claim.receivable_fen),
        (words.of(words.ACCOUNTS, "disputed"), claim.disputed_fen),
        (words.of(words.ACCOUNTS, "reserved"), claim.reserved_fen),
        (words.of(words.ACCOUNTS, "assigned"), claim.assigned_fen),
        (words.Word("已付或冲减", "paid or credited"), settled),
    ]


def _dates(claim: Claim) -> list[tuple[words.Word, date | None]]:
    return [
        (word, getattr(claim, name))
        for name, word in words.DATES.items()
        if name != "agreed_due_on" or claim.agreed_due_on
    ]


def _event(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event as a page tells it: its words, who did it, and the facts worth reading."""
    data = event["data"]
    facts = [
        (word, _fact(name, data[name]))
        for name, word in words.FACTS.items()
        if data.get(name) not in (None, "", "0.00")
    ]
    return {
        "word": words.of(words.EVENTS, event["type"]),
        "actor": event["actor"] or event["actor_party_name"] or "–",
        "at": event["occurred_at"],
        "facts": facts,
    }


def _fact(name: str, value: object) -> str:
    """Return a fact of an event for people: amounts grouped, codes of reasons by their words."""
    if name in words.MONEY_FACTS:
        return grouped(str(value))
    return words.of(words_arrears.FACT_WORDS, str(value)).zh
