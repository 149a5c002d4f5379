"""Lists in pages: nothing skipped or repeated, and no cursor but the list's own (R-35)."""

import base64
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger import cursors
from services.ledger.cursors import CursorError
from services.ledger.ids import new_id
from tests.ledger.conftest import Client, SignIn, invoice, opened

LISTS = ("/v1/receivables", "/v1/reports/overdue")
DUE = date(2025, 9, 7)


def unsigned(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).decode()


def another(contract: str, **changes: Any) -> dict[str, Any]:
    return invoice(contract, **{"invoice_number": f"25{new_id().int % 10**18:018d}", **changes})


def rows_of(answer: dict[str, Any]) -> list[str]:
    return [row["id"] for row in answer.get("items", answer.get("rows", []))]


@pytest.mark.parametrize("path", LISTS)
def test_pages_skip_and_repeat_nothing_while_others_are_added(
    ledger: SignIn, supplier: Client, contract: str, path: str
) -> None:
    """Half of the rows tie on their due day, so that only the id tells their order."""
    regulator = ledger("regulator", None)
    there = {
        opened(supplier, another(contract, delivered_on=f"2025-07-{9 + number % 2:02d}"))
        for number in range(7)
    }
    seen: list[str] = []
    cursor = None

    for _ in range(20):
        asked = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = regulator.get(path, params=asked).json()
        seen += rows_of(answer)
        cursor = answer["next"]
        if cursor is None:
            break
        opened(supplier, another(contract))

    assert cursor is None
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


def test_all_pages_speak_of_the_day_and_instant_of_the_first(
    ledger: SignIn, supplier: Client, contract: str
) -> None:
    regulator = ledger("regulator", None)
    for _ in range(3):
        opened(supplier, another(contract))
    first = regulator.get("/v1/reports/overdue", params={"limit": 2}).json()
    opened(supplier, another(contract))

    last = regulator.get("/v1/reports/overdue", params={"cursor": first["next"]}).json()

    assert (last["as_of"], last["known_at"]) == (first["as_of"], first["known_at"])
    assert last["totals"] == first["totals"]
    assert len(rows_of(last)) == 1
    other_day = {"cursor": first["next"], "as_of": str(DUE + timedelta(days=1))}
    refused = regulator.get("/v1/reports/overdue", params=other_day)
    assert (refused.status_code, refused.json()["code"]) == (422, "CURSOR_INVALID")


def test_a_cursor_is_of_its_list_and_filters_alone(
    ledger: SignIn, supplier: Client, contract: str
) -> None:
    for _ in range(3):
        opened(supplier, another(contract))
    regulator = ledger("regulator", None)
    cursor = regulator.get("/v1/receivables", params={"limit": 1}).json()["next"]

    for path in ("/v1/reports/overdue", "/v1/reports/interest", "/v1/complaints"):
        answer = regulator.get(path, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "CURSOR_INVALID")


@given(cursor=st.one_of(st.text(max_size=80), st.binary(max_size=60).map(unsigned)))
def test_no_made_up_cursor_is_read(cursor: str) -> None:
    with pytest.raises(CursorError):
        cursors._opened(cursor)


@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_no_changed_cursor_is_read(place: int, bit: int) -> None:
    sealed = bytearray(cursors._sealed(["bound", [str(new_id())], "", ""]).encode())
    sealed[place % (len(sealed) - 1)] ^= 1 << bit

    with pytest.raises(CursorError):
        cursors._opened(sealed.decode(errors="replace"))
