"""A bundle for somebody who may not read all events of a receivable: whole, and silent on those."""

import copy

from services.ledger.proof import bundle as bundles
from services.ledger.proof import ledger_verify as v
from tests.access.country import get
from tests.access.test_platform_reads import (
    Market,
    buyer,
    contract,
    ledger,
    market,
    operator,
    supplier,
)
from tests.ledger.conftest import Client
from tests.proof.conftest import bundle
from tests.proof.test_bundle import Bundle, check, code_of, written

__all__ = ["buyer", "contract", "ledger", "market", "operator", "supplier"]
SUITE = v.SUITES["sha256-ed25519"]


def of_the_financed(market: Market) -> tuple[str, Bundle]:
    told = get(market.platform, "/v1/events", limit=1000)["events"]
    claim = next(one["subject_id"] for one in told if one["type"] == "receivable.financed")
    return claim, bundle(market.platform, claim, disclose=True)


def test_a_platform_checks_a_bundle_in_which_what_it_may_not_read_has_a_place_and_no_word(
    market: Market, supplier: Client
) -> None:
    claim, made = of_the_financed(market)
    hidden = [one["position"] for one in made["events"] if "withheld" in one]
    whole = bundle(supplier, claim, disclose=True)

    report = check(made)

    assert len(made["events"]) == len(whole["events"])
    assert hidden
    shown = [one["leaf"]["type"] for one in made["events"] if "withheld" not in one]
    assert shown == ["receivable.exported", "receivable.financed"]
    assert all(one.keys() == {"position", "withheld", "path"} for one in made["events"][:1])
    where = ", ".join(str(one) for one in hidden)
    assert f"What the events at {where} say, which whoever asked for this may not read." in v.say(
        report
    )
    assert "may not read" not in v.say(check(whole))


def test_nobody_withholds_an_event_after_the_bundle_was_made(market: Market) -> None:
    _, made = of_the_financed(market)
    for number, event in enumerate(made["events"]):
        hidden = copy.deepcopy(made)
        if "withheld" not in event:
            hidden["events"][number] = bundles.withheld(SUITE, event)
            assert code_of(written(hidden)) == "BUNDLE_ALTERED"
        moved = copy.deepcopy(made)
        moved["events"][number]["position"] += 1
        assert code_of(written(moved)) in {"EVENT_FORGED", "EVENT_DUPLICATED"}
    silent = copy.deepcopy(made)
    silent["events"] = [
        one if "withheld" in one else bundles.withheld(SUITE, one) for one in made["events"]
    ]
    assert code_of(written(silent)) == "EVENT_MISSING"
