"""People who sign in to the demo, one for each role, with passwords made for this installation."""

import secrets
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.ledger.access import OPERATOR
from services.ledger.cli.demo.people import BUYERS, FINANCED, PLATFORMS, Somebody
from services.ledger.clock import today
from services.ledger.db import transaction
from services.ledger.installation.home import Home
from services.ledger.parties import scopes
from services.ledger.parties.service import add_user

FILE: Final = "sign_ins.json"
_REGULATOR: Final = "regulator"
_PROVINCE: Final = "33"
"""Where all of the demo's debtors are."""
_PEOPLE: Final[tuple[tuple[str, str, Somebody | None], ...]] = (
    ("buyer", "core_enterprise", BUYERS[2]),
    ("supplier", "supplier", FINANCED[0]),
    ("platform", "platform", PLATFORMS[0][1]),
    (_REGULATOR, "regulator", None),
    ("operator", "operator", None),
)
_KNOWN: Final = text("SELECT count(*) FROM users WHERE login = ANY(:logins)")


def sign_ins(home: Home) -> list[dict[str, str]]:
    """Return who signs in for whom, with passwords kept in the home, made on first use."""
    kept = home.read(FILE)
    logins = [login for login, _, _ in _PEOPLE]
    with transaction() as session:
        known = session.connection().execute(_KNOWN, {"logins": logins}).scalar_one()
        if known < len(logins) or set(kept) != set(logins):
            kept = {login: secrets.token_urlsafe(9) for login in logins}
            for login, role, somebody in _PEOPLE:
                party_id: UUID | None = somebody.id if somebody else None
                password = str(kept[login])
                add_user(session, login=login, role=role, party_id=party_id, password=password)
            home.write_json(FILE, kept)
        if not scopes.listed(session, OPERATOR, _REGULATOR):
            scopes.appoint(
                session, OPERATOR, _REGULATOR, region=_PROVINCE, area="", from_on=today()
            )
    return [
        {
            "login": login,
            "password": str(kept[login]),
            "role": role,
            "party": somebody.name if somebody else "",
        }
        for login, role, somebody in _PEOPLE
    ]
