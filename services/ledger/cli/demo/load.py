"""Loads the demo book once, through the services, in batches that are each there wholly or not.

A batch's request id is on its events, so a load that was killed goes on where it stopped, and
from the same day as before.
"""

from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import groupby
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac.service import edition
from services.ledger.arrears.service import assess
from services.ledger.cli.demo.finance import offers
from services.ledger.cli.demo.people import BUYERS, PLATFORMS, REGION, SUPPLIERS
from services.ledger.cli.demo.plan import contracts
from services.ledger.cli.demo.story import Step, steps
from services.ledger.db import transaction
from services.ledger.errors import LedgerError
from services.ledger.financing.platforms import register_platform
from services.ledger.orders.service import Agreement, register_contract
from services.ledger.parties.service import Registration, register

_BATCHES: Final = text(
    "SELECT DISTINCT request_id FROM events WHERE starts_with(request_id, 'demo/')"
)
_OTHERS: Final = text("SELECT count(*) FROM parties")
_NOW: Final = text("SELECT clock_timestamp()")
Progress = Callable[[int, int], None]


class NotADemoError(LedgerError):
    """A real book is not mixed with a generated one."""

    code = "BOOK_IS_NOT_EMPTY"
    status = 409


def _begun() -> tuple[date | None, set[str]]:
    """Return the day the load was begun for and the batches that are there."""
    with transaction() as session:
        done = {row.request_id for row in session.connection().execute(_BATCHES)}
        parties = session.connection().execute(_OTHERS).scalar_one()
    if parties and not done:
        raise NotADemoError(
            f"This book holds {parties} parties that are not the demo's; start it with `ledger up`,"
            " or set LEDGER_HOME to another folder for the demo.",
            f"该台账已有{parties}个非演示主体；请用 `ledger up` 启动，"
            "或将 LEDGER_HOME 设为其他目录后再演示。",
        )
    first = min(done, default="")
    return (date.fromisoformat(first.split("/")[1]) if first else None), done


def load(today: date, *, progress: Progress = lambda _done, _all: None) -> bool:
    """Load what is not there yet; return whether anything was loaded.

    Args:
        today: the day the book reaches to, if it is loaded for the first time.
        progress: told how many batches are there, of how many.

    Raises:
        NotADemoError: there is a book of others.
    """
    begun_on, done = _begun()
    day = begun_on or today
    months = groupby(
        sorted((*steps(day), *offers(day)), key=lambda step: step.on),
        key=lambda step: (step.on.year, step.on.month),
    )
    batches = [
        [Step(day, partial(_introduce, day))],
        *(list(month) for _, month in months),
        [Step(day, partial(_assess, day))],
    ]
    missing = 0
    for number, batch in enumerate(batches):
        request_id = f"demo/{day}/{number:02d}"
        if request_id not in done:
            missing += 1
            with transaction(long=True) as session:
                for step in batch:
                    step.do(session, request_id)
        progress(number + 1, len(batches))
    return missing > 0


def _introduce(day: date, session: Session, request_id: str) -> None:
    """Register the parties, the platforms and the contracts."""
    for one in (*BUYERS, *SUPPLIERS, *(somebody for _, somebody in PLATFORMS)):
        new = Registration(
            id=one.id,
            name=one.name,
            kind=one.kind,
            region=REGION,
            email=one.email,
            identifiers={"USCC": one.uscc},
        )
        register(session, OPERATOR, new, request_id)
    for code, somebody in PLATFORMS:
        register_platform(session, OPERATOR, code=code, name=somebody.name, party_id=somebody.id)
    known = edition(session)
    for contract in contracts(day):
        agreed = Agreement(
            id=contract.id,
            reference=contract.reference,
            debtor_id=contract.buyer.id,
            creditor_id=contract.supplier.id,
            signed_on=contract.signed_on,
            subject=contract.subject,
            settlement=contract.settlement,
            terms=contract.terms,
        )
        register_contract(
            session,
            OPERATOR,
            agreed,
            known.signed(contract.signed_on),
            almanac_version=known.version,
        )


def _assess(day: date, session: Session, request_id: str) -> None:
    at = session.connection().execute(_NOW).scalar_one()
    assess(session, as_of=day, at=at, request_id=request_id)
