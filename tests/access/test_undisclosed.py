"""802号 第二十条: only the complainant and the authority know, until the debtor is asked."""

from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session

from services.ledger import db
from services.ledger.access import VISIBLE, Viewer
from services.ledger.identification import act
from services.ledger.log import queries
from services.ledger.log.service import seal
from services.ledger.log.visible import EVENT_VISIBLE
from services.ledger.receivables.queries import Claim
from tests.access.country import Place, a_place, authority, get
from tests.access.making import a_key, appointed, client_of, rows
from tests.arrears.late import go, handled
from tests.ledger.conftest import SignIn
from tests.ledger.make import a_receivable, acting_for
from tests.proof.conftest import sign_the_log

COUNTED = ("complaints", "complaint_steps")
_ARRIVED = """
    WITH told AS (
      INSERT INTO events (subject_id, id, type, actor, creditor_id, data, request_id, occurred_at)
      SELECT c.id, gen_random_uuid(), 'message.delivered', 'notifier', c.creditor_id, '{}', '',
        now()
      FROM complaints c RETURNING subject_id, id
    )
    INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM told RETURNING 1
"""


@pytest.fixture
def place(ledger: SignIn) -> Place:
    found = a_place(ledger, "330100")
    rows(_ARRIVED)
    sign_the_log()
    return found


def told(client: TestClient, place: Place) -> dict[int, str]:
    """Return what somebody reads in the log of the complaint, by position."""
    events = get(client, "/v1/events", limit=1000)["events"]
    of = [one for one in events if one["subject_id"] == str(place.complaint_id)]
    return {one["position"]: one["type"] for one in of}


def of_region(region: str) -> TestClient:
    who, client = authority()
    appointed(who, region)
    return client


def check_who_knows(place: Place, ledger: SignIn) -> None:
    supplier = ledger("supplier", place.claim.creditor_id)
    own = told(supplier, place)
    assert set(own.values()) == {"complaint.filed", "message.delivered"}
    position = min(own)
    for region in ("33", ""):
        client = of_region(region)
        assert told(client, place) == {position: "complaint.filed"}, region
        assert client.get(f"/v1/events/{position}/proof").status_code == 200
    for client in (
        client_of(a_key("operator").token),
        ledger("core_enterprise", place.claim.debtor_id),
        of_region("44"),
    ):
        assert told(client, place) == {}
        assert client.get(f"/v1/events/{position}/proof").status_code == 404


def test_the_operator_reads_nothing_of_it_and_the_authority_of_its_region_does(
    place: Place, ledger: SignIn
) -> None:
    check_who_knows(place, ledger)
    with db.transaction() as session:
        go(session, place.claim, place.complaint_id, "ACCEPTED", date(2025, 10, 21))
        go(session, place.claim, place.complaint_id, "TRANSFERRED", date(2025, 10, 22))
        go(session, place.claim, place.complaint_id, "RECEIVED", date(2025, 10, 23))
        go(session, place.claim, place.complaint_id, "RESPONDENT_ASKED", date(2025, 10, 24))
        seal(session)

    # What was told before stays untold; from the disclosing step on the debtor is named.
    for client in (
        client_of(a_key("operator").token),
        ledger("core_enterprise", place.claim.debtor_id),
    ):
        assert list(told(client, place).values()) == ["complaint.moved"]


def test_a_condition_that_forgets_it_is_found(
    place: Place, ledger: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    wider = queries._OF_ALL.text.replace(EVENT_VISIBLE, VISIBLE.format(table="e"))
    monkeypatch.setattr(queries, "_OF_ALL", text(wider))

    with pytest.raises(AssertionError):
        check_who_knows(place, ledger)


def seen(session: Session, viewer: Viewer) -> list[int]:
    """Count what a viewer sees by the barest statements, and let the next one look."""
    act(session, viewer)
    counted = [
        session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        for table in COUNTED
    ]
    session.connection().execute(text("SET LOCAL ROLE NONE"))
    return counted


def check_what_the_database_shows(session: Session, claim: Claim) -> None:
    complaint = handled(session, claim)
    debtor = acting_for(claim.debtor_id)
    assert seen(session, debtor) == [0, 0]
    assert seen(session, acting_for(claim.debtor_id, "platform")) == [0, 0]
    assert seen(session, acting_for(claim.creditor_id, "supplier")) == [1, 3]
    assert seen(session, Viewer("工信厅", "regulator", None, regions=("",))) == [1, 3]
    assert seen(session, Viewer("工信厅", "regulator", None, regions=("44",))) == [0, 0]

    go(session, claim, complaint, "RESPONDENT_ASKED", date(2025, 10, 21))

    assert seen(session, debtor) == [1, 4]


def test_the_database_shows_the_debtor_none_until_it_was_asked(session: Session) -> None:
    check_what_the_database_shows(session, a_receivable(session))


@pytest.mark.parametrize("table", COUNTED)
def test_a_policy_that_goes_by_the_debtor_is_found(session: Session, table: str) -> None:
    """The control: the policies as they were."""
    condition = {
        "complaints": "debtor_id = viewer_party() OR creditor_id = viewer_party()",
        "complaint_steps": "EXISTS (SELECT FROM receivables v WHERE v.id = receivable_id)",
    }[table]
    session.connection().execute(text(f"ALTER POLICY party ON {table} USING ({condition})"))

    with pytest.raises(AssertionError):
        check_what_the_database_shows(session, a_receivable(session))
