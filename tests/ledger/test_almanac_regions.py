"""Region codes that are imported after the package was made, and parties that carry one."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac.service import edition
from services.ledger.law.regions import RegionError
from services.ledger.parties.models import Party
from services.ledger.receivables.notice import AlmanacFileError, import_almanac
from tests.ledger.make import a_party

TODAY = date(2030, 6, 1)
BEFORE, AFTER = date(2029, 12, 31), date(2030, 1, 1)


def take(session: Session, *lines: str) -> None:
    content = "\n".join(("kind,date,value,source", *lines)) + "\n"
    import_almanac(session, OPERATOR, content.encode(), name="区划.csv", today=TODAY)


def test_a_merger_that_is_imported_counts_from_its_day(session: Session) -> None:
    take(
        session,
        "region:370116,2030-01-01,>370112,测试用",
        "region:370199,2030-01-01,新设区,测试用",
    )

    regions = edition(session).regions
    assert regions.current("371202", on=BEFORE) == ("370116",)
    assert regions.current("371202", on=AFTER) == ("370112",)
    assert regions.name("370199", on=BEFORE) is None
    assert regions.name("370199", on=AFTER) == "新设区"


def test_a_question_with_an_earlier_instant_does_not_know_it(session: Session) -> None:
    before = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
    take(session, "region:370116,2030-01-01,>370112,测试用")

    regions = edition(session, known_at=before).regions
    assert regions.current("371202", on=AFTER) == ("370116",)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("region:37011,2030-01-01,新设区,x", "kind"),
        ("region:990000,2030-01-01,新设区,x", "kind"),
        ("region,2030-01-01,新设区,x", "kind"),
        ("region:370116,2030-01-01,,x", "value"),
        ("region:370116,2030-01-01,>,x", "value"),
        ("region:370116,2030-01-01,>370116,x", "value"),
        ("region:370116,2030-01-01,>370112;济南,x", "value"),
    ],
)
def test_a_region_that_says_nothing_is_refused(session: Session, line: str, column: str) -> None:
    with pytest.raises(AlmanacFileError) as refusal:
        take(session, line)

    assert [(fault.line, fault.column) for fault in refusal.value.faults] == [(2, column)]


def test_a_party_keeps_the_code_it_was_registered_with(session: Session) -> None:
    party_id = a_party(session, region="371202")

    party = session.get(Party, party_id)
    assert party is not None
    assert party.region == "371202"
    with pytest.raises(RegionError):
        a_party(session, region="3712")


def test_an_import_brings_the_table_that_regulators_are_shown_by(session: Session) -> None:
    take(session, "region:370116,2030-01-01,>370112,测试用")

    asked = text("SELECT became, from_on FROM region_successors WHERE was = '371202' ORDER BY 2")
    found = [tuple(row) for row in session.connection().execute(asked)]
    assert found == [("370116", date(2019, 1, 9)), ("370112", AFTER)]


def test_a_fault_repeats_what_stands_in_its_column(session: Session) -> None:
    with pytest.raises(AlmanacFileError) as error:
        take(session, "foo,2026-01-01,1,测试用", "lpr,2026-10-20,abc,测试用")

    kind, value = error.value.faults
    assert (kind.column, kind.chinese[:5]) == ("kind", "'foo'")
    assert (value.column, value.chinese[:5]) == ("value", "'abc'")
