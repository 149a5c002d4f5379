"""A book of any size, loaded set-based: what many openings would have left behind."""

from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.ids import id_of
from services.ledger.law.uscc import check_character
from services.ledger.orders.service import Agreement, register_contract
from services.ledger.parties.service import Registration, register

BUYERS: Final = 20
CONTRACTS: Final = 200
LOADED_AT: Final = datetime(2026, 1, 5, tzinfo=UTC)
ISSUED_ON: Final = date(2026, 1, 5)
SOME_ON, MORE_ON = date(2026, 3, 11), date(2026, 3, 25)
"""Working days on which ``some`` and ``more`` receivables are due."""


def uscc(number: int) -> str:
    """Return a well-formed 统一社会信用代码."""
    body = f"91110000{number:09d}"
    return body + check_character(body)


def sign(session: Session) -> None:
    """Register the buyers, the suppliers and a contract of each supplier with a buyer."""
    for number in range(BUYERS + CONTRACTS):
        is_buyer = number < BUYERS
        new = Registration(
            id=id_of("bench party", number),
            name=f"{'大型采购' if is_buyer else '配套供应'}有限公司{number}号",
            kind="LARGE" if is_buyer else "SMALL",
            identifiers={"USCC": uscc(number)},
        )
        register(session, OPERATOR, new)
    for number in range(CONTRACTS):
        agreed = Agreement(
            id=id_of("bench contract", number),
            reference=f"HT-{number:04d}",
            debtor_id=id_of("bench party", number % BUYERS),
            creditor_id=id_of("bench party", BUYERS + number),
            signed_on=date(2025, 7, 1),
            subject="GOODS",
            settlement="ON_DELIVERY",
            terms={"term_days": 60},
        )
        register_contract(session, OPERATOR, agreed, shipped())


_MADE: Final = """
    CREATE TEMP TABLE made ON COMMIT DROP AS
    SELECT ({timed} || '8' || substr(md5('r' || n), 1, 15))::uuid AS id,
      ({timed} || '9' || substr(md5('e' || n), 1, 15))::uuid AS event_id,
      c.id AS contract_id, c.debtor_id, c.creditor_id, lpad(n::varchar, 20, '0') AS number,
      100000 + n % 90000000 AS fen, k.next_workday AS due_on
    FROM generate_series(1, :count) n
    JOIN (SELECT *, row_number() OVER (ORDER BY reference) - 1 AS place FROM contracts) c
      ON c.place = n % :contracts
    JOIN calendar k ON k.day = CASE
      WHEN n % (:count / nullif(:some, 0)) = 0 THEN CAST(:some_on AS date)
      WHEN n % (:count / nullif(:more, 0)) = 1 THEN CAST(:more_on AS date)
      WHEN n % 5 = 2 AND :some > 0 THEN CAST(:some_on AS date) - 5 - n % 60
      ELSE CAST(:more_on AS date) + 20 + n % 60 END""".format(
    timed="lpad(to_hex(1767571200000 + n), 12, '0') || '7000'"
)
"""Ids in the order of time, as UUIDv7 are. What is due on the two days lies all over the book;
unless ``some`` is 0, a fifth was overdue and announced before; the rest is not yet due.
"""

_LOAD: Final = (
    "INSERT INTO invoice_identities SELECT sha256(number::bytea), id FROM made",
    """INSERT INTO receivables (id, contract_id, debtor_id, creditor_id, invoice_kind,
         invoice_code, invoice_number, issued_on, face_fen, currency, agreed_due_on, opened_on,
         identity, known_at, recorded_at)
       SELECT id, contract_id, debtor_id, creditor_id, 'DIGITAL', '', number, :issued_on, fen,
         'CNY', due_on, :issued_on, sha256(number::bytea), :at, :at FROM made""",
    """INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at,
         recorded_at, cause)
       SELECT id, event_id, 'receivable', 'supply', fen, :issued_on, :at, :at, id FROM made""",
    """INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on, known_at)
       SELECT id, event_id, id, 'DELIVERED', due_on - 60, :issued_on, :at FROM made""",
    """INSERT INTO balances (receivable_id, receivable_fen, disputed_fen, reserved_fen,
         assigned_fen, start_on, due_on, confirmed_on)
       SELECT id, fen, 0, 0, 0, due_on - 60, due_on, :issued_on FROM made""",
    """INSERT INTO confirmations (receivable_id, id, kind, amount_fen, reason, "on", known_at)
       SELECT id, id, 'CONFIRMED', fen, '', :issued_on, :at FROM made""",
    """INSERT INTO events (subject_id, id, type, actor, debtor_id, creditor_id, data, request_id,
         occurred_at, recorded_at)
       SELECT id, event_id, 'receivable.opened', 'bench', debtor_id, creditor_id,
         jsonb_build_object('invoice_number', number, 'currency', 'CNY', 'due_on', due_on,
           'face', to_char(fen * 0.01, 'FM9999999999990.00')),
         '', :at, :at FROM made""",
    """INSERT INTO events (subject_id, id, type, actor, debtor_id, creditor_id, data, request_id,
         occurred_at, recorded_at)
       SELECT id, md5('confirmed:' || id)::uuid, 'receivable.confirmed', 'bench', debtor_id,
         creditor_id, jsonb_build_object('invoice_number', number, 'currency', 'CNY',
           'confirmed', to_char(fen * 0.01, 'FM9999999999990.00'), 'disputed', '0.00'),
         '', :at, :at FROM made""",
    """INSERT INTO events (subject_id, id, type, actor, debtor_id, creditor_id, data, request_id,
         occurred_at, recorded_at)
       SELECT id, md5('overdue:' || id || due_on)::uuid, 'receivable.overdue', 'assessment',
         debtor_id, creditor_id, jsonb_build_object('invoice_number', number), '', :at, :at
       FROM made WHERE due_on < :some_on""",
    "DELETE FROM unsealed",
    """INSERT INTO sealed (position, subject_id, event_id, debtor_id, creditor_id, sealed_at)
       SELECT row_number() OVER (), subject_id, id, debtor_id, creditor_id, :at FROM events""",
)


def load(session: Session, *, count: int, some: int = 0, more: int = 0) -> None:
    """Load confirmed receivables with all their rows and events, and let nothing be unsealed."""
    values = {
        "count": count,
        "contracts": CONTRACTS,
        "some": some,
        "more": more,
        "some_on": SOME_ON,
        "more_on": MORE_ON,
        "issued_on": ISSUED_ON,
        "at": LOADED_AT,
    }
    for statement in (_MADE, *_LOAD):
        prepared = text(statement)
        wanted = prepared.compile().params
        session.connection().execute(prepared, {name: values[name] for name in wanted})
