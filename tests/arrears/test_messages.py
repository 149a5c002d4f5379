"""What people are told of late payment: every event of it has words, and the right readers."""

from datetime import UTC, date, datetime

import pytest

from services.events import (
    ComplaintMoved,
    ComplaintTimer,
    Data,
    Event,
    InstrumentHanded,
    InterestClaimed,
    InterestWaived,
    LimitationInterrupted,
)
from services.ledger.ids import new_id
from services.notifier.messages import words
from services.notifier.rules import told

DAY = date(2025, 10, 8)
INVOICE = {"invoice_number": "25312000000000000001"}
EVENTS: list[Data] = [
    InterestClaimed(
        reading="statutory",
        from_on=DAY,
        until_on=DAY,
        amount="15.00",
        interest_open="15.00",
        **INVOICE,
    ),
    InterestWaived(amount="5.00", interest_open="10.00", reason="部分减让", **INVOICE),
    LimitationInterrupted(kind="DEMAND", on=DAY, reference="函-1", **INVOICE),
    InstrumentHanded(
        instrument_id=new_id(),
        kind="ECERT",
        amount="600.00",
        handed_on=DAY,
        matures_on=DAY,
        **INVOICE,
    ),
    ComplaintMoved(receivable_id=new_id(), step="ACCEPTED", state="ACCEPTED", **INVOICE),
    ComplaintTimer(
        receivable_id=new_id(), timer="TRANSFER", timer_due_on=DAY, late=False, **INVOICE
    ),
]


@pytest.mark.parametrize("data", EVENTS, ids=lambda data: data.type)
def test_what_follows_lateness_has_words_in_both_languages(data: Data) -> None:
    said = words(data.type, data.model_dump(mode="json"), debtor="甲公司", creditor="乙公司")

    assert INVOICE["invoice_number"] in said.subject
    assert "发票" in said.subject
    assert "invoice" in said.body.lower()
    assert "{" not in said.subject + said.body


def test_of_a_complaint_the_debtor_hears_only_what_names_it() -> None:
    debtor, creditor = new_id(), new_id()

    def readers(data: Data, debtor_id: object) -> set[object]:
        event = Event.model_validate(
            {
                "position": 1,
                "id": new_id(),
                "type": data.type,
                "subject_id": new_id(),
                "occurred_at": datetime(2025, 10, 8, tzinfo=UTC),
                "debtor_id": debtor_id,
                "creditor_id": creditor,
                "data": data.model_dump(mode="json"),
            }
        )
        return {party for party, _ in told(event)}

    moved, timer = EVENTS[4], EVENTS[5]
    assert readers(moved, None) == {creditor}
    assert readers(moved, debtor) == {creditor, debtor}
    assert readers(timer, debtor) == {creditor}
