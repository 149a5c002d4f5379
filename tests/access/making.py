"""Keys as the command line makes them, and clients that hold them."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from sqlalchemy import text

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.clock import now, today
from services.ledger.parties import keys, scopes


def a_key(
    role: str = "operator",
    party_id: UUID | None = None,
    *,
    scopes: tuple[str, ...] | None = None,
    networks: tuple[str, ...] = (),
    lasts: timedelta | None = None,
    signs: bool = False,
) -> keys.Made:
    restrictions = keys.checked(
        scopes=scopes,
        networks=networks,
        expires_at=None if lasts is None else now() + lasts,
        signs=signs,
        at=now(),
    )
    with db.transaction() as session:
        return keys.add(
            session,
            name="erp",
            role=role,
            party_id=party_id,
            restrictions=restrictions,
            actor="tests",
        )


def client_of(token: str, address: str = "192.0.2.7") -> TestClient:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    return TestClient(
        app,
        headers={"authorization": f"Bearer {token}"} if token else {},
        raise_server_exceptions=False,
        client=(address, 40000),
    )


def rows(statement: str, **values: Any) -> list[Any]:
    with db.transaction() as session:
        return list(session.connection().execute(text(statement), values))


def appointed(who: str, region: str, area: str = "", **days: date) -> scopes.Appointment:
    with db.transaction() as session:
        dated = {"from_on": today(), **days}
        return scopes.appoint(session, OPERATOR, who, region=region, area=area, **dated)


def ended(appointment: scopes.Appointment) -> None:
    with db.transaction() as session:
        scopes.end(session, OPERATOR, appointment.id, at=now())
