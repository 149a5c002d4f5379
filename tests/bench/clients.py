"""Sixteen clients as light as can be: they share the machine with what they measure.

Run as ``python -m tests.bench.clients http|bare ...``: everything is prepared, "ready" is said,
and at the first line of input the work begins.
"""

import argparse
import json
import selectors
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import UUID

import psycopg

from services.events import ReceivableOpened
from services.ledger.ids import id_of, new_id
from services.ledger.receivables.identity import digest

_BARE = """
    WITH claimed AS (
      INSERT INTO invoice_identities (digest, receivable_id) VALUES (%(identity)s, %(id)s)
    ), opened AS (
      INSERT INTO receivables (id, contract_id, debtor_id, creditor_id, invoice_kind,
        invoice_code, invoice_number, issued_on, face_fen, currency, opened_on, identity, known_at)
      VALUES (%(id)s, %(contract)s, %(debtor)s, %(creditor)s, 'DIGITAL', '', %(number)s,
        %(issued_on)s, 100000, 'CNY', %(issued_on)s, %(identity)s, now())
    ), stated AS (
      INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on, known_at)
      VALUES (%(id)s, %(fact)s, %(id)s, 'DELIVERED', %(issued_on)s, %(issued_on)s, now())
    ), posted AS (
      INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at, cause)
      VALUES (%(id)s, %(posting)s, 'receivable', 'supply', 100000, %(issued_on)s, now(), %(id)s)
    ), balanced AS (
      INSERT INTO balances (receivable_id, receivable_fen, disputed_fen, reserved_fen,
        assigned_fen, start_on, due_on)
      VALUES (%(id)s, 100000, 0, 0, 0, %(issued_on)s, %(due_on)s)
    ), told AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id,
        data, request_id, occurred_at)
      VALUES (%(id)s, %(event)s, 'receivable.opened', 'supplier', %(creditor)s, %(debtor)s,
        %(creditor)s, %(data)s, %(request)s, now())
    )
    INSERT INTO unsealed (subject_id, event_id) VALUES (%(id)s, %(event)s)"""
"""The same rows in the same tables as one POST writes: one statement, prepared, no question asked
first; before it the driver sends BEGIN, after it COMMIT."""

ISSUED_ON, DUE_ON = date(2025, 7, 10), date(2025, 9, 8)


def _invoice(number: int) -> str:
    return f"25312{number:015d}"


def _rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    key = b"a key that only the bench uses"
    data = ReceivableOpened(invoice_number=_invoice(0), currency="CNY", face="1000.00")
    values = {**data.model_dump(mode="json"), "due_on": DUE_ON.isoformat()}
    made = []
    for number in range(options.first, options.first + options.count):
        receivable_id, invoice = new_id(), _invoice(number)
        made.append(
            {
                "id": receivable_id,
                "number": invoice,
                "contract": options.contract,
                "debtor": options.debtor,
                "creditor": options.creditor,
                "identity": digest(
                    key,
                    kind="DIGITAL",
                    code="",
                    number=invoice,
                    creditor_id=options.creditor,
                    issued_on=ISSUED_ON,
                ),
                "issued_on": ISSUED_ON,
                "due_on": DUE_ON,
                "fact": new_id(),
                "posting": id_of("posting", receivable_id, receivable_id, "receivable", "supply"),
                "event": new_id(),
                "request": str(new_id()),
                "data": json.dumps({**values, "invoice_number": invoice}, ensure_ascii=False),
            }
        )
    return made


def _bare(options: argparse.Namespace) -> None:
    rows = _rows(options)
    shares = [rows[part :: options.clients] for part in range(options.clients)]
    connections = [psycopg.connect(options.to) for _ in shares]

    def work(connection: psycopg.Connection, share: list[dict[str, Any]]) -> None:
        cursor = connection.cursor()
        for row in share:
            cursor.execute(_BARE, row, prepare=True)
            connection.commit()

    _wait()
    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(work, connections, shares))


def _http(options: argparse.Namespace) -> None:
    host, _, port = options.to.partition(":")
    requests = [_request(options, number) for number in range(options.count)]
    selector = selectors.DefaultSelector()
    for _ in range(options.clients):
        connection = socket.create_connection((host, int(port)))
        # All at once, the first API process to wake would take every one of them.
        time.sleep(0.02)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
    _wait()
    for key in selector.get_map().values():
        _socket(key).sendall(requests.pop())
    left = options.count
    answers = dict.fromkeys(map(_socket, selector.get_map().values()), b"")
    while left:
        for key, _ in selector.select():
            connection = _socket(key)
            answer = answers[connection] + connection.recv(65536)
            answers[connection] = answer if not answer.endswith(b"}") else b""
            if not answer.startswith(b"HTTP/1.1 201"):
                sys.exit(f"the ledger answered {answer!r}")
            if answer.endswith(b"}"):
                left -= 1
                if requests:
                    connection.sendall(requests.pop())


def _socket(key: selectors.SelectorKey) -> socket.socket:
    assert isinstance(key.fileobj, socket.socket)
    return key.fileobj


def _request(options: argparse.Namespace, number: int) -> bytes:
    body = json.dumps(
        {
            "id": str(new_id()),
            "contract_id": str(options.contract),
            "invoice_number": _invoice(options.first + number),
            "issued_on": ISSUED_ON.isoformat(),
            "amount": "1000.00",
            "delivered_on": ISSUED_ON.isoformat(),
        }
    ).encode()
    key = f"idempotency-key: {new_id()}\r\n" if options.kind == "keyed" else ""
    head = (
        f"POST /v1/receivables HTTP/1.1\r\nhost: {options.to}\r\n"
        f"authorization: Bearer {options.token}\r\naccept: application/json\r\n{key}"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _wait() -> None:
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()


def main() -> None:
    """Prepare, wait for the word, work, end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("http", "keyed", "bare"))
    parser.add_argument("--to", required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--first", type=int, required=True)
    for name in ("contract", "debtor", "creditor"):
        parser.add_argument(f"--{name}", type=UUID, required=True)
    parser.add_argument("--token", default="")
    options = parser.parse_args()
    (_bare if options.kind == "bare" else _http)(options)


if __name__ == "__main__":
    main()
