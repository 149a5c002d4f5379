"""A platform reads what it was offered until it refuses; the file says for ever what it said."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR, Viewer
from services.ledger.errors import NotFoundError
from services.ledger.financing import answering, queries, service
from services.ledger.financing.answering import take_in
from services.ledger.financing.exporting import reserve
from services.ledger.financing.platforms import register_platform
from services.ledger.identification import act
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.receivables.queries import Claim, get_visible
from services.ledger.receivables.service import Act, dispute, resolve
from services.ledger.web import queries as web_queries
from tests.ledger.make import a_party, acting_for
from tests.ledger.test_financing import AT, DAY, answer, confirmed, now_of, paid

FORMATS = ("csv", "csv-gb18030", "xlsx", "tsin001")


def a_platform(session: Session, code: str) -> Viewer:
    party_id = a_party(session, kind="FINANCIER")
    register_platform(session, OPERATOR, code=code, name=f"平台{code}", party_id=party_id)
    return acting_for(party_id, "platform")


def offered(session: Session, code: str) -> str:
    return reserve(session, OPERATOR, platform=code, currency="CNY", as_of=DAY).reference


@contextmanager
def acting(session: Session, viewer: Viewer) -> Iterator[None]:
    """See what the database shows a viewer; the next statements are the test's again."""
    act(session, viewer)
    yield
    session.connection().execute(text("SET LOCAL ROLE NONE"))


def files(session: Session, viewer: Viewer, reference: str) -> dict[str, bytes]:
    """Return the file of an export in each format, as its platform fetches it."""
    found = {}
    with acting(session, viewer):
        export = queries.get_export(session, viewer, reference)
        for name in FORMATS:
            target = io.BytesIO()
            service.write_file(session, export, file_format=name, target=target)
            found[name] = target.getvalue()
    return found


def answered(
    session: Session, viewer: Viewer, reference: str, claim: Claim, state: str
) -> answering.AnswerResult:
    with acting(session, viewer):
        says = [answer(claim, state)]
        return take_in(session, viewer, reference=reference, answers=says, on=DAY)


def seen(session: Session, viewer: Viewer) -> dict[str, int]:
    with acting(session, viewer):
        return {
            table: session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in ("receivables", "balances", "contracts", "claims", "claim_answers")
        }


def check_that_the_file_stays(session: Session) -> None:
    platform = a_platform(session, "A")
    claim = confirmed(session)
    reference = offered(session, "A")
    first = files(session, platform, reference)
    paid(session, claim, 400_00, DAY + timedelta(days=3))
    session.connection().execute(text('UPDATE confirmations SET "on" = "on" - 1'))
    session.connection().execute(text("UPDATE balances SET confirmed_on = confirmed_on - 1"))
    session.connection().execute(text("UPDATE calendar SET provisional = true"))

    assert files(session, platform, reference) == first
    answered(session, platform, reference, claim, "REFUSED")
    assert files(session, platform, reference) == first


def test_the_file_says_what_it_said_whatever_happened_since(session: Session) -> None:
    check_that_the_file_stays(session)


def test_a_claim_that_did_not_keep_what_was_told_tells_what_was_known_then(
    session: Session,
) -> None:
    platform = a_platform(session, "A")
    claim = confirmed(session)
    paid(session, claim, 100_00, DAY + timedelta(days=1))
    reference = offered(session, "A")
    first = files(session, platform, reference)
    kept = "UPDATE claims SET open_fen = NULL, confirmed_on = NULL, flags = NULL"
    session.connection().execute(text(kept))
    paid(session, claim, 400_00, DAY + timedelta(days=3))

    assert "USED_SINCE" in first["csv"].decode("utf-8-sig")
    assert files(session, platform, reference) == first


def test_a_file_of_live_figures_is_found(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    live = queries.ROWS.replace(
        "coalesce(x.open_fen,",
        "coalesce((SELECT b.receivable_fen + b.reserved_fen"
        " FROM balances b WHERE b.receivable_id = r.id),",
    )
    assert live != queries.ROWS
    monkeypatch.setattr(queries, "ROWS", live)

    with pytest.raises(AssertionError):
        check_that_the_file_stays(session)


def check_that_a_refusal_ends_it(session: Session) -> None:
    platform = a_platform(session, "A")
    claim = confirmed(session)
    reference = offered(session, "A")
    assert set(seen(session, platform).values()) == {0, 1}  # all but the answer
    answered(session, platform, reference, claim, "REFUSED")

    assert seen(session, platform) == {
        "receivables": 0,
        "balances": 0,
        "contracts": 0,
        "claims": 1,
        "claim_answers": 1,
    }
    with pytest.raises(NotFoundError), acting(session, platform):
        get_visible(session, platform, claim.id)


def test_a_refusal_ends_what_a_platform_sees_in_the_database_too(session: Session) -> None:
    check_that_a_refusal_ends_it(session)


def test_a_policy_that_goes_on_after_a_refusal_is_found(session: Session) -> None:
    """The control: the policy as it was."""
    offered_to = "id = ANY (ARRAY(SELECT v.receivable_id FROM claims v))"
    session.connection().execute(text(f"ALTER POLICY platform ON receivables USING ({offered_to})"))

    with pytest.raises(AssertionError):
        check_that_a_refusal_ends_it(session)


def test_a_refusal_that_comes_again_is_known_and_counted_in_the_console(session: Session) -> None:
    platform = a_platform(session, "A")
    claim = confirmed(session)
    reference = offered(session, "A")
    answered(session, platform, reference, claim, "REFUSED")

    again = answered(session, platform, reference, claim, "REFUSED")

    assert (again.refused, again.repeated) == (0, 1)
    with acting(session, platform):
        (line,) = web_queries.exports(session, platform, before=(AT, UUID(int=0)), limit=9)
    assert (line.state, line.count) == ("REFUSED", 1)


def check_that_a_refusal_is_of_its_own_part(session: Session) -> None:
    """600 is offered to A and 400 to B; 500 is paid, so that A's part is 100 by now."""
    first, _ = a_platform(session, "A"), a_platform(session, "B")
    claim = confirmed(session)
    buyer = acting_for(claim.debtor_id)
    held = Act(new_id(), claim.id, DAY, 400_00, "短少")
    dispute(session, buyer, held)
    reference = offered(session, "A")
    resolve(session, buyer, replace(held, id=new_id()), upheld=True)
    offered(session, "B")
    paid(session, claim, 500_00, DAY + timedelta(days=3))

    answered(session, first, reference, claim, "REFUSED")

    now = now_of(session, claim)
    assert (now.reserved_fen, now.receivable_fen) == (400_00, 100_00)
    assert verify(session) == []


def test_a_refusal_releases_nothing_that_another_platform_holds(session: Session) -> None:
    check_that_a_refusal_is_of_its_own_part(session)


def test_a_refusal_weighed_without_what_others_hold_is_found(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: as it was, by what the platform alone may see."""
    monkeypatch.setattr(answering, "as_machine", lambda _: nullcontext())

    with pytest.raises(AssertionError):
        check_that_a_refusal_is_of_its_own_part(session)
