"""E-mail over SMTP, and an honest word on what became of it."""

import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit
from uuid import UUID

from services.notifier.config import Settings
from services.notifier.messages import Words, one_line, usable_address

_OK = 250
_RECIPIENT_OK = {250, 251}
_CLOSING = 421
log = logging.getLogger("notifier.smtp")


@dataclass(frozen=True, slots=True)
class Parcel:
    """One e-mail as it is claimed; the same again at every attempt, but for the warning."""

    id: UUID
    attempt: int
    name: str
    address: str
    words: Words
    planned_at: datetime
    maybe_sent: bool
    digest: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to. `unknown`: the server may have taken the e-mail, it did not say."""

    sent: bool = False
    unknown: bool = False
    error: str | None = None
    line_lost: bool = False
    """The connection is of no more use."""


def compose(parcel: Parcel, sender: str) -> EmailMessage:
    """Return the e-mail. Its Message-ID never changes, so a receiver can tell a repeat."""
    mail = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    mail["From"] = Address(display_name=one_line(name), addr_spec=address)
    mail["To"] = Address(display_name=one_line(parcel.name), addr_spec=parcel.address)
    mail["Date"] = format_datetime(parcel.planned_at)
    mail["Message-ID"] = f"<{parcel.id}@{address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    subject, body = parcel.words.subject, parcel.words.body
    if parcel.maybe_sent:
        mail["X-Possible-Duplicate"] = "yes"
        subject = f"【可能重复】{subject}"
        body = (
            "可能重复：此前一次发送结果不明，如已收到请忽略本邮件。\n"
            "Possible duplicate: the outcome of an earlier attempt is unknown.\n\n" + body
        )
    mail["Subject"] = subject
    mail.set_content(body, cte="base64")
    return mail


class Mailer:
    """One conversation with the mail server."""

    def __init__(self, line: smtplib.SMTP, sender: str) -> None:
        self._line = line
        self._sender = sender

    def send(self, parcel: Parcel) -> Outcome:
        """Hand one e-mail over. Failures are outcomes, since each has its consequence."""
        content = compose(parcel, self._sender).as_bytes()
        try:
            refused = self._envelope(parcel.address)
        except OSError as error:  # smtplib's errors are OSErrors too.
            return Outcome(error=_text(error), line_lost=True)
        if refused is not None:
            return refused
        try:
            code, answer = self._line.data(content)
        except smtplib.SMTPDataError as error:
            return self._refused(error.smtp_code, error.smtp_error)
        except OSError as error:
            return Outcome(unknown=True, error=_text(error), line_lost=True)
        return Outcome(sent=True) if code == _OK else self._refused(code, answer)

    def _envelope(self, address: str) -> Outcome | None:
        code, answer = self._line.mail(parseaddr(self._sender)[1])
        if code != _OK:
            return self._refused(code, answer)
        code, answer = self._line.rcpt(address)
        if code not in _RECIPIENT_OK:
            return self._refused(code, answer)
        return None

    def _refused(self, code: int, answer: bytes | str) -> Outcome:
        said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        line_lost = code == _CLOSING
        if not line_lost:
            try:
                self._line.rset()
            except OSError:
                line_lost = True
        return Outcome(error=f"{code} {one_line(said)}", line_lost=line_lost)


def _text(error: OSError) -> str:
    return one_line(f"{type(error).__name__}: {error}")


@contextmanager
def open_line(config: Settings) -> Iterator[Mailer]:
    """Connect to the mail server.

    Raises:
        OSError: it cannot be reached or does not let us in. Nothing has been claimed by then.
        ValueError: the sender is not an address.
    """
    if usable_address(parseaddr(config.notifier_from)[1]) is None:
        raise ValueError(f"NOTIFIER_FROM is not an address: {config.notifier_from!r}.")
    url = urlsplit(config.notifier_smtp_url)
    host, timeout = url.hostname or "localhost", config.notifier_smtp_timeout_seconds
    line: smtplib.SMTP
    if url.scheme == "smtps":
        context = ssl.create_default_context()
        line = smtplib.SMTP_SSL(host, url.port or 465, timeout=timeout, context=context)
    else:
        line = smtplib.SMTP(host, url.port or 25, timeout=timeout)
    try:
        line.ehlo_or_helo_if_needed()
        if url.scheme == "smtp+starttls":
            line.starttls(context=ssl.create_default_context())
            line.ehlo_or_helo_if_needed()
        if url.username:
            line.login(unquote(url.username), unquote(url.password or ""))
        yield Mailer(line, config.notifier_from)
    finally:
        try:
            line.quit()
        except OSError:
            line.close()
