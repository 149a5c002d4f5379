"""A party's own events: its approvals, accounts, webhooks, people and keys are its own affair."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session

from services.events import DATA
from services.ledger.access import VISIBLE, Viewer
from services.ledger.identification import act
from services.ledger.ids import new_id
from services.ledger.log import queries, visible
from services.ledger.log.service import seal
from services.ledger.log.visible import OWN
from tests.access.country import Place, a_place, authority, get
from tests.access.making import a_key, appointed, client_of, rows
from tests.ledger.conftest import SignIn
from tests.proof.conftest import sign_the_log

OWN_TYPES = {type_ for type_ in DATA if type_.partition(".")[0] in OWN}
NOTICE = "message.delivered"
_TELL = """
    WITH told AS (
      INSERT INTO events (subject_id, id, type, actor, debtor_id, creditor_id, data, request_id,
        occurred_at, recorded_at)
      SELECT gen_random_uuid(), gen_random_uuid(), t, 'someone', CAST(:debtor AS uuid),
        CASE t WHEN 'account.read' THEN CAST(:creditor AS uuid) END, '{}', '', now(),
        now() - interval '1 hour'
      FROM unnest(CAST(:types AS varchar[])) t RETURNING subject_id, id
    )
    INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM told RETURNING 1
"""


@pytest.fixture
def place(ledger: SignIn) -> Place:
    """A debtor of 330100 with an event of each type that is its own; one was read by its supplier.

    Of the installation's own there is one, too.
    """
    found = a_place(ledger, "330100")
    told = {"types": [*OWN_TYPES, NOTICE], "creditor": found.claim.creditor_id}
    rows(_TELL, debtor=found.claim.debtor_id, **told)
    rows(_TELL, debtor=None, types=["approval.requested", "user.added"], creditor=None)
    sign_the_log()
    return found


def own_of(client: TestClient) -> dict[str, int]:
    """Return the positions of the own events somebody reads, by their type."""
    events = get(client, "/v1/events", limit=1000)["events"]
    return {one["type"]: one["position"] for one in events if one["type"] in {*OWN_TYPES, NOTICE}}


def of_regions() -> Iterator[TestClient]:
    for region in ("33", ""):
        who, client = authority()
        appointed(who, region)
        yield client


def check_that_others_see_none_of(positions: dict[str, int]) -> None:
    operator = client_of(a_key("operator").token)
    assert set(own_of(operator)) == {"approval.requested"}  # the installation's
    for client in of_regions():
        assert own_of(client) == {}
        assert "receivable.opened" in {one["type"] for one in get(client, "/v1/events")["events"]}
    for client in (operator, *of_regions()):
        for type_ in ("approval.requested", "account.changed", NOTICE):
            assert client.get(f"/v1/events/{positions[type_]}/proof").status_code == 404, type_


def test_its_own_events_are_read_and_proven_by_itself_and_by_no_authority(
    place: Place, ledger: SignIn
) -> None:
    buyer = ledger("core_enterprise", place.claim.debtor_id)
    own = own_of(buyer)
    assert set(own) == {*OWN_TYPES, NOTICE}
    assert client_proves(buyer, own["approval.requested"])
    supplier = ledger("supplier", place.claim.creditor_id)
    assert set(own_of(supplier)) == {"account.read"}
    assert set(own_of(client_of(a_key("service").token))) == {*OWN_TYPES, NOTICE}
    check_that_others_see_none_of(own)


def client_proves(client: TestClient, position: int) -> bool:
    return client.get(f"/v1/events/{position}/proof").status_code == 200


def test_a_condition_that_forgets_whose_they_are_is_found(
    place: Place, ledger: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    own = own_of(ledger("core_enterprise", place.claim.debtor_id))
    statement = queries._OF_ALL.text
    assert visible.EVENT_VISIBLE in statement
    wider = statement.replace(visible.EVENT_VISIBLE, VISIBLE.format(table="e"))
    monkeypatch.setattr(queries, "_OF_ALL", text(wider))

    with pytest.raises(AssertionError):
        check_that_others_see_none_of(own)


def seen(session: Session, regions: tuple[str, ...]) -> dict[str, int]:
    """Count what an authority sees of own events by the barest statements."""
    act(session, Viewer(name="authority", role="regulator", party_id=None, regions=regions))
    counted = {
        table: session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        for table in ("events", "sealed")
    }
    session.connection().execute(text("SET LOCAL ROLE NONE"))
    return counted


@pytest.fixture
def debtor(session: Session) -> UUID:
    debtor_id = new_id()
    party = (
        "INSERT INTO parties (id, name, kind, domestic, region)"
        " VALUES (:id, '主体', 'LARGE', true, '330100')"
    )
    session.connection().execute(text(party), {"id": debtor_id})
    values = {"types": [*OWN_TYPES, NOTICE, "contract.registered"], "creditor": None}
    session.connection().execute(text(_TELL), {"debtor": debtor_id, **values})
    seal(session)
    return debtor_id


@pytest.mark.parametrize("regions", [("33",), ("",)])
def test_the_database_says_so_too(session: Session, debtor: UUID, regions: tuple[str, ...]) -> None:
    assert seen(session, regions) == {"events": 1, "sealed": 1}
    assert seen(session, ("44",)) == {"events": 0, "sealed": 0}


def test_a_policy_that_goes_by_the_debtor_alone_is_found(session: Session, debtor: UUID) -> None:
    """The control: the policies as they were."""
    for table in ("events", "sealed"):
        wider = "EXISTS (SELECT FROM parties v WHERE v.id = debtor_id AND v.region ^@ '33')"
        session.connection().execute(text(f"ALTER POLICY regulator ON {table} USING ({wider})"))

    assert seen(session, ("33",))["sealed"] > len(OWN_TYPES)
