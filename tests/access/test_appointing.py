"""Who appoints regulators to regions, and what is no appointment."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.ledger import db
from services.ledger.access import OPERATOR, NotAllowedError, Viewer
from services.ledger.clock import now, today
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.ids import new_id
from services.ledger.law.regions import RegionError
from services.ledger.parties import scopes
from services.ledger.parties.access_log import entries
from services.ledger.parties.scopes import AppointmentError
from tests.access.making import a_key, appointed, ended, rows
from tests.ledger.conftest import SignIn
from tests.ledger.make import a_party
from tests.web.signing import a_user

DAY = timedelta(days=1)
SECURITY = Viewer(name="guard", role="security_admin", party_id=None, user_id=new_id())
OTHERS = {
    "a key": Viewer(name="k", role="security_admin", party_id=None),
    "an operator": Viewer(name="o", role="operator", party_id=None, user_id=new_id()),
    "an auditor": Viewer(name="a", role="audit_admin", party_id=None, user_id=new_id()),
    "the regulator": Viewer(name="r", role="regulator", party_id=None, user_id=new_id()),
    "a party": Viewer("p", "supplier", new_id(), user_id=new_id(), duty="administrator"),
}


def test_only_the_security_administrator_and_the_machine_appoint(ledger: SignIn) -> None:
    a_user("auditor", "regulator")
    with db.transaction(role=db.GATE) as session:
        made = scopes.appoint(session, SECURITY, "auditor", region="33", area="", from_on=today())
        assert scopes.listed(session, SECURITY) == [made]
        for name, viewer in OTHERS.items():
            with pytest.raises(NotAllowedError):
                scopes.appoint(session, viewer, "auditor", region="", area="", from_on=today())
            with pytest.raises(NotAllowedError):
                scopes.end(session, viewer, made.id, at=now())
            with pytest.raises(NotAllowedError):
                scopes.listed(session, viewer)
            assert name
        scopes.end(session, SECURITY, made.id, at=now())
    for role in ("ledger_party", "ledger_platform", "ledger_regulator"):
        with db.transaction(role=role) as session:
            changed = text("UPDATE regulator_scopes SET ended_at = NULL")
            assert session.connection().execute(changed).rowcount == 0
            with pytest.raises(ProgrammingError, match="permission denied"):
                session.connection().execute(text("UPDATE regulator_scopes SET region = ''"))


def test_the_audit_administrator_reads_who_was_appointed_to_what(ledger: SignIn) -> None:
    user_id = a_user("auditor", "regulator")
    key = a_key("regulator")
    for who in ("auditor", key.prefix):
        ended(appointed(who, "330100", "arrears", until_on=date(2099, 12, 31)))

    with db.transaction(role=db.GATE) as session:
        found = entries(session, before=now(), limit=100)
    told = {one.type: one for one in found if "appoint" in one.type}
    assert set(told) == {
        "user.appointed",
        "user.appointment_ended",
        "api_key.appointed",
        "api_key.appointment_ended",
    }
    assert told["user.appointed"].subject_id == user_id
    said = told["api_key.appointed"].data
    assert (said["name"], said["region"], said["area"]) == ("erp", "3301", "arrears")
    assert (said["from_on"], said["until_on"]) == (today().isoformat(), "2099-12-31")


@pytest.mark.parametrize(
    ("changes", "refusal", "field"),
    [
        ({"region": "99"}, RegionError, "region"),
        ({"region": "3301000"}, RegionError, "region"),
        ({"region": "杭州"}, RegionError, "region"),
        ({"area": "law"}, AppointmentError, "area"),
        ({"until_on": today() - DAY}, AppointmentError, "until_on"),
        ({"who": "clerk"}, AppointmentError, "who"),
        ({"who": "nobody"}, NotFoundError, None),
    ],
)
def test_an_appointment_that_cannot_be_is_refused(
    ledger: SignIn, changes: dict[str, Any], refusal: type[LedgerError], field: str | None
) -> None:
    a_user("auditor", "regulator")
    with db.transaction() as session:
        party_id = a_party(session)
    a_user("clerk", "supplier", party_id=party_id)
    given = {"who": "auditor", "region": "33", "area": "", "from_on": today(), **changes}

    with db.transaction() as session, pytest.raises(refusal) as refused:
        scopes.appoint(session, OPERATOR, **given)

    assert refused.value.field == field
    assert rows("SELECT 1 FROM regulator_scopes") == []
