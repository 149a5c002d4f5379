"""The mail catcher speaks SMTP and keeps every mail."""

import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest

from services.ledger.installation.home import LOOPBACK, Home
from services.ledger.installation.spawn import wait_until


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    port = Home.at(tmp_path).port("smtp")
    command = [sys.executable, "-m", "services.ledger.installation.mail"]
    with subprocess.Popen([*command, "--home", str(tmp_path), "--port", str(port)]) as catcher:
        assert wait_until(lambda: answers(port), seconds=10)
        yield port
        catcher.send_signal(signal.SIGTERM)
        assert catcher.wait(10) == 0


def answers(port: int) -> bool:
    try:
        with smtplib.SMTP(LOOPBACK, port):
            return True
    except OSError:
        return False


def mail(subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ledger@a.cn", "supplier@b.cn", subject
    message.set_content(text)
    return message


def test_every_mail_is_kept_as_it_was_sent_in_the_order_of_arrival(
    tmp_path: Path, port: int
) -> None:
    with smtplib.SMTP(LOOPBACK, port) as client:
        for number in range(3):
            client.send_message(mail(f"账款逾期 {number}", "应付 1234.50 元\n.\n"))

    files = sorted(tmp_path.joinpath("mail").glob("*.eml"))
    kept = [BytesParser(policy=default).parsebytes(file.read_bytes()) for file in files]
    assert [message["Subject"] for message in kept] == [f"账款逾期 {n}" for n in range(3)]
    assert kept[0]["X-Envelope-To"] == "supplier@b.cn"
    assert isinstance(kept[0], EmailMessage)
    assert kept[0].get_content().splitlines() == ["应付 1234.50 元", "."]
    assert {file.stat().st_mode & 0o077 for file in files} == {0}


def test_a_mail_too_large_is_refused_and_not_kept(tmp_path: Path, port: int) -> None:
    with (
        smtplib.SMTP(LOOPBACK, port) as client,
        pytest.raises(smtplib.SMTPResponseException, match="552"),
    ):
        client.send_message(mail("large", "x" * 11 * 1024 * 1024))

    assert list(tmp_path.joinpath("mail").iterdir()) == []
