"""What a file did is in the log: who sent it, for which party, by which request."""

from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.events import DATA
from services.ledger.access import Viewer
from tests.intake.conftest import Take
from tests.intake.files import BUYER, CLAIM_HEAD, claim, party_of


def told(session: Session, type_: str) -> list[Any]:
    """Return the events of a type; what they say must be what the contract allows."""
    found = session.connection().execute(
        text("SELECT * FROM events WHERE type = :type ORDER BY id"), {"type": type_}
    )
    events = list(found)
    for event in events:
        DATA[type_].model_validate(event.data, extra="forbid")
    return events


def test_a_file_is_told_of_once_with_what_it_brought_and_the_party_that_sent_it(
    session: Session, take: Take
) -> None:
    viewer = Viewer("buyer", "core_enterprise", party_of(session, BUYER))
    report = take("应收账款", CLAIM_HEAD, claim(1), viewer=viewer)
    take("应收账款", CLAIM_HEAD, claim(1), viewer=viewer)

    # The fixture took files in as the operator.
    [event] = [one for one in told(session, "file.imported") if one.actor == "buyer"]
    assert event.actor_party_id == viewer.party_id
    assert event.data["sha256"] == report.sha256
    assert event.data["new"] == report.new
    assert event.data["faulty_rows"] == 0
    for type_ in ("receivable.opened", "receivable.confirmed"):
        [one] = told(session, type_)
        assert (one.actor, one.actor_party_id) == ("buyer", viewer.party_id)
    contracts = told(session, "contract.registered")
    assert contracts
    assert {one.data["creditor_size_from"] for one in contracts} == {"PARTY"}


def test_a_buyers_file_does_not_say_where_its_suppliers_notices_go(
    session: Session, take: Take
) -> None:
    viewer = Viewer("buyer", "core_enterprise", party_of(session, BUYER))
    head = "统一社会信用代码,名称,类型,邮箱"
    rows = ("91330100MA30332181,甲,小型企业,mine@buyer.example", "91330100MA3038158K,乙,小型企业,")
    report = take("企业", head, *rows, viewer=viewer)

    assert [one.code for one in report.errors] == ["CONTACT_NOT_YOURS"]
    assert report.new["party"] == 1
    told_of = {one.data["email"] for one in told(session, "party.registered")}
    assert told_of == {None, "ap@buyer.example"}
