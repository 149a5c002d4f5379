"""A lawful erasure takes what a person wrote out of the book's rows, and the proof holds."""

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.clock import today
from services.ledger.errors import NotFoundError
from services.ledger.insight.verify import verify
from services.ledger.payments.accounts import accounts
from services.ledger.proof import queries
from services.ledger.proof.erasing import Whose, erase
from services.ledger.proof.erasing_rows import GONE
from tests.insight.whole_book import whole_book
from tests.ledger.make import acting_for

_WRITTEN = """
    SELECT reason FROM confirmations WHERE receivable_id = :answered
    UNION ALL SELECT reason FROM interest_waivers WHERE receivable_id = :late
    UNION ALL SELECT text FROM arrears_facts WHERE receivable_id = :late
    UNION ALL SELECT text FROM complaints UNION ALL SELECT text FROM complaint_steps
    UNION ALL SELECT facts::varchar FROM approval_proposals
    UNION ALL SELECT arguments::varchar FROM approval_proposals
    UNION ALL SELECT sealed::varchar || shown FROM repayment_accounts
    UNION ALL SELECT email FROM parties WHERE id = :party"""


def test_what_was_written_of_a_subject_goes_from_its_rows_and_verify_finds_nothing_amiss(
    session: Session,
) -> None:
    book = whole_book(session)
    run = session.connection().execute
    party = run(text("SELECT party_id FROM repayment_accounts")).scalar_one()
    complaint = run(text("SELECT id FROM complaints")).scalar_one()
    named = {"answered": book.answered, "late": book.late, "party": party}
    assert any(said not in {"", GONE} for said in run(text(_WRITTEN), named).scalars())

    for subject in (book.answered, book.late, book.approved, party, complaint):
        whose = Whose(subject_id=subject)
        assert erase(session, OPERATOR, queries.suite_of(session), whose, basis="第47条").rows

    left = {said.replace("\\x", "") for said in run(text(_WRITTEN), named).scalars()}
    assert left <= {"", GONE, "{}"}
    viewer = acting_for(party, "supplier")
    assert accounts(session, viewer, party, today=today()) == []
    assert verify(session) == []


def test_who_did_it_goes_from_the_rows_that_name_them(session: Session) -> None:
    whole_book(session)
    run = session.connection().execute
    proposer = run(text("SELECT proposer FROM approval_proposals")).scalar_one()

    erased = erase(
        session, OPERATOR, queries.suite_of(session), Whose(actor=proposer), basis="第47条"
    )

    assert erased.rows == 1
    assert run(text("SELECT proposer FROM approval_proposals")).scalar_one() == GONE
    assert verify(session) == []
    with pytest.raises(NotFoundError):
        erase(session, OPERATOR, queries.suite_of(session), Whose(actor=proposer), basis="第47条")
