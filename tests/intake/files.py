"""Rows of the ledger's own template, and looks at the book they make."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.intake.report import IntakeReport
from services.ledger.law.uscc import check_character

BUYER, OTHER, SELLER, STRANGER = (
    base + check_character(base)
    for base in ("91110000600037341", "91110000600037342", "91310000MA1FL0001", "91310000MA1FL0002")
)
DIGITS = 25_312_000_000_000_000_000
CLAIM_HEAD = (
    "应收编号,发票类型,发票号码,买方统一社会信用代码,卖方统一社会信用代码,合同编号,"
    "开票日期,价税合计,验收日期"
)
PAID_HEAD = "付款编号,应收编号,金额,付款日期"


def claim(number: int, **other: str) -> str:
    row = {
        "id": f"AR{number}",
        "kind": "数电票",
        "invoice": str(DIGITS + number),
        "buyer": BUYER,
        "seller": SELLER,
        "contract": "HT-1",
        "issued": "2025-07-01",
        "amount": "100.00",
        "accepted": "2025-07-02",
    } | other
    return ",".join(row.values())


def party_of(session: Session, uscc: str) -> UUID:
    found = session.connection().execute(
        text("SELECT party_id FROM party_identifiers WHERE scheme = 'USCC' AND value = :uscc"),
        {"uscc": uscc},
    )
    return UUID(str(found.scalar_one()))


def count(session: Session, table: str) -> int:
    return int(session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def open_fen(session: Session) -> list[int]:
    rows = session.connection().execute(
        text(
            "SELECT b.receivable_fen + b.disputed_fen AS fen FROM balances b"
            " JOIN receivables r ON r.id = b.receivable_id ORDER BY r.invoice_number"
        )
    )
    return [row.fen for row in rows]


def codes(report: IntakeReport) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.code) for one in report.errors]
