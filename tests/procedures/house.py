"""The ledger over HTTP, and what its tables say, for machines that act on it at random."""

import itertools
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.financing.platforms import register_platform
from services.ledger.ids import new_id
from services.ledger.journal.models import ACCOUNTS
from services.ledger.log.service import seal
from services.ledger.orders.service import Agreement, register_contract
from services.ledger.parties.service import Registration, add_api_key, register
from services.ledger.proof import service as proof
from services.ledger.proof.ledger_verify import SUITES
from services.ledger.proof.signing import signers
from tests.procedures.inline import Inline

PLATFORM = "PLATFORM-A"
_numbers = itertools.count(1)

_FOLD = ", ".join(
    f"coalesce(sum(CASE '{account}' WHEN p.debit THEN p.amount_fen WHEN p.credit THEN -p.amount_fen"
    f" ELSE 0 END), 0)::bigint AS {account}"
    for account in ACCOUNTS
)
_BOOK = text(
    f"""
    SELECT b.receivable_fen, b.disputed_fen, b.reserved_fen, b.assigned_fen, b.interest_fen,
      b.costs_fen, f.costs,
      f.receivable, f.disputed, f.reserved, f.assigned, f.interest, b.confirmed_on IS NOT NULL
        AS confirmed, (SELECT sum(q.amount_fen) FROM confirmations q
          WHERE q.receivable_id = b.receivable_id AND q.kind = 'CONFIRMED') AS confirmed_fen,
      (SELECT coalesce(sum(p.amount_fen), 0) FROM postings p WHERE p.receivable_id = b.receivable_id
        AND p.credit = 'disputed' AND p.debit = 'receivable') AS upheld_fen,
      (SELECT coalesce(sum(p.amount_fen), 0) FROM postings p WHERE p.receivable_id = b.receivable_id
        AND p.debit = 'assigned') AS financed_fen,
      ARRAY(SELECT e.type FROM events e WHERE e.subject_id = b.receivable_id ORDER BY e.type)
        AS told
    FROM balances b CROSS JOIN LATERAL (SELECT {_FOLD} FROM postings p
      WHERE p.receivable_id = b.receivable_id) f
    WHERE b.receivable_id = :id
    """
)
_GAPS = text(
    "SELECT coalesce(max(position), 0) AS last, count(*) AS n, count(DISTINCT event_id) AS events"
    " FROM sealed"
)
_UNSEALED = text("SELECT count(*) FROM unsealed")


@dataclass
class House:
    """A buyer, a supplier and their contract, new in a ledger that many such use."""

    http: Inline
    buyer: str
    supplier: str
    contract: str

    def send(self, who: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {getattr(self, who)}"}
        answer = self.http.post(path, json=body, headers=headers)
        return answer.status_code, answer.json()

    def answer(self, xml: str, platform: str) -> tuple[int, Any]:
        answer = self.http.post(
            "/v1/exports/answers",
            files={"file": ("answer.xml", xml.encode())},
            headers={"authorization": f"Bearer {platform}"},
        )
        return answer.status_code, answer.json()


def invoice_number() -> str:
    return f"253{next(_numbers):017d}"


def a_house(http: Inline) -> House:
    buyer, supplier = new_id(), new_id()
    tokens = {"core_enterprise": str(new_id()), "supplier": str(new_id())}
    with db.transaction() as session:
        for party, kind in ((buyer, "LARGE"), (supplier, "SMALL")):
            register(session, OPERATOR, Registration(id=party, name=f"主体{party}", kind=kind))
        contract = register_contract(
            session,
            OPERATOR,
            Agreement(
                id=new_id(),
                reference="合同-1",
                debtor_id=buyer,
                creditor_id=supplier,
                signed_on=date(2025, 6, 10),
                subject="GOODS",
                settlement="ON_DELIVERY",
                terms={},
            ),
            shipped(),
        )
        for role, party in (("core_enterprise", buyer), ("supplier", supplier)):
            add_api_key(session, name=role, role=role, party_id=party, token=tokens[role])
    return House(http, tokens["core_enterprise"], tokens["supplier"], str(contract.id))


def a_platform() -> str:
    """Register the one platform of a ledger and return its key."""
    token, party_id = str(new_id()), new_id()
    with db.transaction() as session:
        register(session, OPERATOR, Registration(id=party_id, name="融资平台甲", kind="LARGE"))
        add_api_key(session, name="platform", role="platform", party_id=party_id, token=token)
        register_platform(session, OPERATOR, code=PLATFORM, name="融资平台甲", party_id=party_id)
    return token


def in_tables(receivable_id: UUID) -> dict[str, Any]:
    with db.transaction() as session:
        row = session.connection().execute(_BOOK, {"id": receivable_id}).mappings().one()
        return dict(row)


def sign_all() -> None:
    """Grow the tree after all that is sealed, and sign it, as the worker does by and by."""
    with db.transaction() as session:
        while proof.grow(session, SUITES[settings().ledger_log_suite]):
            pass
        proof.checkpoint(session, signers(settings()), at=now())


def seal_all() -> None:
    """Seal what waits; the log then has one position for each event, and no gap."""
    with db.transaction() as session:
        while seal(session):
            pass
        log = session.connection().execute(_GAPS).one()
        assert log.last == log.n == log.events
        assert session.connection().execute(_UNSEALED).scalar_one() == 0
