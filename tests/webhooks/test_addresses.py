"""Nothing is sent into the network we stand in (R-24).

A sentinel listens on loopback at a port that is open to webhooks, on IPv4 and IPv6. Whatever is
registered and looked up, it is never connected to.

What is tried and the controls are in `tests/webhooks/test_sentinels.py`; here is what is told by
an address alone.
"""

from ipaddress import ip_address, ip_network

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
)
from tests.webhooks.receiver import Names

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


def test_the_table_is_as_long_as_it_should_be() -> None:
    assert len(REFUSED_BY_THEIR_TEXT) >= 60


@pytest.mark.parametrize("url", REFUSED_BY_THEIR_TEXT)
def test_an_address_that_tells_by_its_text_is_not_registered(url: str) -> None:
    with pytest.raises(WebhookUrlError) as refused:
        checked_url(url, Rules())
    assert refused.value.field == "url"


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
