from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from services.ledger import db
from services.ledger.ids import new_id
from services.ledger.receivables.queries import Claim
from tests.approvals.conftest import Arrive
from tests.approvals.people import Person
from tests.ledger.conftest import SignIn
from tests.ledger.make import a_receivable
from tests.web.conftest import now_of
from tests.web.signing import log_of, rows


def confirmed(who: Person, claim: Claim, **body: Any) -> Any:
    return who.client.post(f"/v1/receivables/{claim.id}/confirmation", json=body)


def proposed(who: Person, claim: Claim, **body: Any) -> dict[str, Any]:
    answer = confirmed(who, claim, **body)
    assert answer.status_code == 202, answer.text
    shown: dict[str, Any] = answer.json()
    assert answer.headers["location"] == shown["address"]
    return shown


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text


def test_a_party_without_a_checker_has_no_duty_to_approve(maker: Person, claim: Claim) -> None:
    assert confirmed(maker, claim).status_code == 200
    assert now_of(claim).confirmed_on is not None


def test_what_a_maker_proposes_is_done_when_a_checker_approves(
    maker: Person, checker: Person, claim: Claim
) -> None:
    shown = proposed(maker, claim, amount="800.00", reason="数量不符")

    assert (shown["state"], shown["amount"], shown["approvers"]) == ("WAITING", "800.00", 1)
    assert shown["facts"]["disputed"] == "200.00"
    assert now_of(claim).confirmed_on is None
    assert rows("SELECT 1 FROM confirmations") == []

    answer = checker.approve(shown)

    assert (answer.status_code, answer.json()["state"]) == (200, "APPROVED"), answer.text
    done = now_of(claim)
    assert (done.confirmed_on is not None, done.disputed_fen) == (True, 200_00)
    ((_, told),) = log_of("approval.approved")
    assert told["proposed_by"] == str(maker.viewer.user_id)
    assert told["approved_by"] == [str(checker.viewer.user_id)]
    ((actor,),) = rows("SELECT actor FROM events WHERE type = 'receivable.confirmed'")
    assert actor == f"{maker.viewer.name} / {checker.viewer.name}"


def test_a_key_of_a_party_with_a_checker_proposes(
    ledger: SignIn, checker: Person, claim: Claim
) -> None:
    erp = ledger("core_enterprise", claim.debtor_id)

    answer = erp.post(f"/v1/receivables/{claim.id}/confirmation", json={})

    assert answer.status_code == 202, answer.text
    refused(
        erp.post(
            f"{answer.json()['address']}/approval",
            json={"digest": answer.json()["digest"], "code": "123456"},
        ),
        403,
        "NOT_ALLOWED",
    )
    assert checker.approve(answer.json()).status_code == 200
    assert now_of(claim).confirmed_on is not None


def test_the_same_act_sent_again_is_the_same_proposal_and_then_the_same_answer(
    maker: Person, checker: Person, claim: Claim
) -> None:
    body = {"id": str(new_id()), "amount": "1000.00"}
    first = proposed(maker, claim, **body)

    assert proposed(maker, claim, **body)["proposal"] == first["proposal"]
    refused(confirmed(maker, claim, **{**body, "amount": "900.00"}), 409, "ID_REUSED")
    assert len(log_of("approval.requested")) == 1

    checker.approve(first)

    assert confirmed(maker, claim, **body).status_code == 200
    assert checker.approve(first).json()["state"] == "APPROVED"
    assert len(log_of("approval.approved", "receivable.confirmed")) == 2


def test_an_idempotency_key_gives_the_proposal_again(
    maker: Person, checker: Person, claim: Claim
) -> None:
    assert checker
    path = f"/v1/receivables/{claim.id}/confirmation"
    answers = [
        maker.client.post(path, json={}, headers={"idempotency-key": "one"}) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert len(rows("SELECT 1 FROM approval_proposals")) == 1


def test_a_wrong_or_used_code_approves_nothing(
    maker: Person, checker: Person, claim: Claim, person: Arrive
) -> None:
    shown = proposed(maker, claim)
    code = checker.code()
    other = proposed(maker, claim, amount="1.00")

    refused(checker.approve(shown, code="000000"), 401, "NOT_SIGNED_IN")
    without = person(claim.debtor_id, "checker", with_phone=False)
    answer = without.client.post(
        f"{shown['address']}/approval", json={"digest": shown["digest"], "code": "000000"}
    )
    refused(answer, 403, "APPROVAL_NEEDS_CODE")
    code = checker.code()
    assert checker.client.post(
        f"{shown['address']}/approval", json={"digest": shown["digest"], "code": code}
    ).is_success
    again = checker.client.post(
        f"{other['address']}/approval", json={"digest": other["digest"], "code": code}
    )
    refused(again, 401, "NOT_SIGNED_IN")


def test_nobody_approves_their_own(maker: Person, checker: Person, claim: Claim) -> None:
    refused(maker.approve(proposed(maker, claim)), 403, "APPROVAL_OWN")
    refused(checker.approve(proposed(checker, claim)), 403, "APPROVAL_OWN")
    assert now_of(claim).confirmed_on is None


def test_what_was_shown_is_what_is_approved(maker: Person, checker: Person, claim: Claim) -> None:
    shown = proposed(maker, claim)

    refused(checker.approve({**shown, "digest": "0" * 64}), 409, "APPROVAL_DIFFERS")


def test_a_proposal_that_the_book_has_overtaken_is_refused(
    maker: Person, checker: Person, ledger: SignIn, claim: Claim
) -> None:
    shown = proposed(maker, claim)
    supplier = ledger("supplier", claim.creditor_id)
    credited = supplier.post(f"/v1/receivables/{claim.id}/credits", json={"amount": "100.00"})
    assert credited.status_code == 200

    refused(checker.approve(shown), 409, "APPROVAL_STALE")

    assert now_of(claim).confirmed_on is None
    assert checker.get(shown["address"])["state"] == "WAITING"
    assert checker.get(shown["address"])["votes"] == []
    assert log_of("approval.approved") == []


def test_when_the_command_is_refused_no_vote_is_left(
    maker: Person, checker: Person, claim: Claim
) -> None:
    first, second = proposed(maker, claim), proposed(maker, claim, amount="1000.00")
    assert checker.approve(first).status_code == 200

    refused(checker.approve(second), 409, "ALREADY_CONFIRMED")

    assert checker.get(second["address"])["votes"] == []
    assert len(log_of("approval.approved")) == 1
    assert checker.reject(second).json()["state"] == "REJECTED"


def test_who_proposed_must_still_be_there(maker: Person, checker: Person, claim: Claim) -> None:
    shown = proposed(maker, claim)
    with db.transaction() as session:
        session.connection().exec_driver_sql(
            "UPDATE users SET disabled_at = now() WHERE duty = 'maker'"
        )

    refused(checker.approve(shown), 409, "APPROVAL_PROPOSER_GONE")
    assert now_of(claim).confirmed_on is None


def test_two_checkers_at_one_time_do_it_once(
    maker: Person, checker: Person, person: Arrive, claim: Claim
) -> None:
    shown = proposed(maker, claim)
    both = [checker, person(claim.debtor_id, "checker")]
    codes = [one.code() for one in both]
    start = Barrier(2)

    def approve(place: int) -> Any:
        start.wait()
        return both[place].client.post(
            f"{shown['address']}/approval", json={"digest": shown["digest"], "code": codes[place]}
        )

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(approve, range(2)))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "APPROVAL_CLOSED"}
    assert len(rows("SELECT 1 FROM approval_votes")) == 1
    assert len(log_of("receivable.confirmed")) == 1


def test_a_proposal_is_rejected_or_taken_back_for_good(
    maker: Person, checker: Person, claim: Claim
) -> None:
    first, second = proposed(maker, claim), proposed(maker, claim)

    assert checker.reject(first).json()["state"] == "REJECTED"
    back = f"{second['address']}/withdrawal"
    refused(checker.client.post(back), 403, "APPROVAL_NOT_YOURS")
    assert maker.client.post(back).json()["state"] == "WITHDRAWN"

    for shown in (first, second):
        refused(checker.approve(shown), 409, "APPROVAL_CLOSED")
    assert [type_ for type_, _ in log_of("approval.rejected", "approval.withdrawn")] == [
        "approval.rejected",
        "approval.withdrawn",
    ]


@pytest.mark.parametrize("way", ["approval", "rejection", "withdrawal"])
def test_to_strangers_there_is_no_proposal(
    maker: Person, checker: Person, person: Arrive, ledger: SignIn, claim: Claim, way: str
) -> None:
    shown = proposed(maker, claim)
    assert checker
    body = {"digest": shown["digest"], "code": "123456", "reason": "无"}
    strangers = [
        person(claim.creditor_id, "checker", role="supplier").client,
        person(None, role="operator").client,
        ledger("regulator", None),
        ledger("supplier", claim.creditor_id),
    ]

    for stranger in strangers:
        found = [
            (answer.status_code, {**answer.json(), "request_id": ""})
            for answer in (
                stranger.get(shown["address"]),
                stranger.post(f"{shown['address']}/{way}", json=body),
                stranger.get(f"/v1/approvals/{new_id()}"),
            )
        ]
        assert found[0] == found[1] == found[2]
        assert found[0][0] == 404
        assert stranger.get("/v1/approvals").json()["items"] == []


def test_many_are_proposed_and_decided_at_once_each_by_itself(
    maker: Person, checker: Person, claim: Claim
) -> None:
    with db.transaction() as session:
        more = [a_receivable(session) for _ in range(2)]
    items = [{"receivable_id": str(one)} for one in (claim.id, more[0].id)]
    answer = maker.client.post("/v1/confirmations", json={"items": [*items, items[0]]})

    assert answer.status_code == 202, answer.text
    codes = [(row["ok"], row["code"]) for row in answer.json()]
    assert codes == [(False, "APPROVAL_WAITS"), (False, "NOT_FOUND"), (False, "APPROVAL_WAITS")]
    waiting = checker.get("/v1/approvals", state="WAITING")["items"]
    assert len(waiting) == 2
    wanted = [{"proposal": one["proposal"], "digest": one["digest"]} for one in waiting]
    wanted.append({"proposal": str(UUID(int=1)), "digest": "0" * 64})

    decided = checker.client.post(
        "/v1/approvals/decisions",
        json={"decision": "approve", "items": wanted, "code": checker.code()},
    )

    assert [(row["ok"], row["code"]) for row in decided.json()] == [
        (True, ""),
        (False, "ALREADY_CONFIRMED"),
        (False, "NOT_FOUND"),
    ]
    assert now_of(claim).confirmed_on is not None


def test_a_list_goes_on_by_its_cursor(maker: Person, checker: Person, claim: Claim) -> None:
    made = [proposed(maker, claim)["proposal"] for _ in range(3)]

    first = checker.get("/v1/approvals", limit=2, command="receivable.confirm")
    rest = checker.get("/v1/approvals", limit=2, command="receivable.confirm", cursor=first["next"])

    assert [one["proposal"] for one in (*first["items"], *rest["items"])] == made
    assert rest["next"] is None
    assert checker.get("/v1/approvals", about=str(new_id()))["items"] == []
