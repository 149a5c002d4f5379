"""The reasoning of a receivable as a page that a judge can read from top to bottom, or print."""

from typing import Any, Final
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from services.ledger.arrears.reasoning import reason
from services.ledger.clock import SHANGHAI, now, today
from services.ledger.edges import DbSession
from services.ledger.web import words_arrears, words_contract, words_law
from services.ledger.web.pages_edge import CONSOLE, AsOf, KnownAt, Reader, address, page, pages
from services.ledger.web.render import grouped

router = pages()
_APPLIES: Final = {True: "true", False: "false"}


@router.get(CONSOLE + "/receivables/{receivable_id:uuid}/reasoning")
def get_reasoning(
    request: Request,
    receivable_id: UUID,
    signed_in: Reader,
    session: DbSession,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> Response:
    """Say why a receivable is due when it is: conclusion, facts, steps, interest, readings."""
    day, instant = as_of or today(), known_at or now()
    found = reason(session, signed_in.viewer, receivable_id, as_of=day, known_at=instant)
    result = found["result"]
    return page(
        request,
        "reasoning.html",
        signed_in,
        **found,
        law_words=words_law,
        contract_words=words_contract,
        arrears_words=words_arrears,
        grouped=grouped,
        applies=_APPLIES.get(result["applies"], "unknown"),
        conclusion=[
            (word, _said(name, result[name]))
            for name, word in words_law.RESULT.items()
            if result[name] is not None
        ],
        interest=_interest(result["interest"]),
        timers=[
            (word, result["timers"][name])
            for name, word in words_law.TIMERS.items()
            if result["timers"][name] is not None
        ],
        readings=[_reading(reading) for reading in result["readings"]],
        known_at_field=f"{known_at.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}" if known_at else "",
        past=bool(as_of or known_at),
        reset=request.url.path,
        json_address=address(
            f"/v1/receivables/{receivable_id}/reasoning", as_of=day, known_at=instant
        ),
    )


def _interest(interest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each reading of the interest with the spans that add up to it."""
    return [
        {
            "word": word,
            "amount": interest[name],
            "spans": [span for span in interest["spans"] if span["reading"] == name],
        }
        for name, word in words_law.INTEREST.items()
        if interest[name] is not None
    ]


def _reading(reading: dict[str, Any]) -> dict[str, Any]:
    return {
        **reading,
        "result": _changes(reading["result"]),
        "alternatives": [
            {"choice": other["choice"], "result": _changes(other["result"] or {})}
            for other in reading["alternatives"]
        ],
    }


def _changes(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (words_law.CHANGED[name].zh, "–" if value is None else _said(name, value))
        for name, value in result.items()
    ]


def _said(name: str, value: object) -> str:
    """Return a value for people: amounts grouped, everything else as it is."""
    amount = name == "overdue_undisputed" or name.startswith("interest")
    return grouped(str(value)) if amount else str(value)
