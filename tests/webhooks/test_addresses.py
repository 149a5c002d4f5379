"""Nothing is sent into the network we stand in (R-24).

A sentinel listens on loopback at a port that is open to webhooks, on IPv4 and IPv6. Whatever is
registered and looked up, it is never connected to.

Control, by hand: with the check in `addresses_of` left out, or with a second lookup when
connecting, the sentinel is found.
"""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from ipaddress import ip_address, ip_network

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.webhooks.addresses import (
    ForbiddenAddressError,
    Rules,
    WebhookUrlError,
    addresses_of,
    checked_url,
    is_public,
    look_up,
)
from services.ledger.webhooks.sending import Sender
from tests.webhooks.receiver import Receiver, a_receiver

PORT = 8443
REFUSED_BY_THEIR_TEXT = [
    "",
    "https://",
    "https:///hooks",
    "hooks",
    "//erp.example.com/hooks",
    "http://erp.example.com/hooks",
    "ftp://erp.example.com/hooks",
    "file:///etc/passwd",
    "gopher://erp.example.com/",
    "javascript:alert(1)",
    "unix:///var/run/docker.sock",
    "https://user@erp.example.com/",
    "https://user:password@erp.example.com/",
    "https://erp.example.com@127.0.0.1/",
    "https://erp.example.com:password@127.0.0.1/",
    "https://127.0.0.1\\@erp.example.com/",
    "https://erp.example.com\\@127.0.0.1/",
    "https://erp.example.com/#@127.0.0.1/",
    "https://erp.example.com#.internal/",
    "https://erp.example.com/a b",
    "https://erp.example.com/\r\nHost: 127.0.0.1",
    "https://erp.example.com/\x00",
    "https://erp.example.com\t.internal/",
    "https://erp.example.com:80/",
    "https://erp.example.com:22/",
    "https://erp.example.com:5432/",
    "https://erp.example.com:6379/",
    "https://erp.example.com:0/",
    "https://erp.example.com:99999/",
    "https://erp.example.com:-1/",
    "https://erp.example.com:443:443/",
    "https://localhost/",
    "https://localhost:8443/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.0x1/",
    "https://127.0.0.1./",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://93.184.215.14/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.100.100.200/latest/meta-data/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1%25eth0]/",
    "https://[2002:7f00:1::]/",
    "https://１２７.0.0.1/",
    "https://ⓛocalhost/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://exa%6dple.com/",
    "https://%6c%6fcalhost/",
    "https://erp..example.com/",
    "https://.example.com/",
    "https://-/",
    "https://" + "a" * 64 + ".example.com/",
    "https://" + "a." * 130 + "com/",
    "https://erp.example.com/" + "a" * 2_000,
]
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


class Names:
    """A name server of our own, and what it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[str]:
        del host, port
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


@pytest.fixture
def sentinels() -> Iterator[list[Receiver]]:
    """Servers that nobody may find, on loopback of both kinds."""
    with ExitStack() as listening:
        first = listening.enter_context(a_receiver())
        found = [first]
        with suppress(OSError):  # Not every machine has IPv6.
            found.append(listening.enter_context(a_receiver(host="::1")))
        yield found


def test_the_table_is_as_long_as_it_should_be() -> None:
    assert len(REFUSED_BY_THEIR_TEXT) >= 60
    assert len(LEADING_INSIDE) >= 30


@pytest.mark.parametrize("url", REFUSED_BY_THEIR_TEXT)
def test_an_address_that_tells_by_its_text_is_not_registered(url: str) -> None:
    with pytest.raises(WebhookUrlError) as refused:
        checked_url(url, Rules())
    assert refused.value.field == "url"


@pytest.mark.parametrize("url", REFUSED_BY_THEIR_TEXT)
def test_and_if_it_were_registered_nothing_inside_would_be_connected_to(
    url: str, sentinels: list[Receiver]
) -> None:
    """The second lock: what connects asks the system, and checks what it says."""
    ports = frozenset(one.port for one in sentinels)
    for port in ports:
        try:
            aimed = httpx2.URL(url).copy_with(scheme="http", port=port)
        except httpx2.InvalidURL:
            continue
        if not inside(aimed.raw_host.decode()):
            continue
        answer = Sender(Rules(ports=ports), seconds=2).post(aimed, headers={}, body=b"{}")
        assert answer.outcome in {"ADDRESS_FORBIDDEN", "UNREACHABLE"}, url
    assert [one.connections for one in sentinels] == [0] * len(sentinels)


def inside(host: str) -> bool:
    """Say whether a host leads somewhere without asking a name server, which tests do not."""
    return not host.endswith(("example.com", "com", ".internal")) and bool(host)


@pytest.mark.parametrize("name", LEADING_INSIDE)
def test_a_name_that_leads_inside_is_not_connected_to(name: str, sentinels: list[Receiver]) -> None:
    url = checked_url(f"https://{name}:{PORT}/hooks", Rules())
    names = Names(LEADING_INSIDE[name])
    for sentinel in sentinels:
        aimed = url.copy_with(scheme="http", port=sentinel.port)
        answer = Sender(Rules(), lookup=names, seconds=2).post(aimed, headers={}, body=b"{}")
        assert answer.outcome == "ADDRESS_FORBIDDEN"
        # What the name leads to is our network's own affair.
        assert not any(address in answer.text for address in LEADING_INSIDE[name])
    assert [one.connections for one in sentinels] == [0] * len(sentinels)


def test_a_name_that_changes_its_mind_is_asked_once_and_held_to_it(
    sentinels: list[Receiver],
) -> None:
    """DNS rebinding: public when it is checked, ours when it is connected to."""
    sentinel = sentinels[0]
    own = Rules(networks=(ip_network("127.0.0.1/32"),))
    url = httpx2.URL(f"http://rebinding.example.com:{sentinel.port}/")
    names = Names(["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1"])

    first = Sender(own, lookup=names, seconds=2).post(url, headers={}, body=b"{}")
    second = Sender(own, lookup=names, seconds=2).post(url, headers={}, body=b"{}")

    assert (first.outcome, second.outcome) == ("DELIVERED", "ADDRESS_FORBIDDEN")
    assert names.asked == 2
    assert sentinel.connections == 1


def test_the_names_of_this_machine_are_looked_up_and_refused(sentinels: list[Receiver]) -> None:
    for host in ("localhost", "localhost.", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"):
        with pytest.raises((ForbiddenAddressError, OSError)):
            addresses_of(host, sentinels[0].port, rules=Rules(), lookup=look_up)


def test_only_what_an_installation_allows_is_allowed_besides() -> None:
    rules = Rules(networks=(ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16")))
    assert str(checked_url("http://127.0.0.1:9999/hooks", rules)) == "http://127.0.0.1:9999/hooks"
    assert checked_url("http://localhost:9999/hooks", rules).port == 9999
    # An address of the allowed network still needs a name, and TLS.
    for url in ("http://10.1.2.3/", "https://10.1.2.3/", "http://[::1]/", "http://erp.corp.cn/"):
        with pytest.raises(WebhookUrlError):
            checked_url(url, rules)
    lookup = Names(["10.1.2.3"], ["10.2.2.3"])
    assert addresses_of("erp.corp.cn", 443, rules=rules, lookup=lookup) == ["10.1.2.3"]
    with pytest.raises(ForbiddenAddressError):
        addresses_of("erp.corp.cn", 443, rules=rules, lookup=lookup)


@pytest.mark.parametrize(
    "url",
    [
        "https://erp.example.com",
        "https://erp.example.com/hooks?token=a%20b",
        "https://ERP.Example.COM:8443/hooks",
        "https://例え.jp/hooks",
        "https://xn--r8jz45g.jp/hooks",
        "https://a_b.example.com/hooks",
        "https://1.2.3.4.example.com/",
        "https://erp.example.com./",
    ],
)
def test_a_usual_address_is_taken_and_means_the_same_when_it_is_read_again(url: str) -> None:
    taken = checked_url(url, Rules())
    again = checked_url(str(taken), Rules())
    assert taken.raw_host == again.raw_host
    assert taken.raw_path == again.raw_path
    assert taken.scheme == "https"


@given(st.ip_addresses())
def test_nothing_that_the_registries_keep_back_is_public(address: object) -> None:
    one = ip_address(str(address))
    if is_public(one):
        assert one.is_global
        assert not one.is_multicast
        assert not one.is_reserved
