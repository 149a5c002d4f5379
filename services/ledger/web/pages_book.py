"""Pages of the whole book on a day: overview, overdue, eligible, exports."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from services.ledger.arrears import queries as arrears
from services.ledger.clock import SHANGHAI, now, today
from services.ledger.edges import DbSession
from services.ledger.financing import queries as financing
from services.ledger.insight.queries import summary
from services.ledger.web import queries, words
from services.ledger.web.pages_edge import CONSOLE, AsOf, Id, KnownAt, Reader, address, page, pages

router = pages()
_PAGE: Final = 50
_TOP: Final = 8
_EXPORTS: Final = 20
_BANDS: Final = ("not_started", "not_due")
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


class _Asked:
    """The day a page speaks about and what was known then, as asked and as used."""

    def __init__(self, path: str, as_of: date | None, known_at: datetime | None) -> None:
        self.path = path
        self.as_of = as_of or today()
        self.known_at = known_at or now()
        self.given = {"as_of": as_of, "known_at": known_at}

    @property
    def when(self) -> dict[str, Any]:
        """Return the arguments of a query."""
        return {"as_of": self.as_of, "known_at": self.known_at}

    def context(self) -> dict[str, Any]:
        """Return what the form on top of the page shows."""
        given = self.given["known_at"]
        local = given.astimezone(SHANGHAI) if isinstance(given, datetime) else None
        return {
            "as_of": self.as_of,
            "known_at": self.known_at,
            "known_at_field": f"{local:%Y-%m-%dT%H:%M}" if local else "",
            "past": any(self.given.values()),
            "reset": self.path,
            "note": arrears.REVIEW_NOTE,
        }

    def link(self, path: str, **more: object) -> str:
        """Return the address of a page about the same day."""
        return address(path, **self.given, **more)


def _bars(bands: Sequence[arrears.Band]) -> list[dict[str, Any]]:
    """Return an ageing report's lines; bars are whole percents of the largest of their currency."""
    largest: dict[str, int] = {}
    for band in bands:
        largest[band.currency] = max(largest.get(band.currency, 1), band.open_fen)
    return [
        {
            "currency": band.currency,
            "word": words.band(band.name),
            "count": band.count,
            "open_fen": band.open_fen,
            "disputed_fen": band.disputed_fen,
            "percent": 100 * band.open_fen // largest[band.currency],
            "late": band.name not in _BANDS,
        }
        for band in bands
    ]


@router.get(CONSOLE)
def get_console(
    request: Request,
    signed_in: Reader,
    session: DbSession,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> Response:
    """Show the book of whoever is signed in, on a day and as known then."""
    asked = _Asked(CONSOLE, as_of, known_at)
    viewer = signed_in.viewer
    book = summary(session, viewer, **asked.when)
    totals = arrears.overdue_totals(session, viewer, **asked.when)
    return page(
        request,
        "console.html",
        signed_in,
        **asked.context(),
        orders=book.orders,
        currencies=book.currencies,
        under_review={total.currency: total.under_review for total in totals},
        bands=_bars(arrears.ageing(session, viewer, **asked.when)),
        overdue=arrears.overdue(session, viewer, **asked.when, limit=_TOP),
        overdue_link=asked.link(f"{CONSOLE}/overdue"),
        eligible_link=asked.link(f"{CONSOLE}/eligible"),
    )


@router.get(f"{CONSOLE}/overdue")
def get_overdue(
    request: Request,
    signed_in: Reader,
    session: DbSession,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    after_due_on: AsOf = None,
    after_id: Id = None,
) -> Response:
    """Show what is past due on a day, the oldest first."""
    asked = _Asked(f"{CONSOLE}/overdue", as_of, known_at)
    after = (after_due_on or date.min, after_id or UUID(int=0))
    rows = arrears.overdue(session, signed_in.viewer, **asked.when, after=after, limit=_PAGE + 1)
    shown = rows[:_PAGE]
    more = (
        asked.link(asked.path, after_due_on=shown[-1].due_on, after_id=shown[-1].id)
        if len(rows) > _PAGE
        else ""
    )
    return page(
        request,
        "overdue.html",
        signed_in,
        **asked.context(),
        totals=arrears.overdue_totals(session, signed_in.viewer, **asked.when),
        rows=shown,
        first=asked.link(asked.path) if after_id else "",
        more=more,
    )


@router.get(f"{CONSOLE}/eligible")
def get_eligible(
    request: Request,
    signed_in: Reader,
    session: DbSession,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    after: Id = None,
) -> Response:
    """Show what may be offered for financing on a day."""
    asked = _Asked(f"{CONSOLE}/eligible", as_of, known_at)
    rows = financing.eligible(
        session, signed_in.viewer, **asked.when, after=after or UUID(int=0), limit=_PAGE + 1
    )
    shown = rows[:_PAGE]
    return page(
        request,
        "eligible.html",
        signed_in,
        **asked.context(),
        totals=financing.eligible_totals(session, signed_in.viewer, **asked.when),
        rows=shown,
        first=asked.link(asked.path) if after else "",
        more=asked.link(asked.path, after=shown[-1].id) if len(rows) > _PAGE else "",
    )


@router.get(f"{CONSOLE}/exports")
def get_exports(
    request: Request,
    signed_in: Reader,
    session: DbSession,
    before_at: KnownAt = None,
    before: Id = None,
) -> Response:
    """Show what was handed to platforms and what became of it, the latest first."""
    cursor = (before_at or _NEVER, before or UUID(int=0))
    lines = queries.exports(session, signed_in.viewer, before=cursor, limit=_EXPORTS + 1)
    exports = _by_export(lines)
    last = exports[_EXPORTS - 1] if len(exports) > _EXPORTS else None
    path = f"{CONSOLE}/exports"
    return page(
        request,
        "exports.html",
        signed_in,
        exports=exports[:_EXPORTS],
        first=path if before else "",
        more=address(path, before_at=last["recorded_at"], before=last["id"]) if last else "",
    )


def _by_export(lines: list[queries.ExportLine]) -> list[dict[str, Any]]:
    """Return exports with their states, from lines that are in the order of the exports."""
    exports: list[dict[str, Any]] = []
    for line in lines:
        if not exports or exports[-1]["id"] != line.id:
            named = {
                "id": line.id,
                "reference": line.reference,
                "as_of": line.as_of,
                "currency": line.currency,
                "recorded_at": line.recorded_at,
                "platform": line.platform_name,
                "code": line.platform_code,
                "whole": line.whole,
            }
            exports.append({**named, "count": 0, "amount_fen": 0, "states": []})
        export = exports[-1]
        export["count"] += line.count
        export["amount_fen"] += line.amount_fen
        export["states"].append(
            {
                "word": words.of(words.STATES, line.state),
                "count": line.count,
                "amount_fen": line.amount_fen,
                "financed_fen": line.financed_fen,
            }
        )
    return exports
