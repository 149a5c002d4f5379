import json
from typing import Any

from services.ledger.proof import ledger_verify as v
from tests.ledger.conftest import Client
from tests.proof.conftest import bundle, sign_the_log


def check(made: dict[str, Any], **given: Any) -> v.Report:
    return v.check(json.dumps(made, ensure_ascii=False).encode(), v.Given(**given))


def test_a_bundle_is_proven_offline(supplier: Client, claim: str) -> None:
    signed = sign_the_log()
    made = bundle(supplier, claim)
    report = check(made)
    assert report.receivable_id == claim
    assert report.size == signed.size
    assert len(made["events"]) == 4
    print(v.say(report))
    print(json.dumps(made, ensure_ascii=False, indent=1)[:3000])
