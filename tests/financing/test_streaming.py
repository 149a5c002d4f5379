from datetime import date
from typing import NoReturn

import psycopg
import pytest
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.financing import queries
from services.ledger.financing.exporting import reserve
from services.ledger.financing.platforms import register_platform
from services.ledger.receivables.opening import open_receivable
from tests.ledger.make import a_contract, acting_for, an_opening


def test_an_export_is_read_from_the_database_a_part_at_a_time(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = a_contract(session)
    for _ in range(5):
        open_receivable(session, acting_for(contract.debtor_id), an_opening(contract))
    register_platform(session, OPERATOR, code="P", name="平台")
    export = reserve(session, OPERATOR, platform="P", currency="CNY", as_of=date(2025, 7, 10))
    parts = []
    fetch = psycopg.ServerCursor.fetchmany

    def counted(cursor: psycopg.ServerCursor, size: int = 0) -> list[object]:
        part: list[object] = fetch(cursor, size)
        parts.append(len(part))
        return part

    def refused(_cursor: psycopg.ServerCursor) -> NoReturn:
        raise AssertionError("the whole export was read at once")

    monkeypatch.setattr(psycopg.ServerCursor, "fetchmany", counted)
    monkeypatch.setattr(psycopg.ServerCursor, "fetchall", refused)
    monkeypatch.setattr(queries, "_STREAMED", 2)

    assert len(list(queries.rows(session, export.id))) == 5
    assert max(parts) == 2
