"""The mail catcher: a real SMTP server that keeps every mail as a file and sends none on."""

import argparse
import signal
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.ledger.ids import new_id
from services.ledger.installation.home import Home

_LARGEST_BYTES = 10 * 1024 * 1024


class Catcher:
    """Keeps what arrives; the file names sort by arrival."""

    def __init__(self, home: Home, folder: str) -> None:
        self._home = home
        self._folder = folder

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Answer 250 only when the mail is on disk, as a mail server owes its callers."""
        del server, session
        content = envelope.content
        assert isinstance(content, bytes)
        recipients = ", ".join(str(recipient) for recipient in envelope.rcpt_tos)
        headers = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {recipients}\r\n"
        self._home.write(f"{self._folder}/{new_id()}.eml", headers.encode() + content)
        return "250 Kept"


def main(arguments: list[str] | None = None) -> None:
    """Catch mail until asked to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="keeps mails in its folder `mail`")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args(arguments)
    home = Home.at(chosen.home)
    home.folder("mail")
    controller = Controller(
        Catcher(home, "mail"),
        hostname=chosen.host,
        port=chosen.port,
        data_size_limit=_LARGEST_BYTES,
    )
    asked = threading.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: asked.set())
    controller.start()
    asked.wait()
    controller.stop()


if __name__ == "__main__":
    main()
