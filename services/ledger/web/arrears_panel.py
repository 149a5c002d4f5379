"""What follows lateness, on the page of a receivable: claimed interest, facts, complaints."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import RowMapping
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.arrears import facts, interest
from services.ledger.arrears.complaint_states import OPEN_STATES
from services.ledger.arrears.complaints_queries import SOON_DAYS, Wanted, complaints
from services.ledger.arrears.interest_offers import offers
from services.ledger.ids import new_id
from services.ledger.receivables.queries import Claim
from services.ledger.web import words, words_arrears, words_law

_CREDITOR_STATES: Final = [
    (kind, words_arrears.FACTS[kind]) for kind in ("DEMAND", "SUIT", "ARBITRATION")
]
_DEBTOR_STATES: Final = [
    (kind, words_arrears.FACTS[kind]) for kind in ("ACKNOWLEDGEMENT", "AGREEMENT")
]

_INSTRUMENTS: Final = [
    (kind, words_arrears.FACT_WORDS[kind]) for kind in ("BILL", "ECERT", "OTHER")
]
_COSTS: Final = list(words_arrears.COSTS.items())
_REASONS: Final = [
    (word, words_arrears.FACT_WORDS[word])
    for word in (
        "PERSON_IN_CHARGE_CHANGED",
        "INTERNAL_PROCESS",
        "COMPLETION_FILING",
        "FINAL_AUDIT",
        "OTHER",
    )
]


def panel(
    session: Session, viewer: Viewer, claim: Claim, *, today: date, now: datetime
) -> dict[str, Any]:
    """Return what the template shows; the viewer may see the receivable."""
    found = complaints(session, viewer, Wanted(receivable=claim.id), as_of=today, known_at=now)
    claimed = interest.claims(session, claim.id)
    stated = [_fact(row) for row in facts.facts(session, claim.id)]
    complained = any(row["state"] in OPEN_STATES for row in found)
    made = _forms(session, viewer, claim, claimed, today=today, now=now, complained=complained)
    made |= _statements(viewer, claim, stated, today=today)
    return {
        "claims": [{**row, "word": words_law.INTEREST[row["reading"]]} for row in claimed],
        "waivers": interest.waivers(session, claim.id),
        "facts": stated,
        "complaints": [shown(row) for row in found],
        "forms": {name: (value, new_id()) for name, value in made.items() if value},
    }


def _forms(
    session: Session,
    viewer: Viewer,
    claim: Claim,
    claimed: Sequence[RowMapping],
    *,
    today: date,
    now: datetime,
    complained: bool,
) -> dict[str, Any]:
    """Return what the viewer may do about lateness, each form with its choices."""
    late = claim.due_on is not None and claim.due_on < today
    owed_fen = claim.owed_fen if late else 0
    if viewer.party_id == claim.debtor_id:
        return {"interruption": _DEBTOR_STATES if owed_fen else []}
    if viewer.party_id != claim.creditor_id:
        return {}
    standing = [row for row in claimed if row["withdrawn_on"] is None]
    offered = offers(session, viewer, claim, standing, on=today, known_at=now)
    return {
        "interest": [(words_law.INTEREST[one.reading], one) for one in offered],
        "withdrawal": [row for row in standing if row["amount_fen"] <= claim.interest_fen],
        "waiver": claim.interest_fen,
        "interruption": _CREDITOR_STATES if owed_fen else [],
        "complaint": 0 if complained else owed_fen,
    }


def _statements(
    viewer: Viewer, claim: Claim, stated: Sequence[dict[str, Any]], *, today: date
) -> dict[str, Any]:
    """Return what else a party may state: instruments, reasons of delay, and what ended."""
    if viewer.party_id not in {claim.debtor_id, claim.creditor_id}:
        return {}
    owed_fen = claim.owed_fen
    late = claim.due_on is not None and claim.due_on < today
    standing = [row for row in stated if row["code"] in facts.ENDING and row["ended_on"] is None]
    covered_fen = sum(row["amount_fen"] for row in standing if row["code"] == "INSTRUMENT")
    left_fen = max(0, owed_fen - covered_fen)
    explains = late and owed_fen and viewer.party_id == claim.debtor_id
    return {
        "instrument": (left_fen, _INSTRUMENTS) if left_fen else None,
        "costs": _COSTS if late and owed_fen and viewer.party_id == claim.creditor_id else [],
        "delay": _REASONS if explains else [],
        "end": [
            row
            for row in standing
            if row["code"] != facts.COSTS or viewer.party_id == claim.creditor_id
        ],
    }


def _fact(row: RowMapping) -> dict[str, Any]:
    named = words_arrears.COSTS if row["kind"] == facts.COSTS else words_arrears.FACT_WORDS
    said = named.get(row["word"])
    return {
        **row,
        "code": row["kind"],
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
