"""R-35: walking over a list while rows come and leave skips and repeats nothing of what stays."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from services.ledger import db
from services.ledger.config import settings
from services.ledger.cursors import Page
from tests.ledger.conftest import Client, SignIn, opened
from tests.ledger.test_cursors import LISTS as LONG
from tests.ledger.test_cursors import another
from tests.procedures.walks import LISTS, ROWS, Book, List, Pages, by_cursor

MANY = 10_000
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


@pytest.fixture
def book(ledger: SignIn, buyer: Client, supplier: Client, contract: str) -> Book:
    return Book(ledger, buyer, supplier, contract)


def every(pages: Pages) -> list[str]:
    """Walk undisturbed."""
    seen, place = pages(None)
    while place is not None:
        more, place = pages(place)
        seen += more
    return seen


def walk(one: List) -> None:
    """Walk while two rows come and one leaves at each page, for a while, and judge what stayed."""
    there, gone = every(one.pages), set[str]()
    assert len(there) >= ROWS
    seen, place = one.pages(None)
    for turn in range(40):
        if place is None:
            break
        if turn < 3:
            one.come()
            if one.leave:  # one that was seen, then one that would be the last, and so on
                leaves = [row for row in there if row not in gone][turn % 2 * -1]
                one.leave(leaves)
                gone.add(leaves)
        more, place = one.pages(place)
        seen += more
    assert place is None
    assert len(seen) == len(set(seen)), "something is repeated"
    assert set(there) - gone <= set(seen), "something is skipped"


def test_the_lists_are_all_that_go_by_pages() -> None:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    described = app.openapi()["paths"]
    paged = {
        path
        for path, methods in described.items()
        if any(one["name"] == "cursor" for one in methods.get("get", {}).get("parameters", ()))
    }
    assert paged | {"/v1/events"} == set(LISTS)


@pytest.mark.parametrize("path", LISTS)
def test_what_stays_is_seen_once(book: Book, path: str) -> None:
    walk(LISTS[path](book))


def by_offset(one: List) -> List:
    """The same list in pages that begin after so many rows."""

    def page(offset: str | None) -> tuple[list[str], str | None]:
        first, rows = int(offset or 0), every(one.pages)
        return rows[first : first + 2], str(first + 2) if len(rows) > first + 2 else None

    return List(page, one.come, one.leave)


@pytest.mark.parametrize(
    "path",
    ["/v1/complaints", "/v1/approvals", "/v1/contracts", "/v1/webhooks/{webhook_id}/deliveries"],
)
def test_pages_by_offset_are_seen(book: Book, path: str) -> None:
    """A control: what left or came before an offset lets the next page begin too late or soon."""
    with pytest.raises(AssertionError, match="something is"):
        walk(by_offset(LISTS[path](book)))


@pytest.mark.parametrize("path", ["/v1/receivables", "/v1/reports/overdue", "/v1/approvals"])
def test_a_key_that_is_not_left_behind_is_seen(
    book: Book, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: pages that begin at the last row shown (>=) and not behind it."""
    shown = Page.shown

    def again(page: Page, *given: Any) -> tuple[Any, str | None]:
        found, place = shown(page, *given)
        one_less = Page(page.limit - 1, page.after, page.bound, page.as_of, page.known_at)
        return found, place and shown(one_less, *given)[1]

    one = LISTS[path](book)
    monkeypatch.setattr(Page, "shown", again)
    with pytest.raises(AssertionError, match="something is repeated"):
        walk(one)


def until(ended: threading.Event, do: Callable[[], object]) -> int:
    """Do something again and again; return how often."""
    for times in itertools.count():
        if ended.is_set():
            return times
        do()
    raise AssertionError


@pytest.mark.soak
@pytest.mark.parametrize("path", LONG)
def test_a_walk_over_ten_thousand_rows_while_two_write_skips_and_repeats_nothing_that_stays(
    book: Book, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One writer opens receivables, the other pays those off that there are, from either end."""
    fast = settings().model_copy(update={"ledger_requests_per_minute": 10**6})
    monkeypatch.setattr("services.ledger.rates.settings", lambda: fast)
    first = opened(book.supplier, another(book.contract))
    with db.transaction(long=True) as session:
        session.connection().execute(_PLANT, {"id": first, "rows": MANY})
        found = session.connection().execute(text("SELECT id FROM receivables ORDER BY id"))
        there = [str(one) for one in found.scalars()]
    ended, gone = threading.Event(), set[str]()

    some = there[::2]  # from either end, and the others stay
    paying = itertools.chain.from_iterable(zip(some, some[::-1], strict=True))

    def pay() -> None:
        claim = next(paying, "")
        if claim and claim not in gone:
            gone.add(claim)
            book.pay(claim)

    limit = 200 if "reports" in path else 97  # a report reads all for each page
    pages = by_cursor(book.ledger("regulator", None), path, limit=limit)
    with ThreadPoolExecutor(2) as pool:
        writers = [
            pool.submit(until, ended, do)
            for do in (lambda: opened(book.supplier, another(book.contract)), pay)
        ]
        try:
            seen = every(pages)
        finally:
            ended.set()
        assert all(one.result() for one in writers)

    assert len(seen) == len(set(seen))
    assert len(set(there) - gone) >= MANY // 2
    assert set(there) - gone <= set(seen)
