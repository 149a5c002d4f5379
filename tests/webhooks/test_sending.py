"""One message to a real server that behaves well or badly (R-12)."""

import gzip
import resource
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from pathlib import Path

import httpx2
import pytest

from services.ledger.webhooks.addresses import Rules
from services.ledger.webhooks.sending import Answer, Sender
from tests.webhooks.receiver import Got, Receiver, a_receiver, answer, tls_for

LOOPBACK = Rules(networks=(ip_network("127.0.0.0/8"),))
HERE = Sender(LOOPBACK, seconds=3)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as made:
        yield made


def post(receiver: Receiver, sender: Sender = HERE) -> Answer:
    return sender.post(
        httpx2.URL(receiver.url), headers={"webhook-id": "msg_1"}, body=b'{"type":"x"}'
    )


def test_a_message_arrives_as_it_was_sent(receiver: Receiver) -> None:
    answered = post(receiver)

    (got,) = receiver.got
    assert (answered.outcome, answered.status) == ("DELIVERED", 204)
    assert got.body == b'{"type":"x"}'
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["user-agent"].startswith("receivables-ledger")


@pytest.mark.parametrize(
    ("status", "outcome", "down"),
    [
        (200, "DELIVERED", False),
        (202, "DELIVERED", False),
        (299, "DELIVERED", False),
        (301, "REDIRECTED", False),
        (304, "REDIRECTED", False),
        (308, "REDIRECTED", False),
        (400, "REFUSED", False),
        (401, "REFUSED", False),
        (404, "REFUSED", False),
        (410, "GONE", False),
        (429, "REFUSED", True),
        (500, "REFUSED", True),
        (502, "REFUSED", True),
        (503, "REFUSED", True),
    ],
)
def test_only_2xx_is_arrival(receiver: Receiver, status: int, outcome: str, *, down: bool) -> None:
    receiver.answering = answer(status)
    answered = post(receiver)
    assert (answered.outcome, answered.status, answered.seems_down) == (outcome, status, down)


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with a_receiver() as elsewhere:
        receiver.answering = answer(307, location=elsewhere.url)
        assert post(receiver).outcome == "REDIRECTED"
        assert elsewhere.connections == 0
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("0", 0), ("99999999999", 86_400), ("-5", None), ("soon", None), ("１", None)],
)
def test_what_a_receiver_asks_to_wait_is_read(
    receiver: Receiver, value: str, seconds: int | None
) -> None:
    receiver.answering = answer(503, retry_after=value.encode().decode("latin-1"))
    assert post(receiver).retry_after_seconds == seconds


def mute(to: BaseHTTPRequestHandler, _: Got) -> None:
    to.connection.settimeout(10)
    to.rfile.read(1)


def drip_headers(to: BaseHTTPRequestHandler, _: Got) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nx-slow: " + b"a" * 100:
        to.wfile.write(bytes([letter]))
        to.wfile.flush()
        time.sleep(0.2)


def drip_body(to: BaseHTTPRequestHandler, _: Got) -> None:
    to.send_response(200)
    to.send_header("content-length", "1000")
    to.end_headers()
    for _number in range(1000):
        to.wfile.write(b"a")
        to.wfile.flush()
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [(mute, "TIMED_OUT"), (drip_headers, "TIMED_OUT"), (drip_body, "DELIVERED")],
)
def test_whatever_a_receiver_does_it_is_over_in_time(
    receiver: Receiver, behaviour: object, outcome: str
) -> None:
    """A byte now and then renews no limit; of a 2xx the rest is not waited for."""
    assert callable(behaviour)
    receiver.answering = behaviour
    began = time.monotonic()

    answered = post(receiver)

    assert answered.outcome == outcome
    assert time.monotonic() - began < 5
    assert answered.took_ms < 5_000


def test_a_huge_answer_is_not_read(receiver: Receiver) -> None:
    sent = []

    def flood(to: BaseHTTPRequestHandler, _: Got) -> None:
        to.send_response(200)
        to.end_headers()
        for _number in range(200):
            to.wfile.write(b"a" * 1_000_000)
            sent.append(1)

    receiver.answering = flood
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answered = post(receiver)

    assert answered.outcome == "DELIVERED"
    assert answered.text == "a" * 500
    assert len(sent) < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


def test_a_compressed_answer_is_not_unpacked(receiver: Receiver) -> None:
    receiver.answering = answer(200, gzip.compress(b"a" * 10_000_000), content_encoding="gzip")
    assert post(receiver).text == ""
    assert receiver.got[0].headers["accept-encoding"] == "identity"


def test_control_characters_of_an_answer_are_not_kept(receiver: Receiver) -> None:
    receiver.answering = answer(500, "坏\x1b[31m\x00\r\n\u202e了".encode() + b"\xff")
    assert post(receiver).text == "坏 [31m    了\ufffd"


def test_what_is_no_http_is_broken_and_what_is_not_there_unreachable(receiver: Receiver) -> None:
    def nonsense(to: BaseHTTPRequestHandler, _: Got) -> None:
        to.wfile.write(b"220 smtp.example.com ESMTP\r\n")

    receiver.answering = nonsense
    assert post(receiver).outcome == "BROKEN"
    nowhere = Receiver(url="http://127.0.0.1:1/hooks")
    assert post(nowhere).outcome == "UNREACHABLE"

    def no_such_name(host: str, port: int) -> list[str]:
        raise OSError(host, port)

    assert post(receiver, Sender(LOOPBACK, lookup=no_such_name)).outcome == "UNREACHABLE"


def test_no_proxy_is_taken_from_the_environment(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_receiver() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert post(receiver).outcome == "DELIVERED"
        assert proxy.connections == 0


def test_tls_speaks_of_the_name_and_goes_to_the_address_that_was_checked(tmp_path: Path) -> None:
    server, client = tls_for("hooks.example.com", tmp_path)
    with a_receiver(server) as receiver:
        url = f"https://hooks.example.com:{receiver.port}/hooks"
        here = Sender(LOOPBACK, lookup=lambda *_: ["127.0.0.1"], tls=client, seconds=3)

        assert here.post(httpx2.URL(url), headers={}, body=b"{}").outcome == "DELIVERED"
        assert receiver.names == ["hooks.example.com"]
        assert receiver.got[0].headers["host"] == f"hooks.example.com:{receiver.port}"

        other = url.replace("hooks.example.com", "other.example.com")
        strange = here.post(httpx2.URL(other), headers={}, body=b"{}")
        assert strange.outcome == "UNREACHABLE"
        assert "certificate" in strange.text.lower()

        untrusting = Sender(LOOPBACK, lookup=lambda *_: ["127.0.0.1"], seconds=3)
        unknown = untrusting.post(httpx2.URL(url), headers={}, body=b"{}")
        assert unknown.outcome == "UNREACHABLE"
        assert len(receiver.got) == 1


def test_the_next_address_is_tried_when_one_does_not_answer(receiver: Receiver) -> None:
    here = Sender(LOOPBACK, lookup=lambda *_: ["127.0.0.9", "127.0.0.1"], seconds=3)
    url = httpx2.URL(f"http://hooks.example.com:{receiver.port}/hooks")
    assert here.post(url, headers={}, body=b"{}").outcome == "DELIVERED"
