"""An e-mail is what it should be: both languages, one Message-ID for ever, nothing injected."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.events import ReceivableRefused
from services.notifier.channels.smtp import Parcel, compose
from services.notifier.config import Settings
from services.notifier.messages import Words, one_line, usable_address
from services.notifier.service import catch_up
from tests.notifier.fakes import CREDITOR, Catcher, FakeLedger, register

_SENDER = "应收账款台账 <notice@ledger.example>"
_INJECTED = "ACME\r\nBcc: spy@example.com\r\n\r\nPay to another account"


def parcel(**changed: object) -> Parcel:
    fields: dict[str, object] = {
        "id": UUID(int=1),
        "attempt": 1,
        "name": "供应商",
        "address": "a@example.com",
        "words": Words("主题 | subject", "正文\nbody\n"),
        "planned_at": datetime(2026, 11, 30, 16, 30, tzinfo=UTC),
        "maybe_sent": False,
    }
    return Parcel(**(fields | changed))  # type: ignore[arg-type]  # a test's shorthand


def test_a_repeat_has_the_same_id_and_says_that_it_may_be_one() -> None:
    first, again = compose(parcel(), _SENDER), compose(parcel(maybe_sent=True), _SENDER)

    assert first["Message-ID"] == again["Message-ID"] == f"<{UUID(int=1)}@ledger.example>"
    assert first["Date"] == again["Date"]
    assert "可能重复" not in first.as_string()
    assert "X-Possible-Duplicate" not in first
    assert again["X-Possible-Duplicate"] == "yes"
    assert str(again["Subject"]).startswith("【可能重复】主题")
    assert again.get_content().startswith("可能重复")


def test_every_line_on_the_wire_is_ascii_and_ends_as_smtp_wants() -> None:
    raw = compose(parcel(), _SENDER).as_bytes()

    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(len(line) for line in raw.splitlines()) < 998


def test_a_name_with_line_breaks_makes_no_header_and_no_line(
    config: Settings, ledger: FakeLedger, catcher: Catcher
) -> None:
    register(ledger, CREDITOR, _INJECTED, "creditor@example.com")
    refused = ReceivableRefused(
        platform=f"平台\u2028{_INJECTED}", reason="\u202egnorw", invoice_number="INV\n.\nQUIT"
    )
    ledger.append(refused)

    catch_up(config)

    (mail,) = catcher.mails
    assert mail["Bcc"] is None
    assert mail["To"].addresses[0].display_name == one_line(_INJECTED)
    assert mail["To"].addresses[0].addr_spec == "creditor@example.com"
    body = mail.get_content()
    assert "\u202e" not in body
    assert "\nPay to" not in body
    assert "\n.\n" not in body.replace("\r", "")
    assert "发票号码：INV . QUIT" in body


def test_a_template_is_filled_once(config: Settings, ledger: FakeLedger, catcher: Catcher) -> None:
    ledger.append(ReceivableRefused(platform="{debtor.__class__}", reason="{platform}"))

    catch_up(config)

    assert "理由：{platform}" in catcher.mails[0].get_content()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@example.com, b@example.com",
        "a@example.com\r\nRCPT TO:<b@example.com>",
        "<a@example.com>",
        "a b@example.com",
        "a@exa mple.com",
        "é@example.com",
        ".a@example.com",
        "a@" + "x" * 260 + ".com",
    ],
)
def test_an_address_that_is_not_exactly_one_is_not_used(address: str) -> None:
    assert usable_address(address) is None


def test_an_ordinary_address_is_used() -> None:
    assert usable_address(" first.last+tag@mail.example.cn ") == "first.last+tag@mail.example.cn"


def test_a_name_no_database_can_hold_does_not_stop_the_log(
    config: Settings, ledger: FakeLedger
) -> None:
    register(ledger, CREDITOR, "a\x00b", "creditor@example.com")
    ledger.append(ReceivableRefused(platform="P\x00"))

    assert catch_up(config) == 2
