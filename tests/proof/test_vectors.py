"""The standards' own examples: RFC 8785, RFC 9162, SM2 and SM3."""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.proof import ledger_verify as v
from services.ledger.proof.canonical import NotCanonicalError, canonical


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_the_examples_of_rfc_8785_come_out_byte_by_byte(vectors: Path, name: str) -> None:
    value = json.loads(vectors.joinpath("jcs", "input", f"{name}.json").read_text("utf-8"))
    expected = vectors.joinpath("jcs", "output", f"{name}.json").read_bytes()
    assert canonical(value) == expected.strip()
    listed = vectors.joinpath("jcs", "outhex", f"{name}.txt").read_text("ascii")
    assert canonical(value) == bytes.fromhex(listed)


def double(bits: str) -> object:
    return struct.unpack(">d", bytes.fromhex(bits))[0]


@pytest.mark.parametrize(
    ("bits", "text"),
    [  # RFC 8785, appendix B
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("ffefffffffffffff", "-1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers_are_written_as_the_rfc_lists_them(bits: str, text: str) -> None:
    assert canonical(double(bits)).decode() == text


@pytest.mark.parametrize("value", [2**53 + 1, -(2**60), "\ud800", double("7ff0000000000000")])
def test_what_cannot_be_written_is_refused(value: object) -> None:
    with pytest.raises(NotCanonicalError):
        canonical({"a": value})


def test_names_are_sorted_by_utf_16_not_by_code_point() -> None:
    assert canonical({"\ue000": 1, "\U0001f600": 2}).decode() == '{"\U0001f600":2,"\ue000":1}'


NAMES = st.text(st.characters(max_codepoint=127, categories=("L", "N", "P")), max_size=9)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_the_verifier_writes_every_leaf_as_the_ledger_does(value: Any) -> None:
    assert v.canonical(value) == canonical(value)
    assert canonical(json.loads(canonical(value))) == canonical(value)


def cases(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = folder.joinpath("rfc9162_merkle_sample.jsonl").read_text("utf-8").splitlines()
    return [case for case in map(json.loads, lines) if case["file"].startswith(kind)]


def decoded(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


SHA = v.SUITES["sha256-ed25519"]


def test_inclusion_proofs_of_others_are_judged_as_they_say(vectors: Path) -> None:
    found = cases(vectors, "inclusion")
    assert {case["wantErr"] for case in found} == {True, False}
    for case in found:
        leaf, root = base64.b64decode(case["leafHash"]), base64.b64decode(case["root"] or "")
        path = decoded(case["proof"])
        size = case["treeSize"]
        given_root = v.root_of_inclusion(SHA, case["leafIdx"], size, leaf, path)
        assert (given_root != root) is case["wantErr"], case["file"]


def test_consistency_proofs_of_others_are_judged_as_they_say(vectors: Path) -> None:
    found = cases(vectors, "consistency")
    assert {case["wantErr"] for case in found} == {True, False}
    for case in found:
        sizes = case["size1"], case["size2"]
        roots = base64.b64decode(case["root1"]), base64.b64decode(case["root2"])
        good = v.is_consistent(SHA, sizes, roots, decoded(case["proof"]))
        assert good is not case["wantErr"], case["file"]


def test_the_examples_of_sm3_come_out(vectors: Path) -> None:
    for message, digest in json.loads(vectors.joinpath("sm3.json").read_text())["annex_A"]:
        assert v.sm3(bytes.fromhex(message)).hex() == digest


def test_the_example_of_sm2_is_signed_and_verified(vectors: Path) -> None:
    from services.ledger.proof.signing import sm2_public, sm2_sign  # noqa: PLC0415

    one = json.loads(vectors.joinpath("sm2.json").read_text())
    public = bytes.fromhex(one["public_x"] + one["public_y"])
    message = one["message_ascii"].encode()
    signature = bytes.fromhex(one["r"] + one["s"])
    private = int(one["private_key"], 16)

    assert sm2_public(private) == public
    assert f"{v.sm2_digest(public, message):X}" == one["e=SM3(Z||M)"]
    assert sm2_sign(private, message, once=int(one["k"], 16)) == signature
    assert v.sm2_verify(public, signature, message)
    assert v.sm2_verify(public, sm2_sign(private, message), message)
    for at in range(0, 64, 7):
        wrong = bytearray(signature)
        wrong[at] ^= 1
        assert not v.sm2_verify(public, bytes(wrong), message)
    assert not v.sm2_verify(public, signature, message + b"!")
