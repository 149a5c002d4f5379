"""A file of confirmations proposes nothing, so it confirms nothing that others have to approve."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.clock import today
from services.ledger.intake import answers
from services.ledger.intake.loading import parse_profile
from services.ledger.intake.service import Intake, commit
from services.ledger.intake.tasks import work
from services.ledger.orders.models import Contract
from services.ledger.receivables.queries import Claim
from tests.approvals import acting
from tests.approvals.conftest import Arrive
from tests.approvals.people import Person
from tests.approvals.test_http import proposed
from tests.ledger.conftest import SignIn
from tests.ledger.make import a_receivable
from tests.web.conftest import now_of
from tests.web.signing import log_of

OWN = """
profile: own
source: own
files:
  - records:
      - kind: confirmation
        fields:
          receivable: {column: id}
          "on": {column: day}
"""


def table(*claims: Claim) -> bytes:
    day = date(2025, 7, 20)
    return "".join(["id,day\n", *(f"{claim.id},{day}\n" for claim in claims)]).encode()


def taken(client: Any, *claims: Claim, committing: Any = None) -> dict[str, Any]:
    """Send a file with a profile of one's own, have it taken in, and return what became of it."""
    sent = client.post(
        "/v1/imports", files={"file": ("确权.csv", table(*claims))}, data={"profile": OWN}
    )
    assert sent.status_code == 202, sent.text
    path = f"/v1/imports/{sent.json()['id']}"
    assert work(import_id=sent.json()["id"]) == "CHECKED"
    assert (committing or client).post(f"{path}/commit").status_code == 202
    assert work(import_id=sent.json()["id"]) == "COMMITTED"
    report: dict[str, Any] = client.get(path).json()["report"]
    return report


def refused(report: dict[str, Any], *claims: Claim) -> None:
    assert [one["code"] for one in report["errors"]] == ["APPROVAL_NEEDED"] * len(claims)
    assert all("/v1/confirmations" in one["reason"] for one in report["errors"])
    assert report["new"].get("confirmation", 0) == 0
    assert {now_of(claim).confirmed_on for claim in claims} == {None}
    assert log_of("receivable.confirmed") == []


def a_file_goes_round_the_checker(ledger: SignIn, maker: Person, claim: Claim) -> None:
    """Send a file by the maker and by the buyer's key."""
    for client in (maker.client, ledger("core_enterprise", claim.debtor_id)):
        refused(taken(client, claim), claim)


def test_a_maker_or_a_key_confirms_nothing_by_file_where_a_checker_has_to(
    ledger: SignIn, maker: Person, checker: Person, claim: Claim
) -> None:
    a_file_goes_round_the_checker(ledger, maker, claim)

    assert checker.approve(proposed(maker, claim)).json()["state"] == "APPROVED"
    report = taken(maker.client, claim)
    assert (report["errors"], report["known"]) == ([], {"confirmation": 1})


def test_the_guard_of_files_would_be_seen_missing(
    ledger: SignIn, maker: Person, checker: Person, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checker
    monkeypatch.setattr(answers, "rule_for", lambda *_: None)

    with pytest.raises(AssertionError):
        a_file_goes_round_the_checker(ledger, maker, claim)


def test_a_rule_for_confirming_holds_for_files_too(ledger: SignIn, claim: Claim) -> None:
    with db.transaction() as session:
        acting.a_rule(session, claim.debtor_id, command="receivable.confirm")

    refused(taken(ledger("core_enterprise", claim.debtor_id), claim), claim)


def test_a_rule_of_nobody_lets_files_confirm(maker: Person, checker: Person, claim: Claim) -> None:
    assert checker
    with db.transaction() as session:
        acting.a_rule(session, claim.debtor_id, command="receivable.confirm", holds_for="NOBODY")

    assert taken(maker.client, claim)["new"] == {"confirmation": 1}
    assert now_of(claim).confirmed_on == date(2025, 7, 20)


def test_a_rule_for_people_holds_for_files_a_person_sent_or_had_taken_in(
    ledger: SignIn, person: Arrive, claim: Claim
) -> None:
    with db.transaction() as session:
        acting.a_rule(session, claim.debtor_id, holds_for="PEOPLE")
    maker, key = person(claim.debtor_id, "maker"), ledger("core_enterprise", claim.debtor_id)

    refused(taken(maker.client, claim), claim)
    refused(taken(maker.client, claim, committing=key), claim)
    refused(taken(key, claim, committing=maker.client), claim)
    assert taken(key, claim)["new"] == {"confirmation": 1}


def test_a_party_that_divides_nothing_confirms_by_file(maker: Person, claim: Claim) -> None:
    assert taken(maker.client, claim)["new"] == {"confirmation": 1}
    assert now_of(claim).confirmed_on is not None


def test_a_file_taken_in_on_the_machine_itself_needs_nobody(
    checker: Person, claim: Claim, tmp_path: Path
) -> None:
    assert checker
    path = tmp_path.joinpath("确权.csv")
    path.write_bytes(table(claim))

    with db.transaction() as session:
        report = commit(session, Intake(path, parse_profile(OWN), OPERATOR, today()))

    assert (report.error_count, report.new["confirmation"]) == (0, 1)


def test_only_rows_that_would_confirm_are_refused(
    maker: Person, person: Arrive, claim: Claim
) -> None:
    assert taken(maker.client, claim)["new"] == {"confirmation": 1}
    person(claim.debtor_id, "checker")
    with db.transaction() as session:
        contract = session.get_one(Contract, claim.contract_id)
        other = a_receivable(session, contract, invoice_number="DN-77")

    report = taken(maker.client, claim, other)

    assert [(one["line"], one["code"]) for one in report["errors"]] == [(3, "APPROVAL_NEEDED")]
    assert report["known"]["confirmation"] == 1
    assert now_of(other).confirmed_on is None
