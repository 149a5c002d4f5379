"""R-15: a bundle under every change of its members and letters, and files that are no bundle."""

import copy
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.ledger.proof import ledger_verify as v
from services.ledger.proof.signing import signer
from tests.ledger.conftest import Client, invoice, opened
from tests.proof.conftest import bundle, sign_the_log
from tests.proof.made import WITNESS
from tests.proof.test_bundle import code_of, key_of, written

Bundle = dict[str, Any]
ODD: tuple[object, ...] = (
    *(None, True, 0, 1, -1, 10**30, "", "x", "1", "—", "一", "a\n\nb\n", "\u2028", "\x1b[2J"),
    *([], {}, [[]], [None], {"a": 1}),
)
FEW: tuple[object, ...] = (None, "x", [])


def members(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a bundle, at any depth."""
    if path:
        yield path
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield from members(value[key], (*path, key))  # type: ignore[index]


def held(made: Bundle, path: tuple[Any, ...]) -> Any:
    holder: Any = made
    for key in path[:-1]:
        holder = holder[key]
    return holder


def changes(made: Bundle, odd: tuple[object, ...]) -> Iterator[tuple[str, bytes]]:
    """The bundle with one member replaced, gone, doubled or moved."""
    for path in members(made):
        for other in odd:
            forged = copy.deepcopy(made)
            held(forged, path)[path[-1]] = other
            yield f"{path} is {other!r}", written(forged)
        forged = copy.deepcopy(made)
        holder = held(forged, path)
        gone = holder.pop(path[-1])
        yield f"{path} is gone", written(forged)
        if isinstance(holder, list):
            holder.append(gone)
            yield f"{path} is last", written(forged)
            holder.insert(0, gone)
            yield f"{path} is there twice", written(forged)
        else:
            holder |= {path[-1]: gone, f"{path[-1]} ": gone}
            yield f"{path} has a twin", written(forged)


def letters(made: Bundle) -> Iterator[tuple[str, bytes]]:
    """The signed notes with one letter changed, or a line too many."""
    for name, note in [("statement", made["statement"]), ("checkpoint", made["checkpoint"])]:
        for at, letter in enumerate(note):
            for other in {chr(ord(letter) + 1), "="} - {letter}:
                changed = note[:at] + other + note[at + 1 :]
                yield f"{name}, letter {at} is {other!r}", written({**made, name: changed})
        *_, last = note.splitlines()
        for more in ("— x/y AAAA", f"— x/y {'A' * 96}", last, "x", ""):
            yield f"{name} has also {more!r}", written({**made, name: f"{note}{more}\n"})


def unseen(made: Bundle, changed: Iterator[tuple[str, bytes]]) -> tuple[int, list[str]]:
    """How many changes were tried, and those that were not refused."""
    tried, passed = 0, []
    for what, document in changed:
        tried += 1
        if not code_of(document) and json.dumps(json.loads(document)) != json.dumps(made):
            passed.append(what)
    return tried, passed


def test_no_member_and_no_letter_can_be_changed_unseen(supplier: Client, claim: str) -> None:
    sign_the_log()
    made = bundle(supplier, claim)
    assert not code_of(written(made))
    for found in (changes(made, FEW), letters(made)):
        tried, passed = unseen(made, found)
        assert tried > 500
        assert passed == []


@pytest.mark.soak
def test_twenty_thousand_changes_of_a_disclosed_bundle_are_all_refused(
    supplier: Client, claim: str, contract: str
) -> None:
    earlier = sign_the_log()
    opened(supplier, invoice(contract, invoice_number="25312000000000000077"))
    sign_the_log()
    made = bundle(supplier, claim, since=earlier.size, disclose=True)
    whole = written(made)
    everything = list(changes(made, ODD)) + list(letters(made))
    for at in range(0, len(whole), 2):
        other = b"B" if whole[at : at + 1] == b"A" else b"A"
        everything.append((f"byte {at}", whole[:at] + other + whole[at + 1 :]))
        everything.append((f"byte {at} is gone", whole[:at] + whole[at + 1 :]))
    tried, passed = unseen(made, iter(everything))
    assert tried > 20_000
    assert passed == []


def test_a_proof_or_an_event_of_another_receivable_is_refused(
    supplier: Client, claim: str, contract: str
) -> None:
    other = opened(supplier, invoice(contract, invoice_number="25312000000000000077"))
    earlier = sign_the_log()
    stale = bundle(supplier, claim)
    opened(supplier, invoice(contract, invoice_number="25312000000000000078"))
    sign_the_log()
    made, foreign = bundle(supplier, claim), bundle(supplier, other)
    for name, value, code in (
        ("events", foreign["events"], "EVENT_FOREIGN"),
        ("events", stale["events"], "EVENT_FORGED"),
        ("checkpoint", earlier.note, "EVENT_FORGED"),
        ("receivable_id", foreign["receivable_id"], "EVENT_FOREIGN"),
        ("statement", foreign["statement"], "BUNDLE_ALTERED"),
        ("statement", stale["statement"], "BUNDLE_ALTERED"),
        ("reasoning", foreign["reasoning"], "BUNDLE_ALTERED"),
    ):
        assert code_of(written({**made, name: value})) == code, name
    swapped = copy.deepcopy(made)
    swapped["events"][0]["path"] = foreign["events"][0]["path"]
    assert code_of(written(swapped)) == "EVENT_FORGED"


def test_files_that_are_no_bundle_are_refused_in_words_and_never_steer_the_terminal(
    supplier: Client, claim: str, tmp_path: Path
) -> None:
    sign_the_log()
    made = bundle(supplier, claim)
    shutil.copy(v.__file__, tmp_path / "ledger_verify.py")
    thief = signer("sha256-ed25519", "\x1b[2J\x9b2J\u202e✓已证明", "Z" * 43)
    escapes = copy.deepcopy(made)
    escapes["keys"] = [thief.sign(f"{thief.key.name}/key\n{thief.key}\n")]
    escapes["checkpoint"] = thief.sign(f"\x1b[2J\n{made['checkpoint'].split(chr(10), 1)[1]}", at=1)
    late = signer("sha256-ed25519", "x/log", "Z" * 43)
    beyond = copy.deepcopy(made)
    beyond["keys"] = [late.sign(f"x/log/key\n{late.key}\n")]
    beyond["checkpoint"] = late.sign(f"x/log\n1\n{'A' * 43}=\n", at=2**62)
    deep = b'{"format":"ledger-proof-bundle/1","suite":"sha256-ed25519","keys":'
    for document, code in (
        (written(escapes), "CHECKPOINT_FORGED"),
        (written(beyond), "NOTE_MALFORMED"),
        (written({**made, "suite": []}), "FORMAT_UNKNOWN"),
        (deep + b"[" * 100_000 + b"]" * 100_000 + b"}", "UNREADABLE"),
        (b'{"a":' + b"1" * 5_000 + b"}", "UNREADABLE"),
        (b" " * (v.LARGEST_BYTES + 1), "UNREADABLE"),
        (written(made).replace(b"1000.00", b"\\ud800"), "UNREADABLE"),
    ):
        tmp_path.joinpath("bundle.json").write_bytes(document)
        command = [sys.executable, "-I", "ledger_verify.py", "bundle.json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (1, b""), code
        said = done.stdout.decode()
        assert said.startswith(f"✗ {code}\n")
        assert all(letter.isprintable() or letter == "\n" for letter in said)


def test_an_endless_file_is_not_read_to_its_end_and_any_terminal_can_show_the_answer(
    supplier: Client, claim: str, tmp_path: Path
) -> None:
    sign_the_log()
    tmp_path.joinpath("bundle.json").write_bytes(written(bundle(supplier, claim)))
    for file, encoding, code in (("/dev/zero", "utf-8", 1), ("bundle.json", "gbk", 0)):
        done = subprocess.run(
            [sys.executable, v.__file__, file],
            cwd=tmp_path,
            env={"PYTHONIOENCODING": encoding},
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (code, b"")


def test_a_witness_that_did_not_sign_is_not_passed_over(supplier: Client, claim: str) -> None:
    signed = sign_the_log()
    made = bundle(supplier, claim)
    witness = WITNESS.key.cosigner()
    words = v.say(v.check(written(made), v.Given(key_of(made), None, [witness])))
    assert "That witness.example/w1 saw this log: no good signature" in words
    assert "give --checkpoint from an e-mail" in words
    made["checkpoint"] = signed.note + WITNESS.cosign(signed.body, at=1)
    seen, not_seen = v._witnessed(made["checkpoint"], [witness])
    assert "witness.example/w1 saw this same log at 1970" in seen[0].english
    assert not_seen == []


def test_what_is_disclosed_deep_in_an_event_is_found_and_counted() -> None:
    hidden = {"commitment": "00"}
    leaf = {"actor": hidden, "data": {"accounts": [{"bank": hidden, "no": "1"}], "more": {}}}
    assert v._at(leaf, "data.accounts.0.bank") is hidden
    assert v._committed([leaf["actor"], leaf["data"]]) == 2


def test_random_bytes_are_never_more_than_unreadable() -> None:
    chance = random.Random(11)
    assert {code_of(chance.randbytes(chance.randrange(400))) for _ in range(500)} == {"UNREADABLE"}
