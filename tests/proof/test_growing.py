"""Growing, signing, changing keys and forgetting: what the worker and an operator do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.events import DATA
from services.ledger import config, db
from services.ledger.access import OPERATOR
from services.ledger.errors import NotFoundError
from services.ledger.log.service import seal
from services.ledger.proof import leaves, queries, service, tasks
from services.ledger.proof.check import check_log
from services.ledger.proof.erasing import NotInTreeYetError, Whose, erase
from services.ledger.proof.ledger_verify import SUITES, open_note
from services.ledger.proof.signing import LogKeyError, signer
from services.ledger.proof.tree import Span
from tests.proof.made import AT, NEW_KEY, OLD_KEY, keys, sign, subject, write

SHA = SUITES["sha256-ed25519"]


def hashes(session: Session) -> list[bytes]:
    rows = session.connection().execute(text("SELECT hashes FROM tiles ORDER BY level, number"))
    return [bytes(row.hashes) for row in rows]


def test_growing_in_batches_gives_the_tree_of_growing_at_once(session: Session) -> None:
    write(session, 700)
    point = session.begin_nested()
    assert service.grow(session, SHA, limit=10_000) == 700
    salts = session.connection().execute(text("SELECT * FROM salts")).all()
    at_once = hashes(session)
    point.rollback()
    for owner, salt in salts:
        given = {"owner": owner, "salt": salt}
        session.connection().execute(text("INSERT INTO salts VALUES (:owner, :salt)"), given)
    batches = [service.grow(session, SHA, limit=limit) for limit in (1, 255, 300, 1_000, 1_000)]
    assert batches == [1, 255, 300, 144, 0]
    assert hashes(session) == at_once


@pytest.mark.parametrize("suite", sorted(SUITES))
def test_both_suites_prove_the_same_log(
    session: Session, suite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_LOG_SUITE", suite)
    config.settings.cache_clear()
    try:
        write(session, 300)
        one = signer(suite, "test.example/log", OLD_KEY)
        assert service.grow(session, SUITES[suite]) == 300
        signed = service.checkpoint(session, [one], at=AT)
        assert signed is not None
        assert open_note(signed.note, one.key) == (signed.body, None)
        assert open_note(signed.note, one.key.cosigner()) == (signed.body, int(AT.timestamp()))
        assert queries.suite_of(session).name == suite
        assert list(check_log(session)) == []
    finally:
        config.settings.cache_clear()


def test_nothing_new_is_not_signed_again(session: Session) -> None:
    assert service.checkpoint(session, keys(OLD_KEY), at=AT) is None
    write(session, 3)
    sign(session, OLD_KEY)
    assert service.checkpoint(session, keys(OLD_KEY), at=AT) is None


def test_a_new_key_is_signed_for_by_the_old_one(session: Session) -> None:
    write(session, 3)
    sign(session, OLD_KEY)
    write(session, 3, first=3)
    service.grow(session, SHA)
    with pytest.raises(LogKeyError):
        service.checkpoint(session, keys(NEW_KEY), at=AT)
    signed = service.checkpoint(session, keys(NEW_KEY, OLD_KEY), at=AT)
    assert signed is not None
    first, second = queries.log_keys(session)
    old, new = keys(OLD_KEY)[0].key, keys(NEW_KEY)[0].key
    assert open_note(first, old)
    assert open_note(second, old)
    assert open_note(signed.note, new)
    assert not open_note(signed.note, old)
    assert service.introduce(session, keys(NEW_KEY)).key == new


@pytest.mark.parametrize("secret", ["", "short", "!" * 43, "A" * 44])
def test_a_malformed_key_is_refused(secret: str) -> None:
    with pytest.raises(LogKeyError, match="not 32 bytes"):
        keys(secret)


def personal(session: Session) -> set[str]:
    rows = session.connection().execute(text("SELECT actor, data::varchar FROM events"))
    return {f"{actor} {data}" for actor, data in rows}


def test_what_is_erased_is_gone_and_the_log_stays_provable(session: Session) -> None:
    write(session, 300)
    before = sign(session, OLD_KEY)
    tree = hashes(session)
    assert any("user3" in said for said in personal(session))
    assert any("w5@example.com" in said for said in personal(session))

    done = erase(session, OPERATOR, SHA, Whose(actor="user3"), basis="第四十七条")
    assert done == (43, 43, 0)
    done = erase(session, OPERATOR, SHA, Whose(subject_id=subject(5)), basis="第四十七条")
    assert done.events == 8
    left = personal(session)
    assert not any("user3" in said for said in left)
    assert not any("w5@example.com" in said for said in left)
    assert not any("第125箱" in said for said in left)
    assert any("w8@example.com" in said for said in left)
    assert hashes(session) == tree
    assert list(check_log(session)) == []
    assert queries.roots(session, SHA, [Span(0, 300)]) == [before.root]

    seal(session)
    sign(session, OLD_KEY, minute=1)
    told = session.connection().execute(
        text("SELECT data FROM events WHERE type = 'evidence.erased' ORDER BY recorded_at, id")
    )
    assert [row.data["events"] for row in told] == [43, 8]
    with pytest.raises(NotFoundError):
        erase(session, OPERATOR, SHA, Whose(actor="user3"), basis="第四十七条")


def test_what_was_put_back_after_an_erasure_is_found(session: Session) -> None:
    write(session, 30)
    sign(session, OLD_KEY)
    erase(session, OPERATOR, SHA, Whose(actor="user3"), basis="第四十七条")
    assert list(check_log(session)) == []
    back = "UPDATE events SET actor = 'user4' WHERE actor = '' AND subject_id = :id"
    session.connection().execute(text(back), {"id": subject(3)})
    (place,) = check_log(session)
    assert place.where.startswith("position 4,")
    assert place.where.endswith("a salt is gone, or what was erased is back")


def test_nobody_is_erased_whose_events_are_not_in_the_tree(session: Session) -> None:
    write(session, 30)
    with pytest.raises(NotInTreeYetError):
        erase(session, OPERATOR, SHA, Whose(actor="user3"), basis="第四十七条")
    sign(session, OLD_KEY)
    with pytest.raises(NotFoundError):
        erase(session, OPERATOR, SHA, Whose(actor="nobody"), basis="第四十七条")


@pytest.fixture
def committed(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    config.settings.cache_clear()
    db.dispose()
    yield
    db.dispose()
    config.settings.cache_clear()


def test_under_load_checkpoints_are_less_than_a_minute_apart(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten minutes of events and ticks, with a backlog that takes many batches in between."""
    monkeypatch.setattr(tasks, "_BATCH", 50)
    clock = datetime(2026, 3, 1, tzinfo=UTC)
    monkeypatch.setattr(tasks, "now", lambda: clock)
    for second in range(0, 600, 4):
        with db.transaction() as session:
            write(session, 2_000 if second == 200 else 3, first=second * 1_000)
        tasks.tick()
        clock += timedelta(seconds=4)
    with db.transaction() as session:
        found = queries.checkpoints(session, limit=1_000)
        times = [one.signed_at for one in found]
        gaps = [later - earlier for later, earlier in pairwise(times)]
        assert len(found) > 10
        assert max(gaps) <= 60
        assert found[0].size >= queries.tree_size(session) - 20
        assert list(check_log(session)) == []


PUBLIC = {
    "amount", "area", "article", "basis", "by", "cause", "change", "channel", "code", "command",
    "confirmed", "costs", "costs_open", "creditor_size", "creditor_size_from",
    "creditor_size_source", "currency",
    "debtor_kind", "debtor_kind_from", "disputed", "duty", "expires_at", "export_reference",
    "face", "factor", "failing_since", "flag", "flags", "from_on", "holds_for", "host",
    "interest", "interest_open", "invoice_number", "kind", "known", "meaning", "new", "note",
    "number", "old_ends_at", "open", "payment_reference", "platform", "profile", "reading",
    "receipt", "reference", "regime", "region", "role", "roles", "rows", "rows_sha256", "rule_ids",
    "scheme", "scopes",
    "settlement", "sha256", "stage", "state", "step", "steps", "still_open", "subject",
    "terms", "timer", "to_on", "total", "types", "undisputed", "upheld", "valid_from", "withdrawn",
}  # fmt: skip
"""Text that events hold in the clear: words of ours, numbers of documents, amounts."""


def test_every_text_of_an_event_is_personal_or_known_not_to_be() -> None:
    """What a new event says must be judged before its first leaf, for a leaf is for ever."""
    named = {
        name
        for kind in DATA.values()
        for name, field in kind.model_fields.items()
        if any(word in str(field.annotation) for word in ("str", "dict", "Mapping", "Any"))
    }
    assert named - leaves.PRIVATE - PUBLIC == set()


def test_personal_values_are_found_at_any_depth() -> None:
    data = {"a": [{"phone": "1", "b": 2}, {"c": {"account": {"no": "6222"}}}], "email": ""}
    assert dict(leaves.private(data)) == {
        "data.a.0.phone": "1",
        "data.a.1.c.account": '{"no":"6222"}',
    }
