"""The log: sealed in the order it was written, read by everyone as far as it was searched."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, event, pool, text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.db import driver_url
from services.ledger.identification import act
from services.ledger.ids import id_of, new_id
from services.ledger.log import queries, visible
from services.ledger.log.queries import page_after
from services.ledger.log.service import seal
from tests.ledger.make import acting_for

_APPEND = text(
    """
    WITH made AS (
      INSERT INTO events (subject_id, id, type, actor, debtor_id, creditor_id, data, request_id,
        occurred_at, recorded_at)
      SELECT :subject, md5(:salt || n)::uuid, 'order.placed', 'test', :debtor, :creditor, '{}', '',
        now(), now() - n * interval '1 second'
      FROM generate_series(1, :count) n RETURNING subject_id, id, recorded_at
    )
    INSERT INTO unsealed (subject_id, event_id, recorded_at)
    SELECT subject_id, id, recorded_at FROM made
    """
)


def append(
    session: Session, count: int, *, debtor: UUID | None = None, creditor: UUID | None = None
) -> None:
    """Append events of which each is a second older than the one before it."""
    values = {"subject": new_id(), "debtor": debtor, "creditor": creditor, "count": count}
    session.connection().execute(_APPEND, {**values, "salt": str(new_id())})


def seal_all(session: Session, *, limit: int = 100_000) -> list[int]:
    sealed: list[int] = []
    while not sealed or sealed[-1]:
        sealed.append(seal(session, limit=limit))
    return sealed[:-1]


def test_a_backlog_of_several_batches_is_sealed_strictly_oldest_first(session: Session) -> None:
    append(session, 45)
    assert seal(session, limit=20) == 20
    append(session, 3)

    assert seal_all(session, limit=20) == [20, 8]

    positions = session.connection().execute(
        text(
            "SELECT s.position, row_number() OVER (ORDER BY e.recorded_at, e.id) AS nth,"
            " s.sealed_at FROM sealed s JOIN events e ON e.id = s.event_id ORDER BY s.position"
        )
    )
    rows = list(positions)
    assert [row.position for row in rows] == list(range(1, 49))
    # What came when the oldest 20 had their positions comes after them, however old it says it is.
    first, later = rows[:20], rows[20:]
    for batch in (first, later):
        assert [row.nth for row in batch] == sorted(row.nth for row in batch)


def test_what_one_transaction_appends_is_sealed_in_the_order_of_its_ids(session: Session) -> None:
    append(session, 40)
    session.connection().execute(text("UPDATE unsealed SET recorded_at = now()"))
    session.connection().execute(text("UPDATE events SET recorded_at = now()"))

    seal_all(session, limit=15)

    ordered = session.connection().execute(text("SELECT event_id FROM sealed ORDER BY position"))
    ids = [row.event_id for row in ordered]
    assert ids == sorted(ids)
    assert len(ids) == 40


@pytest.fixture(scope="module")
def parties() -> dict[str, UUID]:
    return {name: id_of("log", name) for name in ("few", "none", "busy", "other")}


@pytest.fixture
def crowded(session: Session, parties: dict[str, UUID]) -> Session:
    """20,000 events of which one party has three: the first, one in the middle, one near the end.

    Another has every event but those.
    """
    few, busy, other = parties["few"], parties["busy"], parties["other"]
    for count, debtor, creditor in (
        (1, few, None),
        (10_000, busy, other),
        (1, busy, few),
        (9_990, busy, other),
        (1, few, other),
        (7, busy, other),
    ):
        append(session, count, debtor=debtor, creditor=creditor)
        assert seal(session, limit=20_000) == count
    session.connection().execute(text("ANALYZE events, sealed"))
    return session


def test_a_party_with_few_events_reads_the_log_once_and_not_at_each_poll(
    crowded: Session, parties: dict[str, UUID]
) -> None:
    few = acting_for(parties["few"])
    assert positions(crowded, few, after=0, limit=2) == ([1, 10_002], 10_002, True)
    assert positions(crowded, few, after=10_002, limit=2) == ([19_993], 19_993, False)
    assert positions(crowded, few, after=0, limit=3) == ([1, 10_002, 19_993], 19_993, False)
    assert positions(crowded, few, after=20_000, limit=2) == ([], 20_000, False)
    nobody = acting_for(parties["none"])
    assert positions(crowded, nobody, after=0, limit=2) == ([], 0, False)
    assert positions(crowded, nobody, after=30_000, limit=2) == ([], 30_000, False)
    assert positions(crowded, OPERATOR, after=19_999, limit=2) == ([20_000], 20_000, False)

    append(crowded, 1, creditor=parties["few"])
    seal(crowded)
    assert positions(crowded, few, after=20_000, limit=2) == ([20_001], 20_001, False)


def positions(session: Session, viewer: Any, **asked: Any) -> tuple[list[int], int, bool]:
    page = page_after(session, viewer, **asked)
    return [event.position for event in page.events], page.next, page.has_more


@pytest.mark.parametrize("name", ["few", "none", "busy"])
def test_reading_touches_few_pages_however_many_events_of_others_there_are(
    crowded: Session, parties: dict[str, UUID], name: str
) -> None:
    values = {"after": 0, "head": 20_000, "limit": 101, "walk": 101, "type": None}
    explain = text("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + queries._OF_PARTY.text)
    viewer = visible.parameters(acting_for(parties[name]))
    act(crowded, acting_for(parties[name]))
    plan = crowded.connection().execute(explain, {**values, **viewer}).scalar_one()[0]["Plan"]

    # 101 events at most, each found by its key; the whole log is several times as much.
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 450


def test_who_owes_itself_is_told_once_and_every_page_goes_on_where_the_last_ended(
    session: Session, parties: dict[str, UUID]
) -> None:
    few, other = parties["few"], parties["other"]
    for debtor, creditor in ((few, few), (few, other), (other, few), (other, other), (few, few)):
        append(session, 1, debtor=debtor, creditor=creditor)
        seal(session)
    found, after, more = [], 0, True
    while more:
        page, after, more = positions(session, acting_for(few), after=after, limit=1)
        found += page
    assert found == [1, 2, 3, 5]
    assert after == 5


def check_that_a_type_is_found(session: Session, parties: dict[str, UUID]) -> None:
    few, other = parties["few"], parties["other"]
    append(session, 40, debtor=few, creditor=other)
    seal(session)
    rare = (
        "UPDATE events e SET type = :type FROM sealed s WHERE s.event_id = e.id AND position = :at"
    )
    for position, type_ in ((3, "order.accepted"), (20, "receipt.recorded")):
        session.connection().execute(text(rare), {"type": type_, "at": position})
    unlike = text("UPDATE events SET type = 'payment.allocated' WHERE type = 'order.placed'")
    session.connection().execute(unlike)
    for viewer in (acting_for(few), OPERATOR):
        for type_, wanted in (
            ("order.*", [3]),
            ("receipt.recorded", [20]),
            ("order.accepted", [3]),
            ("order", []),
            ("message.*", []),
        ):
            found, pages, after, more = [], 0, 0, True
            while more:
                page = page_after(
                    session, viewer, after=after, limit=2, only=queries.Only(type=type_)
                )
                found += [event.position for event in page.events]
                pages, after, more = pages + 1, page.next, page.has_more
            assert (found, after, pages) == (wanted, 40, 6), (viewer.role, type_)


def test_events_of_a_type_are_found_over_a_long_log_a_walk_at_a_time(
    session: Session, parties: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_WALK", 7)
    check_that_a_type_is_found(session, parties)


def test_a_filter_that_lets_every_type_through_is_found(
    session: Session, parties: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(queries, "_WALK", 7)
    wider = queries._OF_PARTY.text.replace(queries._WANTED, "true")
    assert wider != queries._OF_PARTY.text
    monkeypatch.setattr(queries, "_OF_PARTY", text(wider))

    with pytest.raises(AssertionError):
        check_that_a_type_is_found(session, parties)


def test_events_of_a_subject_are_found_by_it_and_by_those_who_may_see_them(
    session: Session, parties: dict[str, UUID]
) -> None:
    few, other = parties["few"], parties["other"]
    for debtor in (few, other, few):
        append(session, 2, debtor=debtor)
        seal(session)
    one = page_after(session, acting_for(few), after=0, limit=9).events[0].subject_id

    def of(viewer: Any, **narrowed: Any) -> list[int]:
        only = queries.Only(subject_id=one, **narrowed)
        page = page_after(session, viewer, after=0, limit=9, only=only)
        assert not page.has_more
        return [event.position for event in page.events]

    assert of(acting_for(few)) == of(OPERATOR) == of(OPERATOR, type="order.*") == [1, 2]
    assert of(acting_for(other)) == of(OPERATOR, type="payment.*") == []


@pytest.fixture
def own_engine(fresh_database_url: str) -> Iterator[Engine]:
    made = create_engine(driver_url(fresh_database_url), poolclass=pool.NullPool)
    yield made
    made.dispose()


def test_an_event_sealed_while_a_page_is_being_read_is_on_the_next(
    own_engine: Engine, parties: dict[str, UUID]
) -> None:
    statements = []

    def seal_another(*_: Any) -> None:
        statements.append(1)
        if len(statements) == 1:
            with Session(own_engine) as writer, writer.begin():
                append(writer, 1, debtor=parties["few"])
                seal(writer)

    few = acting_for(parties["few"])
    with own_engine.connect() as reader, Session(bind=reader) as session:
        event.listen(reader, "after_cursor_execute", seal_another)
        assert positions(session, few, after=0, limit=10) == ([], 0, False)
        assert positions(session, few, after=0, limit=10) == ([1], 1, False)
    assert len(statements) == 4
