"""The outside of the notifier, by real protocols on loopback: a ledger and a mail server."""

import email
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid5

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text
from sqlmodel import Session as DbSession

from services.events import Data, PartyRegistered, ReceivableOverdue

KEY = "key of the notifier"
_SPACE = UUID("00000000-0000-7000-8000-000000000000")


def an_id(name: str) -> UUID:
    return uuid5(_SPACE, name)


DEBTOR, CREDITOR = an_id("debtor"), an_id("creditor")


class FakeLedger:
    """A log that anyone with the key reads over HTTP."""

    def __init__(self) -> None:
        self.events: list[dict[str, object]] = []
        self.asked: list[dict[str, list[str]]] = []
        self.checkpoints: list[dict[str, str]] = []
        self.arrivals: list[dict[str, str]] = []
        """Every arrival of every report, repeats included."""
        self.refused: dict[str, str] = {}
        self.after_hearing: Callable[[], None] = lambda: None
        """Called with a report taken, before the reporter hears of it."""
        self.url = ""

    def append(
        self,
        data: Data,
        /,
        *,
        subject: str = "receivable",
        debtor: UUID | None = DEBTOR,
        creditor: UUID | None = CREDITOR,
        actor: str = "system",
        **more: object,
    ) -> dict[str, object]:
        position = len(self.events) + 1
        event: dict[str, object] = {
            "position": position,
            "id": str(an_id(f"event {position}")),
            "type": data.type,
            "version": data.version,
            "subject_id": str(an_id(subject)),
            "occurred_at": "2026-11-30T16:30:00Z",
            "debtor_id": str(debtor) if debtor else None,
            "creditor_id": str(creditor) if creditor else None,
            "actor": actor,
            "data": data.model_dump(mode="json"),
            **more,
        }
        self.events.append(event)
        return event

    def page(self, after: int, limit: int) -> dict[str, object]:
        found = self.events[after : after + limit]
        return {
            "events": found,
            "next": after + len(found),
            "has_more": after + limit < len(self.events),
        }


@contextmanager
def a_ledger() -> Iterator[FakeLedger]:
    ledger = FakeLedger()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = parse_qs(url.query)
            checkpoints = url.path == "/v1/checkpoints"
            if not checkpoints:
                ledger.asked.append(query)
            known = self.headers["Authorization"] == f"Bearer {KEY}"
            allowed = known and (checkpoints or url.path == "/v1/events")
            body = b"{}"
            if allowed and checkpoints:
                body = json.dumps({"checkpoints": ledger.checkpoints[-1:]}).encode()
            elif allowed:
                after, limit = int(query["after"][0]), int(query["limit"][0])
                body = json.dumps(ledger.page(after, limit)).encode()
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            allowed = (
                self.headers["Authorization"] == f"Bearer {KEY}"
                and self.path == "/v1/message-arrivals"
            )
            answer = b"{}"
            if allowed:
                told = json.loads(body)["arrivals"]
                ledger.arrivals += told
                ledger.after_hearing()
                answer = json.dumps({"recorded": len(told), "refused": ledger.refused}).encode()
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ledger.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield ledger
        server.shutdown()


@dataclass
class Catcher:
    """A mail server that keeps what it takes."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answer: Callable[[EmailMessage], str | None] = field(default=lambda _: None)
    """What to say to a mail instead of taking it; None takes it."""
    after_taking: Callable[[int], None] = field(default=lambda _: None)
    """Called with the number of mails taken, before the sender hears of it."""

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]

    async def handle_DATA(  # noqa: N802 (the name aiosmtpd calls)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        refusal = self.answer(mail)
        if refusal is not None:
            return refusal
        self.mails.append(mail)
        self.after_taking(len(self.mails))
        return "250 taken"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def a_catcher() -> Iterator[Catcher]:
    catcher = Catcher(port=free_port())
    controller = Controller(catcher, hostname="127.0.0.1", port=catcher.port)
    controller.start()
    yield catcher
    controller.stop()


@contextmanager
def a_mute_server() -> Iterator[str]:
    """A mail server that takes the connection and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"smtp://127.0.0.1:{listening.getsockname()[1]}"


def register(ledger: FakeLedger, party_id: UUID, name: str, email_address: str | None = "") -> None:
    address = f"{name}@example.com" if email_address == "" else email_address
    data = PartyRegistered(party_id=party_id, name=name, email=address)
    ledger.append(data, debtor=None, creditor=None)


def overdue(number: int, *, days_overdue: int = 1) -> ReceivableOverdue:
    return ReceivableOverdue(
        invoice_number=f"INV-{number}",
        due_on=date(2026, 11, 30),
        days_overdue=days_overdue,
        undisputed="1234.50",
        disputed="0.00",
        article="《保障中小企业款项支付条例》第九条",
        rule_ids=("decree-802/9", "v1"),
    )


def count(db: DbSession, table: str) -> int:
    return int(db.execute(text(f"SELECT count(*) FROM notifier.{table}")).scalar_one())
