"""What the demo's suppliers offer to its platforms, and what these answer."""

from datetime import date, timedelta
from functools import partial
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.cli.demo.dice import between, pick
from services.ledger.cli.demo.people import FINANCED, PLATFORMS, Somebody
from services.ledger.cli.demo.story import Step, acting
from services.ledger.financing import exporting, queries
from services.ledger.financing.answering import Answered, take_in
from services.ledger.financing.files.tsin001 import document_number

_OFFERED_DAYS_AGO: Final = (330, 290, 250, 210, 170, 130, 90, 60, 30, 2)
_ANSWER_DAYS: Final = 4
_STATES: Final = ("FINANCED",) * 6 + ("REFUSED", "PENDING", "PENDING")
_REFUSALS: Final = ("买方授信额度已满", "单笔金额低于准入标准", "回款账户未变更")
_NOW: Final = text("SELECT clock_timestamp()")


def offers(today: date) -> list[Step]:
    """Return the steps of those suppliers that finance, each on some of the days."""
    made = []
    for days_ago in _OFFERED_DAYS_AGO:
        for number, supplier in enumerate(FINANCED):
            if between(0, 1, "offers", days_ago, number):
                on = today - timedelta(days=days_ago)
                code, platform = pick(PLATFORMS, "platform", number)
                answered = days_ago > _ANSWER_DAYS
                do = partial(_offer, supplier, code, platform, on, answered)
                made.append(Step(on, do))
    return made


def _offer(
    supplier: Somebody,
    code: str,
    platform: Somebody,
    on: date,
    answered: bool,  # noqa: FBT001 (bound by `partial`)
    session: Session,
    request_id: str,
) -> None:
    """Offer all that a supplier may; the platform's answer comes some days later, or is awaited."""
    at = session.connection().execute(_NOW).scalar_one()
    who = acting(supplier, "supplier")
    free = queries.eligible_totals(session, who, as_of=on, known_at=at)
    if not free:
        return
    export = exporting.reserve(
        session, who, platform=code, currency="CNY", as_of=on, request_id=request_id
    )
    if not answered:
        return
    answers = []
    for row in queries.rows(session, export.id):
        state = pick(_STATES, "state", row.invoice_number)
        share = between(80, 95, "share", row.invoice_number)
        answers.append(
            Answered(
                document_number=document_number(row.invoice_code, row.invoice_number),
                issued_on=row.issued_on,
                total_fen=row.face_fen,
                supplier_name=row.supplier_name,
                state=state,
                financed_fen=row.offered_fen * share // 100 if state == "FINANCED" else 0,
                reason=pick(_REFUSALS, row.invoice_number) if state == "REFUSED" else "",
            )
        )
    take_in(
        session,
        acting(platform, "platform"),
        reference=export.reference,
        answers=answers,
        on=on + timedelta(days=_ANSWER_DAYS),
        request_id=request_id,
    )
