"""The contracts of a book as columns, as they are and under other rules: each kind decided once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from services.ledger.access import VISIBLE, Viewer
from services.ledger.almanac.notices import Entry
from services.ledger.almanac.service import Edition, as_decided, edition, imagined
from services.ledger.law.book_terms import BookTerms, decide_book_terms, decided_book_terms
from services.ledger.law.rates import RateFacts
from services.ledger.law.terms import ContractFacts, TermsDecision
from services.ledger.law.values import Almanac
from services.ledger.orders.terms import clauses_of, facts_of, known_size

READINGS: Final = frozenset(
    {
        "rest_days",
        "no_inspection_period",
        "settlement_stalled",
        "service_delivery",
        "large_term_over_60",
        "public_term_over_cap",
        "invoice_condition",
        "month_terms",
        "transition",
        "rate_below_lpr",
        "pay_when_paid_rate",
        "pay_when_paid_term",
        "day_basis",
        "dispute_interest",
        "inspection_end",
        "gate_unknown",
        "agreed_day",
        "statutory_reduction",
        "undeclared_size",
        "group_size",
        "contract_date",
    }
)
"""Readings that may be simulated. The others rest on facts that the book does not hold, such as
the day a payment was instructed (O8), or change no due day and no interest."""

_CONTRACTS: Final = text(
    f"""
    SELECT array_agg(c.id) AS ids, c.signed_on, c.debtor_kind, c.creditor_size, c.settlement,
      c.subject, c.terms, c.creditor_evidence, c.applies, c.reason, c.regime, c.start_rule,
      c.inspection_days, c.due_term_days, c.due_term_months, c.due_cap_days, c.rolls, c.flags,
      c.almanac_version, d.domestic AND k.domestic AS domestic
    FROM contracts c JOIN parties d ON d.id = c.debtor_id JOIN parties k ON k.id = c.creditor_id
    WHERE {VISIBLE.format(table="c")}
    GROUP BY c.signed_on, c.debtor_kind, c.creditor_size, c.settlement, c.subject, c.terms,
      c.creditor_evidence, c.applies, c.reason, c.regime, c.start_rule, c.inspection_days,
      c.due_term_days, c.due_term_months, c.due_cap_days, c.rolls, c.flags, c.almanac_version,
      d.domestic, k.domestic
    """
)


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules that might be: choices for open points, and rows for the almanac."""

    readings: dict[str, str] = field(default_factory=dict)
    entries: Sequence[Entry] = ()


class Kinds(NamedTuple):
    """The contracts of a book, those that come to the same together: as they are, as changed."""

    live: list[tuple[list[UUID], BookTerms]]
    changed: list[tuple[list[UUID], BookTerms]]


class _Editions:
    """The almanac at the versions that contracts were decided by, as it is and as imagined."""

    def __init__(self, session: Session, known_at: datetime, entries: Sequence[Entry]) -> None:
        self._session, self._known_at, self._entries = session, known_at, entries
        self._found: dict[tuple[int, bool], tuple[Edition, Edition]] = {}

    def of(self, version: int, signed_on: date, *, changed: bool) -> Almanac:
        key = (version, changed)
        if key not in self._found:
            self._found[key] = self._pair(version, self._entries if changed else ())
        decided, now = self._found[key]
        return as_decided(decided, now, signed_on=signed_on)

    def _pair(self, version: int, entries: Sequence[Entry]) -> tuple[Edition, Edition]:
        if not entries:
            decided = edition(self._session, version=version)
            now = edition(self._session, known_at=self._known_at)
        else:
            decided = imagined(self._session, entries, known_at=None, version=version)
            now = imagined(self._session, entries, known_at=self._known_at, version=None)
        return decided, (decided if now.version < version else now)


def kinds(session: Session, viewer: Viewer, rules: Rules, *, known_at: datetime) -> Kinds:
    """Return what the viewer's contracts come to, as they are and under other rules.

    A contract is decided again only to learn what the rules change of it; whatever they do not
    change stays as it was decided when it was registered.
    """
    editions = _Editions(session, known_at, rules.entries)
    found = Kinds([], [])
    for row in session.connection().execute(_CONTRACTS, viewer.parameters()).mappings():
        before = editions.of(row["almanac_version"], row["signed_on"], changed=False)
        live = decided_book_terms(_stored(row), _rate(row, before), before)
        found.live.append((row["ids"], live))
        if not rules.readings and not rules.entries:
            found.changed.append((row["ids"], live))
            continue
        after = editions.of(row["almanac_version"], row["signed_on"], changed=True)
        after = after._replace(settings=after.settings._replace(**rules.readings))
        found.changed.append((row["ids"], _changed(row, live, before, after)))
    return found


def _changed(row: RowMapping, live: BookTerms, before: Almanac, after: Almanac) -> BookTerms:
    was = decide_book_terms(_facts(row, before), _rate(row, before), before)
    would_be = decide_book_terms(_facts(row, after), _rate(row, after), after)
    changes = {
        name: value for name, value in would_be._asdict().items() if value != getattr(was, name)
    }
    return live._replace(**changes)


def _stored(row: RowMapping) -> TermsDecision:
    return TermsDecision(
        row["applies"],
        row["reason"],
        row["regime"],
        tuple(row["flags"]),
        row["due_term_days"],
        row["due_term_months"],
        row["due_cap_days"],
        row["start_rule"],
        row["inspection_days"],
        row["rolls"],
    )


def _facts(row: RowMapping, almanac: Almanac) -> ContractFacts:
    evidence: dict[str, Any] = row["creditor_evidence"] or {}
    settings, size = almanac.settings, known_size(row["creditor_size"])
    undeclared = settings.undeclared_size == "NOT_PROTECTED" and not evidence.get("declared", True)
    grouped = settings.group_size == "GROUP" and evidence.get("controlled_by_large", False)
    return facts_of(
        row["terms"],
        signed_on=_signed_on(row, almanac),
        debtor_kind=row["debtor_kind"],
        creditor_size="LARGE" if undeclared or grouped else size,
        settlement=row["settlement"],
        domestic=row["domestic"],
    )


def _signed_on(row: RowMapping, almanac: Almanac) -> date:
    """Return the day of signing; CONTRACT_DATE, the other reading: of the framework agreement."""
    framework_on: str | None = row["terms"].get("framework_signed_on")
    if framework_on is None or almanac.settings.contract_date != "FRAMEWORK":
        signed_on: date = row["signed_on"]
        return signed_on
    return date.fromisoformat(framework_on)


def _rate(row: RowMapping, almanac: Almanac) -> RateFacts:
    clauses = clauses_of(
        row["terms"],
        signed_on=_signed_on(row, almanac),
        debtor_kind=row["debtor_kind"],
        subject=row["subject"],
        declared=True,
    )
    return clauses.rate
