"""What a creditor may claim as interest now: each reading of the law, and what it comes to."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import RowMapping
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.arrears.case_facts import NotYetOpenedError
from services.ledger.arrears.interest_figure import (
    InterestOverlapError,
    NoInterestError,
    period_of,
)
from services.ledger.arrears.reasoning import put
from services.ledger.law.case import explain
from services.ledger.law.rates import READINGS
from services.ledger.law.values import LprMissingError
from services.ledger.receivables.queries import Claim


class Offer(NamedTuple):
    """What may be claimed by one reading."""

    reading: str
    from_on: date
    amount_fen: int


def offers(
    session: Session,
    viewer: Viewer,
    claim: Claim,
    standing: Sequence[RowMapping],
    *,
    on: date,
    known_at: datetime,
) -> list[Offer]:
    """Return what the creditor may claim on a day, for the days up to it not claimed for yet.

    None where a platform holds a part, or where the law or the almanac gives no figure.

    Args:
        standing: the claims that are not withdrawn.
    """
    if claim.due_on is None or on <= claim.due_on or claim.assigned_fen:
        return []
    found = []
    with suppress(NotYetOpenedError, LprMissingError):
        question = put(session, viewer, claim.id, as_of=on, known_at=known_at)
        result = explain(question.case | {"as_of": on.isoformat()}, question.almanac, trace=False)
        for reading in READINGS:
            with suppress(NoInterestError, InterestOverlapError):
                period = period_of(question, result, reading, (None, on), standing)
                found.append(Offer(reading, period.from_on, period.amount_fen))
    return found
