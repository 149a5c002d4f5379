"""Nothing is sent into the network we stand in, whatever is registered and looked up (R-24).

Sentinels listen on loopback, on IPv4 and IPv6. They are never connected to.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from ipaddress import ip_network
from typing import Any

import httpcore2
import httpx2
import pytest

from services.ledger.webhooks import sending
from services.ledger.webhooks.addresses import (
    ForbiddenAddressError,
    Lookup,
    Rules,
    addresses_of,
    checked_url,
    look_up,
)
from services.ledger.webhooks.sending import Sender
from tests.webhooks.receiver import Names, Receiver, a_receiver, answer
from tests.webhooks.test_addresses import REFUSED_BY_THEIR_TEXT

PORT = 8443
LEADING_INSIDE = {
    "metadata.internal.example": ["169.254.169.254"],
    "aliyun.metadata.example": ["100.100.100.200"],
    "azure.wire.example": ["168.63.129.16"],
    "oracle.metadata.example": ["192.0.0.192"],
    "aws.six.example": ["fd00:ec2::254"],
    "loop.example.com": ["127.0.0.1"],
    "loop.dot.example.com.": ["127.0.0.1"],
    "loop.high.example": ["127.255.255.254"],
    "any.example.com": ["0.0.0.0"],
    "six.loop.example": ["::1"],
    "six.any.example": ["::"],
    "mapped.example.com": ["::ffff:127.0.0.1"],
    "compatible.example.com": ["::127.0.0.1"],
    "nat64.example.com": ["64:ff9b::7f00:1"],
    "nat64.local.example": ["64:ff9b:1::7f00:1"],
    "sixtofour.example.com": ["2002:7f00:1::1"],
    "teredo.example.com": ["2001:0:7f00:1::1"],
    "ula.example.com": ["fc00::1"],
    "link.example.com": ["fe80::1"],
    "zone.example.com": ["fe80::1%lo"],
    "site.example.com": ["fec0::1"],
    "multicast.example.com": ["ff02::1"],
    "multicast4.example.com": ["224.0.0.1"],
    "documentation.example.com": ["2001:db8::1", "3fff::1"],
    "ten.example.com": ["10.1.2.3"],
    "twelve.example.com": ["172.31.255.255"],
    "sixteen.example.com": ["192.168.0.1"],
    "carrier.example.com": ["100.64.0.1"],
    "benchmark.example.com": ["198.18.0.1"],
    "reserved.example.com": ["240.0.0.1"],
    "broadcast.example.com": ["255.255.255.255"],
    "both.example.com": ["93.184.215.14", "127.0.0.1"],
    "both.six.example.com": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "127.0.0.1"],
    "both.turned.example.com": ["93.184.215.14", "::1"],
}


def _aimed(url: str, port: int) -> httpx2.URL | None:
    """Return an address of the table as it would be sent to, if its host is one, and inside.

    No name is among them that a name server would have to be asked for, which tests do not.
    """
    with suppress(httpx2.InvalidURL):
        aimed = httpx2.URL(url).copy_with(scheme="http", port=port)
        host = aimed.raw_host.decode()
        public = host.endswith(("com", ".internal")) or host == "93.184.215.14"
        return aimed if host and not public else None
    return None


SENT = [url for url in REFUSED_BY_THEIR_TEXT if _aimed(url, PORT)]


@pytest.fixture
def sentinels() -> Iterator[list[Receiver]]:
    """Servers that nobody may find, on loopback of both kinds."""
    with ExitStack() as listening:
        first = listening.enter_context(a_receiver())
        found = [first]
        with suppress(OSError):  # Not every machine has IPv6.
            found.append(listening.enter_context(a_receiver(host="::1")))
        yield found


def untouched(sentinels: Sequence[Receiver]) -> None:
    assert [one.connections for one in sentinels] == [0] * len(sentinels)


def test_the_tables_are_as_long_as_they_should_be() -> None:
    assert len(SENT) == 30
    assert len(LEADING_INSIDE) == 34


@pytest.mark.parametrize("url", SENT)
def test_if_it_were_registered_nothing_inside_would_be_connected_to(
    url: str, sentinels: list[Receiver]
) -> None:
    """The second lock: what connects asks the system, and checks what it says."""
    ports = frozenset(one.port for one in sentinels)
    for port in ports:
        aimed = _aimed(url, port)
        assert aimed is not None
        told = Sender(Rules(ports=ports), seconds=2).post(aimed, headers={}, body=b"{}")
        assert told.outcome in {"ADDRESS_FORBIDDEN", "UNREACHABLE"}, url
    untouched(sentinels)


def send_inside(name: str, addresses: list[str], sentinels: list[Receiver]) -> None:
    url = checked_url(f"https://{name}:{PORT}/hooks", Rules())
    names = Names(addresses)
    for sentinel in sentinels:
        aimed = url.copy_with(scheme="http", port=sentinel.port)
        told = Sender(Rules(), lookup=names, seconds=2).post(aimed, headers={}, body=b"{}")
        untouched(sentinels)
        assert told.outcome == "ADDRESS_FORBIDDEN"
        # What the name leads to is our network's own affair.
        assert not any(address in told.text for address in addresses)


@pytest.mark.parametrize("name", LEADING_INSIDE)
def test_a_name_that_leads_inside_is_not_connected_to(name: str, sentinels: list[Receiver]) -> None:
    send_inside(name, LEADING_INSIDE[name], sentinels)


def test_a_sender_that_connects_to_whatever_a_name_leads_to_would_be_seen(
    sentinels: list[Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: names are looked up and not weighed."""

    def all_of_them(host: str, port: int, *, rules: Rules, lookup: Lookup) -> Sequence[str]:
        return lookup(host, port)

    monkeypatch.setattr(sending, "addresses_of", all_of_them)
    with pytest.raises(AssertionError):
        send_inside("loop.example.com", ["127.0.0.1"], sentinels)
    assert sentinels[0].connections == 1


def send_rebinding(sentinel: Receiver) -> None:
    """Send to a name that is allowed, with nobody there, and ours when it is asked again."""
    own = Rules(networks=(ip_network("127.0.0.2/32"),))
    url = httpx2.URL(f"http://rebinding.example.com:{sentinel.port}/")
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    told = Sender(own, lookup=names, seconds=2).post(url, headers={}, body=b"{}")
    untouched([sentinel])
    assert (told.outcome, names.asked) == ("UNREACHABLE", 1)


def test_a_name_that_changes_its_mind_while_it_is_connected_to_leads_nowhere(
    sentinels: list[Receiver],
) -> None:
    """DNS rebinding: allowed when it is checked, ours when it is connected to."""
    send_rebinding(sentinels[0])


def test_a_sender_that_looks_a_name_up_again_to_connect_would_be_seen(
    sentinels: list[Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: weighed, and then looked up once more."""

    def and_again(host: str, port: int, *, rules: Rules, lookup: Lookup) -> Sequence[str]:
        addresses_of(host, port, rules=rules, lookup=lookup)
        return lookup(host, port)

    monkeypatch.setattr(sending, "addresses_of", and_again)
    with pytest.raises(AssertionError):
        send_rebinding(sentinels[0])
    assert sentinels[0].connections == 1


def test_a_name_that_changes_its_mind_between_two_messages_is_held_to_what_it_says_now(
    sentinels: list[Receiver],
) -> None:
    sentinel = sentinels[0]
    own = Rules(networks=(ip_network("127.0.0.1/32"),))
    url = httpx2.URL(f"http://rebinding.example.com:{sentinel.port}/")
    names = Names(["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1"])

    first = Sender(own, lookup=names, seconds=2).post(url, headers={}, body=b"{}")
    second = Sender(own, lookup=names, seconds=2).post(url, headers={}, body=b"{}")

    assert (first.outcome, second.outcome) == ("DELIVERED", "ADDRESS_FORBIDDEN")
    assert names.asked == 2
    assert sentinel.connections == 1


@pytest.mark.parametrize(
    "host", ["localhost", "localhost.", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"]
)
def test_the_names_of_this_machine_are_looked_up_and_refused(
    host: str, sentinels: list[Receiver]
) -> None:
    for sentinel in sentinels:
        network = sending._Network(Rules(), look_up, sending.Deadline(2))
        with pytest.raises((ForbiddenAddressError, httpcore2.ConnectError)):
            network.connect_tcp(host, sentinel.port)
    untouched(sentinels)


def send_to_who_redirects(status: int, place: str, sentinels: list[Receiver]) -> None:
    """Send to an allowed receiver that answers with another place, and another."""
    own = Rules(networks=(ip_network("127.0.0.0/8"),))
    names = Names(["127.0.0.1"])
    location = place.format(port=sentinels[0].port)
    with a_receiver() as redirecting:
        redirecting.answering = answer(status, location=location)
        url = httpx2.URL(f"http://erp.example.com:{redirecting.port}/hooks")
        told = Sender(own, lookup=names, seconds=2).post(url, headers={}, body=b"{}")
        untouched(sentinels)
        assert (told.outcome, told.status, names.asked) == ("REDIRECTED", status, 1)
        assert redirecting.connections == 1


PLACES = [
    "http://169.254.169.254/latest/meta-data/",
    "http://localhost:{port}/",
    "http://127.0.0.1:{port}/",
    "//localhost:{port}/",
]


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
@pytest.mark.parametrize("place", PLACES)
def test_a_redirect_is_not_followed(status: int, place: str, sentinels: list[Receiver]) -> None:
    send_to_who_redirects(status, place, sentinels)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_sender_that_follows_redirects_would_be_seen(
    status: int, sentinels: list[Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: a usual client that is let to the first receiver."""

    def follows(
        sender: Sender, url: httpx2.URL, headers: Any, body: bytes
    ) -> tuple[int, None, str]:
        (there,) = sender.lookup(url.host, url.port or 0)
        with httpx2.Client(trust_env=False, follow_redirects=True) as client:
            return client.post(url.copy_with(host=there), content=body).status_code, None, ""

    monkeypatch.setattr(Sender, "_exchange", follows)
    with pytest.raises(AssertionError):
        send_to_who_redirects(status, "http://127.0.0.1:{port}/", sentinels)
    assert sentinels[0].connections == 1
