"""Sums of the largest amounts: more than a bigint holds, and exact to the fen."""

from datetime import date

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlmodel import Session

from services.events import ExportDelivered
from services.ledger.access import OPERATOR
from services.ledger.arrears.queries import ageing, overdue_totals
from services.ledger.financing.queries import eligible_totals
from services.ledger.insight.queries import summary
from services.ledger.money import MAX_FEN, format_fen
from tests.ledger.make import a_contract
from tests.ledger.test_assessment import now

COUNT = 2**63 // MAX_FEN + 100
DUE = date(2025, 9, 8)
_MANY = """
    WITH r AS (
      INSERT INTO receivables (id, contract_id, debtor_id, creditor_id, invoice_kind, invoice_code,
        invoice_number, issued_on, face_fen, currency, agreed_due_on, opened_on, identity, known_at)
      SELECT md5(n::varchar)::uuid, c.id, c.debtor_id, c.creditor_id, 'OTHER', '', n::varchar,
        '2025-07-09', :fen, 'CNY', :due, '2025-07-09', sha256(n::varchar::bytea), now()
      FROM contracts c, generate_series(1, :count) n WHERE c.id = :contract RETURNING id
    ), p AS (
      INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at, cause)
      SELECT id, id, 'receivable', 'supply', :fen, '2025-07-09', now(), id FROM r
    ), f AS (
      INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on, known_at)
      SELECT id, id, id, 'DELIVERED', '2025-07-09', '2025-07-09', now() FROM r
    ), q AS (
      INSERT INTO confirmations (receivable_id, id, kind, amount_fen, reason, "on", known_at)
      SELECT id, id, 'CONFIRMED', :fen, '', '2025-07-09', now() FROM r
    )
    INSERT INTO balances (receivable_id, receivable_fen, disputed_fen, reserved_fen, assigned_fen,
      due_on, confirmed_on)
    SELECT id, :fen, 0, 0, 0, :due, '2025-07-09' FROM r"""


@pytest.fixture
def total_fen(session: Session) -> int:
    """What a book of the largest amounts comes to."""
    values = {
        "fen": MAX_FEN,
        "due": DUE,
        "count": COUNT,
        "contract": a_contract(session).id,
    }
    session.connection().execute(text(_MANY), values)
    assert COUNT * MAX_FEN > 2**63
    return COUNT * MAX_FEN


def test_the_reports_add_up_more_than_a_bigint_holds(session: Session, total_fen: int) -> None:
    at, late_on, early_on = now(session), date(2025, 12, 1), date(2025, 8, 1)

    (book,) = summary(session, OPERATOR, as_of=late_on, known_at=at).currencies
    assert (book.face_fen, book.open_fen, book.overdue_fen) == (total_fen,) * 3
    (at_first,) = summary(session, OPERATOR, as_of=early_on, known_at=at).currencies
    assert (at_first.eligible_fen, at_first.overdue_fen) == (total_fen, 0)
    bands = ageing(session, OPERATOR, as_of=late_on, known_at=at)
    assert sum(band.open_fen for band in bands) == total_fen
    (late,) = overdue_totals(session, OPERATOR, as_of=late_on, known_at=at)
    assert late.undisputed_fen == total_fen
    (free,) = eligible_totals(session, OPERATOR, as_of=early_on, known_at=at)
    assert format_fen(free.free_fen) == format_fen(total_fen)


@pytest.mark.parametrize(("written", "value"), [("1", 1), ("-10::numeric", -10), ("0", 0)])
def test_a_whole_numeric_is_an_int(session: Session, written: str, value: int) -> None:
    found = session.connection().execute(text(f"SELECT sum({written}::bigint)")).scalar_one()

    assert (type(found), found) == (int, value)


def test_the_event_of_an_export_tells_a_sum_larger_than_any_amount() -> None:
    told = {"platform": "P", "export_reference": "EXP-1", "receivables": COUNT}
    total = format_fen(COUNT * MAX_FEN)

    assert ExportDelivered.model_validate({**told, "total": total}).total == total
    for wrong in (f"{total}0", total.partition(".")[0], "1" * 25 + ".00"):
        with pytest.raises(ValidationError):
            ExportDelivered.model_validate({**told, "total": wrong})
