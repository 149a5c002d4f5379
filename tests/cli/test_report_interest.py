from datetime import date

from services.ledger.access import OPERATOR
from services.ledger.arrears.interest import Asked, claim_interest
from services.ledger.db import transaction
from services.ledger.ids import new_id
from services.ledger.payments.service import Paid, record_payment
from tests.cli.conftest import Run
from tests.ledger.make import a_receivable, acting_for


def test_claimed_interest_is_reported_apart_from_the_principal(run: Run) -> None:
    day = date(2025, 10, 8)
    with transaction() as session:
        claim = a_receivable(session)
        asked = Asked(new_id(), claim.id, "statutory", day, day)
        claim_interest(session, acting_for(claim.creditor_id, "supplier"), asked)
        paid = Paid(new_id(), "P-1", 5_00, "CNY", day, "", {claim.id: 5_00})
        record_payment(session, OPERATOR, paid)

    told = run("report", "interest", "--as-of", "2025-10-08", "--json").json
    shown = run("report", "interest", "--as-of", "2025-10-08").out

    amounts = {
        "principal_open": "1000.00",
        "claimed": "15.00",
        "waived": "0.00",
        "paid": "5.00",
        "open": "10.00",
        **dict.fromkeys(("costs_claimed", "costs_waived", "costs_paid", "costs_open"), "0.00"),
    }
    assert told["totals"] == [{"currency": "CNY", "receivables": 1, **amounts}]
    (row,) = told["rows"]
    assert {name: row[name] for name in amounts} == amounts
    assert row["receivable_id"] == str(claim.id)
    assert "尚欠 open 10.00" in shown
    assert run("report", "interest", "--as-of", "2025-10-07", "--json").json["rows"] == []
