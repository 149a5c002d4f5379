"""Where webhooks may go: out, to public addresses, and never into the network we stand in.

A name is looked up in the one function that connects, every address it has is checked, and the
connection goes to a checked address: there is no second lookup that could say something else.
"""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpx2

from services.ledger.config import Settings
from services.ledger.errors import LedgerError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Lookup = Callable[[str, int], Sequence[str]]
"""From a name and port to all its addresses; `OSError` if it has none."""
LONGEST_URL: Final = 2_000
_PORTS: Final = {"https": 443, "http": 80}
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\.?$)(?:{_LABEL}\.)+({_LABEL})\.?", re.ASCII)
"""At least two labels."""
_LOOKS_NUMERIC: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.ASCII)
_ODD: Final = re.compile(r"[\x00-\x20\x7f\\<>\"^`{|}]")
_PUBLIC_V6: Final = ip_network("2000::/3")
_NOT_PUBLIC: Final = tuple(
    ip_network(one)
    for one in (
        # IANA IPv4 Special-Purpose Address Registry.
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # A cloud's metadata on an address that looks public.
        # IPv6: what of 2000::/3 leads elsewhere or nowhere (Teredo, 6to4, documentation).
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)


class WebhookUrlError(LedgerError):
    """An address that webhooks are not sent to."""

    code = "WEBHOOK_URL_REFUSED"


class ForbiddenAddressError(Exception):
    """A name leads to an address that webhooks are not sent to."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an installation allows beside public addresses and usual ports."""

    networks: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset({443, 8443})

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        """Return the rules of an installation."""
        return cls(
            tuple(ip_network(one) for one in settings.ledger_webhook_networks.split()),
            frozenset(int(one) for one in settings.ledger_webhook_ports.split()),
        )

    def allow(self, address: Address) -> bool:
        """Say whether an address may be connected to."""
        return is_public(address) or any(address in network for network in self.networks)

    def is_own(self, host: str) -> bool:
        """Say whether a host, by its text, is this machine and allowed by name of its network."""
        named = "127.0.0.1" if host == "localhost" else host
        try:
            address = ip_address(named)
        except ValueError:
            return False
        return address.is_loopback and any(address in network for network in self.networks)


def is_public(address: Address) -> bool:
    """Say whether an address belongs to the open Internet.

    IPv6 is judged by what is given out (2000::/3) and not by what is kept back: so the forms that
    carry an IPv4 address (mapped, NAT64) are out with all others nobody has.

    >>> [is_public(ip_address(one)) for one in ("93.184.215.14", "10.0.0.1", "::ffff:10.0.0.1")]
    [True, False, False]
    """
    if address.version == 6 and address not in _PUBLIC_V6:  # noqa: PLR2004 (IPv6)
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def checked_url(text: str, rules: Rules) -> httpx2.URL:
    """Return an address that messages may be sent to, as far as its text tells.

    Raises:
        WebhookUrlError: it is malformed, or leads where nothing is sent.
    """
    try:
        url = httpx2.URL(text)
        host = url.raw_host.decode("ascii")
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise _malformed() from error
    if len(text) > LONGEST_URL or _ODD.search(text) or url.userinfo or url.fragment or not host:
        raise _malformed()
    own = rules.is_own(host)
    if url.scheme not in ({"http", "https"} if own else {"https"}):
        raise WebhookUrlError(
            "Webhooks are sent over https only.", "Webhook仅通过https发送。", field="url"
        )
    port = _PORTS[url.scheme] if url.port is None else url.port
    if port not in rules.ports and not (own and 0 < port < 1 << 16):
        ports = ", ".join(str(one) for one in sorted(rules.ports))
        raise WebhookUrlError(
            f"Webhooks are not sent to port {port}; these are open: {ports}.",
            f"Webhook不发送至端口{port}；可用端口：{ports}。",
            field="url",
        )
    if not own and not _is_name(host):
        raise WebhookUrlError(
            "The host must be a public name such as erp.example.com; a number is none.",
            "主机须为公网域名，例如erp.example.com；不接受IP地址。",
            field="url",
        )
    return url


def _is_name(host: str) -> bool:
    name = _NAME.fullmatch(host)
    # A last label that is a number makes the whole an address, in one of many forms.
    return name is not None and not _LOOKS_NUMERIC.fullmatch(name[1])


def _malformed() -> WebhookUrlError:
    return WebhookUrlError(
        f"This is no address such as https://erp.example.com/hooks: at most {LONGEST_URL}"
        " characters, without user name, fragment, spaces or backslashes.",
        f"地址无效；应形如https://erp.example.com/hooks，不超过{LONGEST_URL}个字符，"
        "不含用户名、片段、空格或反斜杠。",
        field="url",
    )


def look_up(host: str, port: int) -> list[str]:
    """Return all addresses of a name, as the system knows them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(str(error)) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def addresses_of(host: str, port: int, *, rules: Rules, lookup: Lookup) -> list[str]:
    """Return the addresses of a name, all of which may be connected to.

    One that may not condemns the others too: whoever gives both is trying something.

    Raises:
        ForbiddenAddressError: one may not be connected to.
        OSError: there is none.
    """
    found = lookup(host, port)
    if not found:
        raise OSError(f"{host} has no address")
    for one in found:
        try:
            allowed = rules.allow(ip_address(one))
        except ValueError:  # An IPv6 address with a zone: link-local.
            allowed = False
        if not allowed:
            raise ForbiddenAddressError
    return list(found)
