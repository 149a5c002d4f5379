"""What a regulator sees by what it is appointed to, and who appoints it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from services.ledger import db
from services.ledger.clock import now, today
from services.ledger.errors import NotFoundError
from services.ledger.ids import new_id
from services.ledger.parties import keys, scopes
from tests.access.country import Place, a_place, authority, claims, get, of
from tests.access.making import appointed, client_of, ended, rows
from tests.arrears.late import MILLION
from tests.ledger.conftest import SignIn
from tests.proof.conftest import sign_the_log
from tests.web.conftest import Person

DAY = timedelta(days=1)
AS_OF = "2025-12-31"


@dataclass(frozen=True)
class Country:
    """Two regions: 330100 and 440300."""

    hangzhou: Place
    shenzhen: Place


@pytest.fixture
def country(ledger: SignIn) -> Country:
    places = [a_place(ledger, region) for region in ("330100", "440300")]
    sign_the_log()
    return Country(*places)


def single(place: Place) -> dict[str, str]:
    """Return the addresses of what is a place's, by their area."""
    claim = f"/v1/receivables/{place.claim.id}"
    return {
        claim: "receivables",
        f"{claim}/history": "receivables",
        f"{claim}/arrears-facts": "arrears",
        f"{claim}/reasoning": "arrears",
        f"{claim}/interest-claims": "arrears",
        f"{claim}/proof": "receivables",
        f"{claim}/complaints/{place.complaint_id}": "arrears",
        f"/v1/orders/{place.order_id}": "orders",
        f"/v1/contracts/{place.claim.contract_id}": "orders",
        f"/v1/contracts/{place.claim.contract_id}/audit": "orders",
    }


def test_one_appointed_to_a_province_sees_its_debtors_and_no_others(
    country: Country,
) -> None:
    who, client = authority()
    assert claims(client) == set()  # until it is appointed

    appointed(who, "33")

    assert claims(client) == of(country.hangzhou)
    for path in single(country.hangzhou):
        assert client.get(path).status_code == 200, path
    for path in single(country.shenzhen):
        assert client.get(path).status_code == 404, path
    debtor = str(country.hangzhou.claim.debtor_id)
    events = get(client, "/v1/events", limit=500)["events"]
    undisclosed = {one["subject_id"] for one in events if one["debtor_id"] is None}
    assert undisclosed == {str(country.hangzhou.complaint_id)}
    assert {one["debtor_id"] for one in events} == {debtor, None}
    assert {"contract.registered", "receivable.opened"} <= {one["type"] for one in events}
    complaints = get(client, "/v1/complaints")["items"]
    assert [one["id"] for one in complaints] == [str(country.hangzhou.complaint_id)]
    shenzhen = f"/v1/receivables/{country.shenzhen.claim.id}/complaints"
    step = {"id": str(new_id()), "kind": "ACCEPTED", "on": "2025-10-21"}
    answer = client.post(f"{shenzhen}/{country.shenzhen.complaint_id}/steps", json=step)
    assert answer.status_code == 404, answer.text
    positions = {row.position for row in rows("SELECT position FROM sealed")}
    proven = {
        position
        for position in positions
        if client.get(f"/v1/events/{position}/proof").status_code == 200
    }
    assert proven == {one["position"] for one in events}
    assert proven < positions


def sums(client: TestClient) -> list[Decimal]:
    """Return what one asker is told of the book, figure by figure."""
    summary = get(client, "/v1/reports/summary", as_of=AS_OF)
    (money,) = summary["currencies"]
    overdue = get(client, "/v1/reports/overdue", as_of=AS_OF)
    ageing = get(client, "/v1/reports/ageing", as_of=AS_OF)
    interest = get(client, "/v1/reports/interest", as_of=AS_OF)
    eligible = get(client, "/v1/reports/eligible", as_of=AS_OF)
    assert eligible["totals"] == []
    answer = client.post("/v1/simulations", json={"as_of": AS_OF, "paid_within_days": 30})
    assert answer.status_code == 200, answer.text
    (simulated,) = answer.json()["totals"]
    parts = (summary, money, *overdue["totals"], *_figures(ageing), *_figures(interest))
    simulated_parts = (simulated, simulated["live"], simulated["simulated"])
    return [figure for part in (*parts, *simulated_parts) for figure in _numbers(part)]


def _figures(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one for name in ("bands", "totals") for one in report.get(name, []) if isinstance(one, dict)
    ]


def _numbers(part: dict[str, Any]) -> list[Decimal]:
    return [
        Decimal(value)
        for name, value in sorted(part.items())
        if name not in {"from_days", "to_days"}
        and (isinstance(value, int) or (isinstance(value, str) and _is_amount(value)))
    ]


def _is_amount(value: str) -> bool:
    return value.replace(".", "", 1).removeprefix("-").isdecimal()


def test_what_it_is_told_is_summed_over_its_region(country: Country) -> None:
    parts = []
    for region in ("33", "44", ""):
        who, client = authority()
        appointed(who, region)
        parts.append(sums(client))

    north, south, whole = parts
    assert [a + b for a, b in zip(north, south, strict=True)] == whole
    assert Decimal(MILLION) / 100 in north
    assert len(whole) > 30


def test_one_area_is_all_that_one_appointment_opens(country: Country, person: Person) -> None:
    who, client = authority()
    appointed(who, "33", "arrears")

    assert len(get(client, "/v1/complaints")["items"]) == 1
    assert get(client, "/v1/reports/summary", as_of=AS_OF)["currencies"]
    assert claims(client) == set()
    assert get(client, "/v1/events")["events"] == []
    simulation = client.post("/v1/simulations", json={"as_of": AS_OF})
    assert simulation.json()["totals"] == []
    for path, area in single(country.hangzhou).items():
        assert client.get(path).status_code == (200 if area == "arrears" else 404), path
    assert client.get("/v1/verification").status_code == 403

    browser = person("regulator")
    (row,) = rows("SELECT login FROM users WHERE role = 'regulator'")
    page = f"/console/receivables/{country.hangzhou.claim.id}"
    rows("UPDATE regulator_scopes SET ended_at = now() WHERE region = '' RETURNING 1")
    assert browser.see(page).status_code == 404
    first = appointed(row.login, "33", "arrears")
    assert browser.see(page).status_code == 404
    ended(first)
    assert browser.see(page).status_code == 404
    appointed(row.login, "33")
    assert browser.see(page).status_code == 200
    assert browser.see(f"/console/receivables/{country.shenzhen.claim.id}").status_code == 404


def test_who_is_appointed_to_receivables_handles_no_complaint(country: Country) -> None:
    who, client = authority()
    appointed(who, "33", "receivables")
    place = country.hangzhou
    step = {"id": str(new_id()), "kind": "ACCEPTED", "on": "2025-10-21"}
    steps = f"/v1/receivables/{place.claim.id}/complaints/{place.complaint_id}/steps"

    for path, area in single(place).items():
        assert client.get(path).status_code == (200 if area == "receivables" else 404), path
    assert client.post(steps, json=step).status_code == 404


def test_before_the_first_and_after_the_last_day_it_sees_nothing(country: Country) -> None:
    for from_on, until_on, sees in (
        (today() + DAY, today() + 9 * DAY, False),
        (today() - 9 * DAY, today() - DAY, False),
        (today(), today(), True),
        (today() - 9 * DAY, scopes.NO_END, True),
    ):
        who, client = authority()
        appointed(who, "33", from_on=from_on, until_on=until_on)
        assert claims(client) == (of(country.hangzhou) if sees else set()), (from_on, until_on)


def test_appointments_add_up_and_end_early_at_once(country: Country) -> None:
    who, client = authority()
    first, second = appointed(who, "3301"), appointed(who, "44", "receivables")
    assert claims(client) == of(country.hangzhou, country.shenzhen)
    assert len(get(client, "/v1/complaints")["items"]) == 1

    ended(first)
    assert claims(client) == of(country.shenzhen)
    ended(second)
    assert claims(client) == set()
    with pytest.raises(NotFoundError):
        ended(second)


def test_one_without_any_sees_nothing(country: Country) -> None:
    _, client = authority()
    rows("UPDATE api_keys SET region = '' RETURNING 1")

    assert claims(client) == set()
    assert get(client, "/v1/reports/summary", as_of=AS_OF)["currencies"] == []
    assert client.get("/v1/verification").status_code == 403


def test_a_rolled_key_may_look_at_no_more_than_the_old_one(country: Country) -> None:
    who, old = authority()
    by_nobody, _ = authority()
    given = appointed(who, "33")
    with db.transaction() as session:
        made, other = (
            keys.roll(session, keys.get(session, one), overlap=DAY, at=now(), actor="tests")
            for one in (who, by_nobody)
        )
    new = client_of(made.token)

    assert claims(client_of(other.token)) == set()
    assert claims(new) == claims(old) == of(country.hangzhou)
    ended(given)
    assert claims(new) == claims(old) == set()


def test_verification_names_no_row_to_an_authority_of_a_region(country: Country) -> None:
    rows("UPDATE balances SET receivable_fen = receivable_fen + 1 RETURNING 1")
    who, client = authority()
    whole_country = appointed(who, "")
    whole = get(client, "/v1/verification")
    assert any(finding["examples"] for finding in whole)

    ended(whole_country)
    appointed(who, "33")
    part = get(client, "/v1/verification")
    assert [one["broken"] for one in part] == [one["broken"] for one in whole]
    assert [one["examples"] for one in part] == [[]] * len(whole)
