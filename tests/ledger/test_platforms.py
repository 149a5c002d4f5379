"""A platform has a name that may change, and a party that does not."""

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.financing import platforms
from services.ledger.financing.platforms import PlatformOfAnotherError, register_platform
from tests.ledger.conftest import Client
from tests.ledger.make import a_party

_AS_BEFORE = text(
    """
    INSERT INTO platforms (id, code, name, party_id) VALUES (:id, :code, :name, :party_id)
    ON CONFLICT (code) DO UPDATE SET name = excluded.name, party_id = excluded.party_id
    RETURNING id, party_id
    """
)


def parties_of(session: Session) -> list[object]:
    found = session.connection().execute(text("SELECT name, party_id FROM platforms"))
    return [tuple(row) for row in found]


def a_platform_stays_its_partys(session: Session) -> None:
    owner, other = a_party(session), a_party(session)
    register_platform(session, OPERATOR, code="PT", name="平台", party_id=owner)

    with pytest.raises(PlatformOfAnotherError, match=f"{owner} and cannot become one of {other}"):
        register_platform(session, OPERATOR, code="PT", name="平台", party_id=other)
    register_platform(session, OPERATOR, code="PT", name="新名")

    assert parties_of(session) == [("新名", owner)]


def test_what_was_offered_to_a_platform_is_not_handed_to_another_party(session: Session) -> None:
    a_platform_stays_its_partys(session)


def test_a_platform_that_could_be_handed_over_would_be_seen(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platforms, "_PLATFORM_AS", _AS_BEFORE)

    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        a_platform_stays_its_partys(session)


def test_a_platform_of_nobody_gets_its_party_once(session: Session) -> None:
    party_id = a_party(session)
    register_platform(session, OPERATOR, code="PT", name="PT")

    for _ in range(2):
        register_platform(session, OPERATOR, code="PT", name="平台", party_id=party_id)

    assert parties_of(session) == [("平台", party_id)]
    told = text(
        "SELECT data ->> 'party_id' FROM events WHERE type = 'platform.registered'"
        " ORDER BY recorded_at, id"
    )
    assert list(session.connection().execute(told).scalars()) == [None, str(party_id)]


def test_an_operator_is_told_to_register_another_code(operator: Client) -> None:
    with db.transaction() as session:
        owner, other = a_party(session), a_party(session)
    platform = {"code": "PT", "name": "平台", "party_id": str(owner)}
    assert operator.post("/v1/platforms", json=platform).status_code == 201

    answer = operator.post("/v1/platforms", json={**platform, "party_id": str(other)})

    assert (answer.status_code, answer.json()["code"]) == (409, "PLATFORM_OF_ANOTHER")
    assert "register another code" in answer.json()["detail"]
