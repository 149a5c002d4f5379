"""R-15: a bundle is checked with the verifier's one file alone, and every forgery is named."""

import copy
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from services.ledger.proof import ledger_verify as v
from services.ledger.proof.signing import signer
from tests.ledger.conftest import Client, SignIn, invoice, opened
from tests.proof.conftest import PERSON, bundle, sign_the_log

Bundle = dict[str, Any]


def written(made: Bundle) -> bytes:
    return json.dumps(made, ensure_ascii=False).encode()


def check(made: Bundle, **given: Any) -> v.Report:
    return v.check(written(made), v.Given(**given))


def code_of(document: bytes, **given: Any) -> str:
    try:
        v.check(document, v.Given(**given))
    except v.Refused as refused:
        return refused.code
    return ""


def key_of(made: Bundle) -> v.Key:
    return v.Key.read(made["keys"][-1].splitlines()[1])


def test_a_bundle_is_proven_and_says_what_it_does_not_prove(supplier: Client, claim: str) -> None:
    signed = sign_the_log()
    made = bundle(supplier, claim)
    report = check(made)
    assert (report.receivable_id, report.size) == (claim, signed.size)
    assert [event["leaf"]["type"] for event in made["events"]] == [
        "receivable.opened",
        *["receivable.disputed"] * 3,
    ]
    assert made["reasoning"]["result"]["trace"]
    words = v.say(report)
    assert "未证明 NOT proven" in words
    assert "compare its fingerprint" in words
    assert report.fingerprint in words
    assert all(line.english and line.chinese for line in (*report.proven, *report.not_proven))
    assert "compare its fingerprint" not in v.say(check(made, key=key_of(made)))


def test_nothing_personal_is_in_a_bundle_unless_it_is_disclosed(
    supplier: Client, claim: str
) -> None:
    sign_the_log()
    closed = bundle(supplier, claim)
    assert PERSON not in json.dumps(closed["events"], ensure_ascii=False)
    assert all(set(event["leaf"]["actor"]) == {"commitment"} for event in closed["events"])

    shown = bundle(supplier, claim, disclose=True)
    assert shown["events"][1]["openings"]["data.reason"]["value"] == f"{PERSON}说少了1箱"
    assert shown["events"][0]["openings"]["actor"]["value"] == "supplier"
    assert "actor" not in shown["events"][1]["openings"]  # the buyer's, which is not its to tell
    assert "Disclosed as recorded: 4 values." in v.say(check(shown))

    shown["events"][1]["openings"]["data.reason"]["value"] = "李四说的"
    assert code_of(written(shown)) == "OPENING_FORGED"


def test_an_earlier_checkpoint_shows_whether_history_was_changed(
    ledger: SignIn, supplier: Client, claim: str, contract: str
) -> None:
    earlier = sign_the_log()
    for number in range(5):
        opened(supplier, invoice(contract, invoice_number=f"2531200000000000008{number}"))
    newer = sign_the_log()
    assert newer.size == earlier.size + 5

    made = bundle(supplier, claim, since=earlier.size)
    report = check(made, checkpoint=earlier.note)
    assert "Nothing in the log changed since" in v.say(report)
    assert check(made, checkpoint=newer.note)

    without = bundle(supplier, claim)
    assert code_of(written(without), checkpoint=earlier.note) == "CONSISTENCY_MISSING"
    other = earlier.note.replace("127.0.0.1", "127.0.0.2")
    assert code_of(written(made), checkpoint=other) == "CHECKPOINT_FORGED"
    forged = json.loads(written(made))
    path = forged["consistency"][str(earlier.size)]
    forged["consistency"][str(earlier.size)] = path[::-1]
    assert code_of(written(forged), checkpoint=earlier.note) in {"LOG_REWRITTEN", "BUNDLE_ALTERED"}


def resigned(made: Bundle) -> Bundle:
    """Sign a changed bundle with a key of one's own, as a forger would."""
    forger = signer(made["suite"], key_of(made).name, "Z" * 43)
    made["keys"] = [forger.sign(f"{forger.key.name}/key\n{forger.key}\n")]
    body = made["checkpoint"].rpartition("\n\n")[0] + "\n"
    made["checkpoint"] = forger.sign(body, at=1)
    made["statement"] = forger.sign(v.statement_of(made))
    return made


def swap(made: Bundle) -> None:
    made["events"][1], made["events"][2] = made["events"][2], made["events"][1]


def amount(made: Bundle) -> None:
    made["events"][1]["leaf"]["data"]["amount"] = "1.00"


def other_position(made: Bundle) -> None:
    made["events"][1]["position"] += 1


def root(made: Bundle) -> None:
    lines = made["checkpoint"].split("\n")
    lines[1] = str(int(lines[1]) + 1)
    made["checkpoint"] = "\n".join(lines)


def time(made: Bundle) -> None:
    head, _, last = made["checkpoint"].rstrip("\n").rpartition(" ")
    made["checkpoint"] = f"{head} {last[:7]}{'A' if last[7] != 'A' else 'B'}{last[8:]}\n"


def foreign(made: Bundle) -> None:
    made["receivable_id"] = made["events"][0]["leaf"]["debtor_id"]


def handed_over(made: Bundle) -> None:
    thief = signer(made["suite"], key_of(made).name, "Z" * 43)
    made["keys"].append(thief.sign(f"{thief.key.name}/key\n{thief.key}\n"))


FORGERIES: list[tuple[Callable[[Bundle], object], str]] = [
    (amount, "EVENT_FORGED"),
    (other_position, "EVENT_FORGED"),
    (lambda made: made["events"][1]["path"].pop(), "EVENT_FORGED"),
    (lambda made: made["events"][1]["path"].reverse(), "EVENT_FORGED"),
    (swap, "EVENTS_REORDERED"),
    (lambda made: made["events"].insert(1, made["events"][1]), "EVENT_DUPLICATED"),
    (lambda made: made["events"].pop(1), "EVENT_MISSING"),
    (lambda made: made["events"].pop(0), "EVENT_MISSING"),
    (lambda made: made["events"].clear(), "EVENT_MISSING"),
    (lambda made: made["events"].pop(), "BUNDLE_ALTERED"),
    (foreign, "EVENT_FOREIGN"),
    (root, "CHECKPOINT_FORGED"),
    (time, "CHECKPOINT_FORGED"),
    (handed_over, "KEY_FORGED"),
    (lambda made: made["keys"].clear(), "FORMAT_UNKNOWN"),
    (lambda made: made["reasoning"]["book"].update(days_overdue=999), "BUNDLE_ALTERED"),
    (lambda made: made.update(note="added"), "BUNDLE_ALTERED"),
    (lambda made: made.update(key_fingerprint="SHA256:00"), "BUNDLE_ALTERED"),
    (lambda made: made.pop("statement"), "FORMAT_UNKNOWN"),
    (lambda made: made.update(statement="x"), "NOTE_MALFORMED"),
    (lambda made: made.update(checkpoint=made["statement"]), "CHECKPOINT_FORGED"),
    (lambda made: made.update(format="other/1"), "FORMAT_UNKNOWN"),
    (lambda made: made.update(suite="sm3-sm2"), "KEY_FORGED"),
    (lambda made: made.update(events=7), "FORMAT_UNKNOWN"),
    (lambda made: made["events"][0].update(position="x"), "FORMAT_UNKNOWN"),
    (lambda made: made["events"][0].update(position=10**30), "EVENTS_REORDERED"),
    (lambda made: made["events"][0].update(leaf=[]), "FORMAT_UNKNOWN"),
]


def test_every_forgery_has_its_own_stable_code(supplier: Client, claim: str) -> None:
    sign_the_log()
    made = bundle(supplier, claim)
    right = key_of(made)
    assert code_of(written(made), key=right) == ""
    for number, (forge, code) in enumerate(FORGERIES):
        forged = copy.deepcopy(made)
        forge(forged)
        assert code_of(written(forged)) == code, number

    assert code_of(written(made), key=signer("sha256-ed25519", "x", "Y" * 43).key) == "KEY_WRONG"
    # Whoever signs everything anew needs a key of his own, and that is not the one known.
    own = resigned(copy.deepcopy(made))
    assert code_of(written(own)) == ""
    assert code_of(written(own), key=right) == "KEY_WRONG"

    whole = written(made)
    for end in (0, 1, 100, len(whole) - 1):
        assert code_of(whole[:end]) == "UNREADABLE", end
    for other in (b"[]", b"{}", b'{"format":1}'):
        assert code_of(other) == "FORMAT_UNKNOWN"
    assert code_of(whole.replace(b"{", b'{"a":1.5,', 1)) == "UNREADABLE"
    twice = whole.replace(b'{"format":', b'{"format": "x", "format":', 1)
    assert code_of(twice) == "UNREADABLE"
    assert code_of(b'{"a":' * 100_000) == "UNREADABLE"
    assert code_of(b"\xff\xfe" + whole) == "UNREADABLE"


def test_no_byte_of_a_bundle_can_be_changed_unseen(supplier: Client, claim: str) -> None:
    """A thousand random changes of bytes and their order: none passes, none crashes."""
    sign_the_log()
    made = bundle(supplier, claim)
    whole = written(made)
    seed = random.randrange(10**9)
    chance = random.Random(seed)
    for number in range(1_000):
        at = chance.randrange(len(whole))
        kind = chance.randrange(4)
        if kind == 0:
            changed = whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        elif kind == 1:
            changed = whole[:at] + whole[at + chance.randint(1, 40) :]
        elif kind == 2:
            changed = whole[:at] + whole[at - min(at, 30) : at] + whole[at:]
        else:
            changed = whole[:at] + chance.randbytes(3) + whole[at:]
        try:
            same = json.loads(changed) == made
        except (ValueError, RecursionError):
            same = False
        assert same or code_of(changed), (seed, number)


def test_the_verifier_works_alone_in_one_file(supplier: Client, claim: str, tmp_path: Path) -> None:
    sign_the_log()
    made = bundle(supplier, claim)
    tmp_path.joinpath("bundle.json").write_bytes(written(made))
    shutil.copy(v.__file__, tmp_path.joinpath("ledger_verify.py"))

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "ledger_verify.py", "bundle.json", *more]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )

    started = perf_counter()
    done = run("--key", str(key_of(made)))
    assert perf_counter() - started < 1
    assert done.returncode == 0, done.stderr
    assert "✓ 已证明 PROVEN" in done.stdout
    assert json.loads(run("--json").stdout)["proven"] is True

    made["events"].pop(1)
    tmp_path.joinpath("bundle.json").write_bytes(written(made))
    done = run()
    assert done.returncode == 1
    assert "EVENT_MISSING" in done.stdout
    assert json.loads(run("--json").stdout)["code"] == "EVENT_MISSING"
    assert run("--checkpoint", "nothing.txt").returncode == 2
    assert run("--nonsense").returncode == 2


@pytest.mark.parametrize("code", sorted(v._REFUSALS))
def test_every_refusal_speaks_both_languages(code: str) -> None:
    refused = v.Refused(code, 7)
    assert refused.english.isascii()
    assert not refused.chinese.isascii()
