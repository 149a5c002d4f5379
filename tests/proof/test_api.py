"""Proofs over HTTP: who gets what, and that what comes back proves what it says."""

import base64
import json
import random
from datetime import timedelta
from typing import Any

import pytest

from services.ledger import config, db
from services.ledger.ids import new_id
from services.ledger.proof import ledger_verify as v
from services.ledger.proof.signing import signer
from tests.ledger.conftest import BUYER, STRANGER, Client, SignIn, invoice, opened
from tests.proof.conftest import AT, sign_the_log
from tests.proof.made import write
from tests.proof.test_tree import mutated

SHA = v.SUITES["sha256-ed25519"]
WITNESS = signer(SHA.name, "witness.example/w1", "B" * 43)


def get(client: Client, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def decoded(texts: list[str]) -> list[bytes]:
    return [base64.b64decode(text) for text in texts]


def refused(client: Client, path: str, **query: Any) -> tuple[int, str]:
    answer = client.get(path, params=query)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_an_event_is_proven_to_those_who_may_see_it(
    ledger: SignIn, buyer: Client, claim: str
) -> None:
    signed = sign_the_log()
    events = get(buyer, "/v1/events")["events"]
    position = next(one["position"] for one in events if one["type"] == "receivable.disputed")
    regulator, stranger = ledger("regulator", None), ledger("core_enterprise", STRANGER)
    for client in (buyer, regulator):
        proof = get(client, f"/v1/events/{position}/proof")
        assert proof["leaf"]["subject_id"] == claim
        leaf = v.leaf_hash(SHA, v.canonical(proof["leaf"]))
        assert base64.b64encode(leaf).decode() == proof["leaf_hash"]
        path = decoded(proof["path"])
        found = v.root_of_inclusion(SHA, position - 1, proof["tree_size"], leaf, path)
        assert found == signed.root

    nothing = "/v1/events/999999/proof"
    assert refused(stranger, f"/v1/events/{position}/proof") == (404, "NOT_FOUND")
    assert refused(stranger, nothing) == refused(buyer, nothing) == (404, "NOT_FOUND")
    assert refused(buyer, f"/v1/events/{position}/proof", size=10**9) == (
        422,
        "TREE_SIZE_UNKNOWN",
    )


def test_a_bundle_is_for_those_of_the_receivable(
    ledger: SignIn, supplier: Client, claim: str, contract: str
) -> None:
    sign_the_log()
    path = f"/v1/receivables/{claim}/proof"
    for client in (supplier, ledger("regulator", None), ledger("core_enterprise", BUYER)):
        assert get(client, path)["receivable_id"] == claim
    stranger = ledger("core_enterprise", STRANGER)
    assert refused(stranger, path) == (404, "NOT_FOUND")
    assert refused(stranger, f"/v1/receivables/{new_id()}/proof") == (404, "NOT_FOUND")
    assert refused(supplier, path, since=10**6) == (422, "TREE_SIZE_UNKNOWN")
    assert refused(supplier, path, since=0) == (422, "REQUEST_INVALID")

    young = opened(supplier, invoice(contract, invoice_number="25312000000000000777"))
    assert refused(supplier, f"/v1/receivables/{young}/proof") == (409, "PROOF_NOT_YET")


def test_checkpoints_are_listed_and_each_begins_with_the_one_before(
    supplier: Client, claim: str, contract: str
) -> None:
    sizes = [sign_the_log().size]
    for number in range(1, 6):
        opened(supplier, invoice(contract, invoice_number=f"2531200000000000070{number}"))
        sizes.append(sign_the_log(AT + timedelta(seconds=20 * number)).size)

    page = get(supplier, "/v1/checkpoints", limit=4)
    listed = page["checkpoints"]
    rest = get(supplier, "/v1/checkpoints", before=page["next_before"])
    assert [one["size"] for one in listed + rest["checkpoints"]] == sizes[::-1]
    assert rest["next_before"] is None
    assert listed[0] == get(supplier, f"/v1/checkpoints/{sizes[-1]}")
    assert listed[0]["signed_at"] == "2026-03-01T04:06:46Z"

    (key,) = get(supplier, "/v1/log-keys")
    for one in listed:
        assert v.open_note(one["note"], v.Key.read(key["key"]))
        first = rest["checkpoints"][0]
        proof = get(
            supplier, f"/v1/checkpoints/{one['size']}/consistency", **{"from": first["size"]}
        )
        both = base64.b64decode(first["root"]), base64.b64decode(one["root"])
        path = decoded(proof["path"])
        assert v.is_consistent(SHA, (first["size"], one["size"]), both, path)
    assert refused(supplier, "/v1/checkpoints/999") == (404, "NOT_FOUND")
    wrong = f"/v1/checkpoints/{sizes[0]}/consistency"
    assert refused(supplier, wrong, **{"from": sizes[1]}) == (422, "TREE_SIZE_UNKNOWN")


def test_fifty_random_proofs_that_the_api_gives_hold_and_none_of_them_broken(
    ledger: SignIn, supplier: Client, claim: str
) -> None:
    """R-15 over HTTP; `test_tree` has a thousand from the tree itself."""
    seed = random.randrange(10**9)
    chance = random.Random(seed)
    roots = {}
    for number in range(8):
        with db.transaction() as session:
            write(session, chance.randint(1, 90), first=number * 100)
        signed = sign_the_log(AT + timedelta(minutes=number))
        roots[signed.size] = signed.root
    machine = ledger("service", None)
    for _ in range(25):
        size = chance.choice(list(roots))
        index = chance.randrange(size)
        proof = get(machine, f"/v1/events/{index + 1}/proof", size=size)
        leaf, path = base64.b64decode(proof["leaf_hash"]), decoded(proof["path"])
        assert leaf == v.leaf_hash(SHA, v.canonical(proof["leaf"]))
        assert v.root_of_inclusion(SHA, index, size, leaf, path) == roots[size], seed
        broken, wrong = mutated(chance, path, index, size)
        assert v.root_of_inclusion(SHA, wrong, size, leaf, broken) != roots[size], seed

        first, second = sorted(chance.sample(list(roots), 2))
        where = f"/v1/checkpoints/{second}/consistency"
        path = decoded(get(machine, where, **{"from": first})["path"])
        both = roots[first], roots[second]
        assert v.is_consistent(SHA, (first, second), both, path), seed
        broken, wrong = mutated(chance, path, first, second)
        assert not v.is_consistent(SHA, (wrong, second), both, broken), seed


def test_a_log_without_a_checkpoint_says_so(supplier: Client, claim: str) -> None:
    assert get(supplier, "/v1/checkpoints") == {"checkpoints": [], "next_before": None}
    assert get(supplier, "/v1/log-keys") == []
    assert refused(supplier, f"/v1/receivables/{claim}/proof") == (409, "PROOF_NOT_YET")
    assert refused(supplier, "/v1/checkpoints/1/consistency", **{"from": 1})[0] == 404


def test_a_witness_cosigns_what_it_saw_and_nobody_else_does(
    ledger: SignIn, supplier: Client, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = sign_the_log()
    path = f"/v1/checkpoints/{signed.size}/cosignatures"
    at = int(AT.timestamp()) + 60
    line = WITNESS.cosign(signed.body, at=at)

    def post(text: str, where: str = path) -> tuple[int, str]:
        answer = supplier.post(where, json={"line": text})
        return answer.status_code, answer.json().get("code", answer.json().get("witness"))

    assert post(line) == (422, "COSIGNATURE_INVALID")  # nobody knows this witness yet
    monkeypatch.setenv("LEDGER_WITNESSES", str(WITNESS.key.cosigner()))
    config.settings.cache_clear()
    other = signer(SHA.name, "witness.example/w1", "E" * 43)
    for wrong in (
        other.cosign(signed.body, at=at),
        WITNESS.cosign(signed.body.replace("\n", "\n1", 1), at=at),
        WITNESS.sign(signed.body).rpartition("\n\n")[2],
        line[:-6] + "AAAA=\n",
        "— witness.example/w1 AAAA",
        f"{line}\n\n{line}",
        f"{line}— {signed.note.splitlines()[0]} AAAAAAAA",
        "nonsense",
    ):
        assert post(wrong) == (422, "COSIGNATURE_INVALID"), wrong
    assert post(line, "/v1/checkpoints/999/cosignatures") == (404, "NOT_FOUND")
    assert post(line) == post(line) == (201, "witness.example/w1")

    note = get(supplier, f"/v1/checkpoints/{signed.size}")["note"]
    assert note == signed.note + line
    assert v.open_note(note, WITNESS.key.cosigner()) == (signed.body, at)
    made = get(supplier, f"/v1/receivables/{claim}/proof")
    report = v.check(json.dumps(made).encode(), v.Given(witnesses=[WITNESS.key.cosigner()]))
    assert "saw this same log" in v.say(report)


def test_a_bundle_connects_to_several_earlier_checkpoints(
    supplier: Client, claim: str, contract: str
) -> None:
    sizes = []
    for number in range(3):
        sizes.append(sign_the_log(AT + timedelta(seconds=20 * number)).size)
        opened(supplier, invoice(contract, invoice_number=f"2531200000000000070{number}"))

    made = get(supplier, f"/v1/receivables/{claim}/proof", since=sizes[:-1])

    assert list(made["consistency"]) == [str(size) for size in sizes[:-1]]


def test_without_signing_in_there_is_nothing(ledger: SignIn, supplier: Client, claim: str) -> None:
    sign_the_log()
    nobody = ledger("supplier", None)
    nobody.headers.pop("authorization")
    for path in (
        "/v1/checkpoints",
        "/v1/checkpoints/1",
        "/v1/checkpoints/1/consistency?from=1",
        "/v1/log-keys",
        "/v1/events/1/proof",
        f"/v1/receivables/{claim}/proof",
    ):
        assert nobody.get(path).status_code == 401, path
    body = {"line": "x"}
    assert nobody.post("/v1/checkpoints/1/cosignatures", json=body).status_code == 401
