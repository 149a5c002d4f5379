"""Signatures: the standard's own examples, and what no receiver must believe."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.webhooks.signing import SCHEMES, Scheme, Secret, new_secret, signed_headers
from tests.webhooks.receiver import NotGenuineError, verify

ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'


@pytest.fixture
def vector(vectors: Path) -> dict[str, Any]:
    read = json.loads(vectors.joinpath("standard_webhooks.json").read_text("utf-8"))
    assert isinstance(read, dict)
    return read


def secret_of(shown: str) -> Secret:
    return Secret("v1", base64.b64decode(shown.removeprefix("whsec_")))


def test_the_standards_example_is_signed_as_it_says(vector: dict[str, Any]) -> None:
    headers = signed_headers(
        [secret_of(vector["secret"])],
        message_id=vector["webhook-id"],
        timestamp=int(vector["webhook-timestamp"]),
        body=vector["payload"].encode(),
    )

    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert headers[name] == vector[name]
    assert secret_of(vector["secret"]).shown == vector["secret"]


def test_an_ed25519_signature_is_the_reference_implementations() -> None:
    """The example of the standard's own Go library, whose keys are 32 bytes."""
    key = Secret("v1a", base64.b64decode("VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="))

    headers = signed_headers([key], message_id=ID, timestamp=AT, body=BODY)

    assert headers["webhook-signature"] == (
        "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
    )
    verify(key.shown, headers, BODY, clock=AT)


def test_what_the_standard_says_must_fail_fails_at_our_receiver(vector: dict[str, Any]) -> None:
    """Else the receiver of these tests would believe anything, and prove nothing."""
    good = {name: vector[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    body, several = vector["payload"].encode(), "multi_signature_header_that_must_verify"
    bad: list[tuple[dict[str, str], bytes, int]] = [
        *(({k: v for k, v in good.items() if k != missing}, body, AT) for missing in good),
        ({**good, "webhook-timestamp": "hello"}, body, AT),
        ({**good, "webhook-signature": good["webhook-signature"][:-2] + "A="}, body, AT),
        ({**good, "webhook-signature": "v2" + good["webhook-signature"][2:]}, body, AT),
        ({**good, "webhook-signature": "v1,"}, body, AT),
        (good, body, AT + 301),
        (good, body, AT - 301),
        (good, b'{"test":2432232314}', AT),
    ]

    assert len(bad) == len(vector["must_fail"]) + 1 == 10  # and an empty signature
    verify(vector["secret"], good, body, clock=AT)
    verify(vector["secret"], {**good, "webhook-signature": vector[several]}, body, clock=AT)
    for headers, sent, clock in bad:
        with pytest.raises(NotGenuineError):
            verify(vector["secret"], headers, sent, clock=clock)


@given(st.sampled_from(SCHEMES), st.binary(max_size=200), st.integers(0, 2**33), st.data())
def test_a_message_is_believed_as_it_was_sent_and_not_otherwise(
    scheme: Scheme, body: bytes, at: int, data: st.DataObject
) -> None:
    secret = new_secret(scheme)
    headers = signed_headers([secret], message_id=ID, timestamp=at, body=body)
    verify(secret.shown, headers, body, clock=at)

    place = data.draw(st.integers(0, len(body)))
    changed = body[:place] + bytes([data.draw(st.integers(0, 255))]) + body[place + 1 :]
    others: list[tuple[str, dict[str, str], bytes]] = [
        (new_secret(scheme).shown, headers, body),
        (secret.shown, {**headers, "webhook-id": ID + "x"}, body),
        (secret.shown, {**headers, "webhook-timestamp": str(at + 1)}, body),
    ]
    if changed != body:
        others.append((secret.shown, headers, changed))
    for shown, said, sent in others:
        with pytest.raises(NotGenuineError):
            verify(shown, said, sent, clock=at)


def test_during_a_rotation_the_holder_of_either_secret_believes() -> None:
    old, new = new_secret("v1"), new_secret("v1a")

    headers = signed_headers([new, old], message_id=ID, timestamp=AT, body=BODY)

    assert len(headers["webhook-signature"].split(" ")) == 2
    verify(old.shown, headers, BODY, clock=AT)
    verify(new.shown, headers, BODY, clock=AT)
    with pytest.raises(NotGenuineError):
        verify(new_secret("v1").shown, headers, BODY, clock=AT)


def test_secrets_have_the_length_and_prefix_of_the_standard() -> None:
    for scheme, prefix in (("v1", "whsec_"), ("v1a", "whpk_")):
        shown = new_secret("v1" if scheme == "v1" else "v1a").shown
        assert shown.startswith(prefix)
        assert 24 <= len(base64.b64decode(shown.removeprefix(prefix), validate=True)) <= 64
