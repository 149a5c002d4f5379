"""What follows lateness, on the page of a receivable: claimed interest, facts, complaints."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.arrears import facts, interest
from services.ledger.arrears.complaints_queries import SOON_DAYS, Wanted, complaints
from services.ledger.receivables.queries import Claim
from services.ledger.web import words, words_arrears, words_law


def panel(
    session: Session, viewer: Viewer, claim: Claim, *, today: date, now: datetime
) -> dict[str, Any]:
    """Return what the template shows; the viewer may see the receivable."""
    found = complaints(session, viewer, Wanted(receivable=claim.id), as_of=today, known_at=now)
    return {
        "claims": [
            {**row, "word": words_law.INTEREST[row["reading"]]}
            for row in interest.claims(session, claim.id)
        ],
        "waivers": interest.waivers(session, claim.id),
        "facts": [_fact(row) for row in facts.facts(session, claim.id)],
        "complaints": [shown(row) for row in found],
    }


def _fact(row: RowMapping) -> dict[str, Any]:
    said = words_arrears.FACT_WORDS.get(row["word"])
    return {
        **row,
        "kind": words.of(words_arrears.FACTS, row["kind"]),
        "said": said.zh if said else row["word"],
    }


def shown(row: RowMapping) -> dict[str, Any]:
    """Return a complaint with its words; the tone of its timer says how near its end is."""
    left = row["days_left"]
    tone = ""
    if left is not None:
        tone = "bad" if left < 0 else "good"
        tone = "warn" if 0 <= left <= SOON_DAYS else tone
    return {
        **row,
        "word": words_arrears.STATES[row["state"]],
        "timer_word": words_arrears.TIMERS.get(row["timer"]),
        "timer_tone": tone,
    }
