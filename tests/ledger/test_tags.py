"""Reads have tags, and an act may ask that nothing has changed since it was read."""

import pytest

from tests.ledger.conftest import STRANGER, Client, SignIn, invoice, opened


@pytest.fixture
def claim(supplier: Client, contract: str) -> str:
    return f"/v1/receivables/{opened(supplier, invoice(contract))}"


def test_what_has_not_changed_is_not_sent_again(buyer: Client, claim: str) -> None:
    tag = buyer.get(claim).headers["etag"]

    again = buyer.get(claim, headers={"if-none-match": tag})
    buyer.post(f"{claim}/disputes", json={"amount": "1.00", "reason": "数量"})
    changed = buyer.get(claim, headers={"if-none-match": tag})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_a_confirmation_of_what_was_seen_goes_through(buyer: Client, claim: str) -> None:
    seen = {"if-match": buyer.get(claim).headers["etag"]}

    assert buyer.post(f"{claim}/confirmation", json={}, headers=seen).status_code == 200


def test_a_tag_counts_among_others_and_for_reading_also_when_called_weak(
    buyer: Client, claim: str
) -> None:
    tag = buyer.get(claim).headers["etag"]

    for seen in (f"W/{tag}", f'"x", {tag}', f'{tag},"x"', "*"):
        assert buyer.get(claim, headers={"if-none-match": seen}).status_code == 304, seen
    assert buyer.get(claim, headers={"if-none-match": '"x"'}).status_code == 200
    dispute = {"amount": "1.00", "reason": "数量"}
    for seen, status in ((f"W/{tag}", 412), ('"x"', 412), (f'"x", {tag}', 200)):
        answer = buyer.post(f"{claim}/disputes", json=dispute, headers={"if-match": seen})
        assert answer.status_code == status, seen


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("confirmation", {}),
        ("disputes", {"amount": "2.00", "reason": "x"}),
        ("resolutions", {"amount": "1.00", "reason": "x", "outcome": "upheld"}),
    ],
)
def test_an_act_on_what_has_changed_since_it_was_read_is_refused(
    buyer: Client, supplier: Client, claim: str, act: str, body: dict[str, str]
) -> None:
    seen = {"if-match": buyer.get(claim).headers["etag"]}
    buyer.post(f"{claim}/disputes", json={"amount": "1.00", "reason": "数量"})
    before = buyer.get(claim).content

    answer = buyer.post(f"{claim}/{act}", json=body, headers=seen)

    assert (answer.status_code, answer.json()["code"]) == (412, "CHANGED_SINCE")
    assert buyer.get(claim).content == before
    assert buyer.post(f"{claim}/{act}", json=body, headers={"if-match": "*"}).status_code == 200


def test_a_stranger_learns_nothing_from_a_tag(ledger: SignIn, supplier: Client, claim: str) -> None:
    seen = {"if-match": supplier.get(claim).headers["etag"]}

    answer = ledger("core_enterprise", STRANGER).post(
        f"{claim}/confirmation", json={}, headers=seen
    )

    assert answer.status_code == 404


def test_whoever_acts_for_nobody_is_refused_an_act_with_a_tag_as_without(
    ledger: SignIn, buyer: Client, claim: str
) -> None:
    seen = {"if-match": buyer.get(claim).headers["etag"]}
    authority = ledger("regulator", None)

    answer = authority.post(f"{claim}/confirmation", json={}, headers=seen)

    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")
