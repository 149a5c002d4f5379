"""Why, over HTTP: a receivable's facts, the law's steps on them, and the other readings."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime

from services.ledger.arrears.reasoning import reason
from services.ledger.clock import now, today
from services.ledger.edges import ApiModel, AskedBy, Day, DbSession, Instant, Router

router = Router(prefix="/v1/receivables", tags=["law"])


class NoteOut(ApiModel):
    """How the book's facts were put into the case."""

    id: str
    text_zh: str
    text_en: str


class ReasoningOut(ApiModel):
    """A receivable's reasoning. 仅供核查，不构成法律认定.

    ``case`` is in the fixed case format and gives the same result without this ledger.
    """

    receivable_id: UUID
    as_of: Day
    known_at: AwareDatetime
    almanac_version: int
    facts: dict[str, Any]
    case: dict[str, Any]
    result: dict[str, Any]
    """Due day, lateness, interest by reading, flags, readings with alternatives, and the trace."""
    book: dict[str, Any]
    notes: list[NoteOut]
    note: str


@router.get("/{receivable_id}/reasoning")
def get_reasoning(
    receivable_id: UUID,
    viewer: AskedBy,
    session: DbSession,
    as_of: Annotated[Day | None, Query(description="the day spoken about; today if absent")] = None,
    known_at: Annotated[
        Instant | None, Query(description="what was known then; now if absent")
    ] = None,
) -> ReasoningOut:
    """Say why a receivable is due when it is, how late it is, and what interest each reading gives.

    Every step names its rule and article, in Chinese and English.
    """
    return ReasoningOut(
        **reason(session, viewer, receivable_id, as_of=as_of or today(), known_at=known_at or now())
    )
