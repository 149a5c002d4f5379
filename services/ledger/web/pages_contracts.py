"""Contracts as pages: what their terms were flagged for, and the creditor's size at signing."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from services.ledger.edges import DbSession, Note
from services.ledger.law.rule import NOTICE
from services.ledger.law.rules import flags_known
from services.ledger.orders import queries
from services.ledger.orders.service import get_contract
from services.ledger.parties import service as parties
from services.ledger.web import words_contract, words_law
from services.ledger.web.pages_edge import CONSOLE, AsOf, Id, Reader, address, page, pages

router = pages()
_LIST: Final = f"{CONSOLE}/contracts"
_PAGE: Final = 50


class ListQuery(BaseModel):
    """The query form of the list, as it stands in the address."""

    party: Note = ""
    flag: Annotated[str, Query(max_length=60)] = ""
    before_on: AsOf = None
    before: Id = None


@router.get(_LIST)
def get_list(
    request: Request, asked: Annotated[ListQuery, Query()], signed_in: Reader, session: DbSession
) -> Response:
    """List contracts with what their terms were flagged for, the latest signed first."""
    wanted = queries.Wanted(flag=asked.flag, party=asked.party.strip())
    before = (asked.before_on, asked.before) if asked.before_on and asked.before else queries.LAST
    rows = queries.contracts(session, signed_in.viewer, wanted, before=before, limit=_PAGE + 1)
    shown = rows[:_PAGE]
    given = asked.model_dump(exclude={"before_on", "before"})
    after = {"before_on": shown[-1].signed_on, "before": shown[-1].id} if shown else {}
    return page(
        request,
        "contracts.html",
        signed_in,
        asked=given,
        rows=shown,
        flags=sorted(flags_known()),
        any_flag=queries.ANY_FLAG,
        law_words=words_law,
        contract_words=words_contract,
        first=address(_LIST, **given) if asked.before else "",
        more=address(_LIST, **given, **after) if len(rows) > _PAGE else "",
        reset=_LIST,
        note=NOTICE,
    )


@router.get(_LIST + "/{contract_id:uuid}")
def get_one(request: Request, contract_id: UUID, signed_in: Reader, session: DbSession) -> Response:
    """Show one contract: its terms, what they were flagged for, the decision, the size."""
    contract = get_contract(session, signed_in.viewer, contract_id)
    return page(
        request,
        "contract.html",
        signed_in,
        contract=contract,
        debtor=parties.get(session, contract.debtor_id),
        creditor=parties.get(session, contract.creditor_id),
        law_words=words_law,
        contract_words=words_contract,
        receivables=address(f"{CONSOLE}/receivables", contract=contract.id),
        note=NOTICE,
    )
