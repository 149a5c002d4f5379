"""Procedures of other rooms at their stated sizes: R-05 and R-35."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from services.ledger import db
from services.ledger.config import settings
from tests.ledger.conftest import Client, SignIn, opened
from tests.ledger.test_cursors import LISTS, another, rows_of
from tests.ledger.test_idempotency import (
    CREDITED,
    credits_of,
    expect_once_each,
    openings,
    unnamed,
)

AT_ONCE, KEYS, ROWS, WRITERS = 50, 100, 10_000, 2
_PLANT = text(
    """
    WITH one AS (SELECT * FROM receivables WHERE id = CAST(:id AS uuid)), made AS (
      SELECT gen_random_uuid() AS id, n FROM generate_series(1, :rows) n
    ), added AS (
      INSERT INTO receivables (id, contract_id, debtor_id, creditor_id, invoice_kind, invoice_code,
        invoice_number, issued_on, face_fen, currency, opened_on, identity, known_at)
      SELECT m.id, r.contract_id, r.debtor_id, r.creditor_id, 'OTHER', '', 'P' || m.n, r.issued_on,
        r.face_fen, r.currency, r.opened_on, sha256(m.n::varchar::bytea), r.known_at
      FROM made m, one r
    ), posted AS (
      INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at, cause)
      SELECT m.id, m.id, p.debit, p.credit, p.amount_fen, p."on", p.known_at, m.id
      FROM made m, postings p WHERE p.receivable_id = CAST(:id AS uuid)
    ), started AS (
      INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on, known_at)
      SELECT m.id, m.id, m.id, f.kind, f."on" + m.n % 3, f.since_on, f.known_at
      FROM made m, clock_facts f WHERE f.receivable_id = CAST(:id AS uuid)
    )
    INSERT INTO balances (receivable_id, receivable_fen, disputed_fen, reserved_fen, assigned_fen,
      start_on, due_on)
    SELECT m.id, b.receivable_fen, 0, 0, 0, b.start_on + m.n % 3, b.due_on + m.n % 3
    FROM made m, balances b WHERE b.receivable_id = CAST(:id AS uuid)
    """
)
"""Copies of a receivable on three due days: all of them tie with thousands of others."""


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = settings().model_copy(update={"ledger_requests_per_minute": 10**6})
    monkeypatch.setattr("services.ledger.rates.settings", lambda: fast)


@pytest.mark.soak
def test_fifty_at_one_time_under_each_of_a_hundred_keys_have_one_effect(
    supplier: Client, contract: str
) -> None:
    expect_once_each(supplier, openings(contract, KEYS), at_once=AT_ONCE, done="receivables")
    claim = opened(supplier, unnamed(contract))
    expect_once_each(supplier, credits_of(claim, KEYS), at_once=AT_ONCE, done=CREDITED)


@pytest.mark.soak
@pytest.mark.parametrize("path", LISTS)
def test_a_walk_over_ten_thousand_rows_while_two_write_skips_and_repeats_nothing(
    ledger: SignIn, supplier: Client, contract: str, path: str
) -> None:
    first = opened(supplier, another(contract))
    with db.transaction(long=True) as session:
        session.connection().execute(_PLANT, {"id": first, "rows": ROWS})
        there = {
            str(one)
            for one in session.connection().execute(text("SELECT id FROM receivables")).scalars()
        }
    ended = threading.Event()

    def write() -> int:
        written = 0
        while not ended.is_set():
            written += bool(opened(supplier, another(contract)))
        return written

    regulator, seen = ledger("regulator", None), []
    asked = {"limit": "200" if "reports" in path else "97"}  # a report reads all for each page
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write) for _ in range(WRITERS)]
        try:
            while True:
                answer = regulator.get(path, params=asked).json()
                seen += rows_of(answer)
                if answer["next"] is None:
                    break
                asked["cursor"] = answer["next"]
        finally:
            ended.set()
        written = sum(one.result() for one in writers)

    assert written > 0
    assert len(seen) == len(set(seen))
    assert there <= set(seen)
