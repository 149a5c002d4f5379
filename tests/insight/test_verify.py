"""Each invariant of the book: broken in one row, found, and named with the row; nothing else is."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.insight.checks_log import _TOLD
from services.ledger.insight.verify import CHECKS, verify
from tests.insight.breaks_of_facts import FACT_BREAKS
from tests.insight.breaks_of_money import MONEY_BREAKS, Break
from tests.insight.breaks_of_people import PEOPLE_BREAKS
from tests.insight.whole_book import unguarded, whole_book

BREAKS = MONEY_BREAKS + FACT_BREAKS + PEOPLE_BREAKS
"""Each alone in a book that is whole, with the constraints that would refuse it gone."""
ELSEWHERE = {"leaves", "tree", "checkpoints", "deliveries", "answers", "imports", "protection"}


def broken(session: Session) -> dict[str, list[str]]:
    return {finding.check: finding.examples for finding in verify(session)}


def trial(session: Session, one: Break, subject: UUID) -> str:
    """Return what is wrong with how a break is found; '' if it is found as it should be."""
    point = session.begin_nested()
    done = session.connection().execute(text(one.statement), {"id": subject})
    found = broken(session)
    point.rollback()
    if not done.rowcount:
        return f"{one} changes nothing"
    if set(found) | {"leaves"} != {*one.checks.split(), "leaves"}:  # facts are in leaves as well
        return f"{one} is found as {found}"
    places = found[one.checks.split()[0]]
    return "" if any(one.place in place for place in places) else f"{one} is found at {places}"


def test_each_invariant_is_found_broken_and_named_in_a_whole_book(session: Session) -> None:
    book = whole_book(session)
    unguarded(session)
    assert broken(session) == {}
    wrong = [trial(session, one, getattr(book, one.subject)) for one in BREAKS]
    assert "\n".join(said for said in wrong if said) == ""


def test_of_each_type_that_is_counted_one_event_is_missed(session: Session) -> None:
    whole_book(session)
    unguarded(session)
    (check,) = (one for one in CHECKS if one.name == "events")
    run = session.connection().execute
    there = run(text("SELECT DISTINCT type FROM events WHERE type = ANY(:all)"), {"all": [*_TOLD]})
    types = set(there.scalars())
    unseen = []
    for type_ in types:
        point = session.begin_nested()
        one = "(SELECT ctid FROM events WHERE type = :type LIMIT 1)"
        run(text(f"DELETE FROM events WHERE ctid = {one}"), {"type": type_})
        if not any(place.startswith(type_) for _, place in run(text(check.sql)).all()):
            unseen.append(type_)
        point.rollback()
    assert unseen == []
    assert len(types) > len(_TOLD) // 2, set(_TOLD) - types


def test_every_invariant_has_words_and_is_broken_by_a_test() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.english and check.chinese for check in CHECKS)
    tried = {one.checks.split()[0] for one in BREAKS} | ELSEWHERE
    assert tried == {check.name for check in CHECKS}
