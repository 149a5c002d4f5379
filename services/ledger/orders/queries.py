"""Reads of contracts: what their terms were flagged for, before anything is late."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import VISIBLE, Viewer
from services.ledger.errors import LedgerError
from services.ledger.law.rules import flags_known

LAST: Final = (date.max, UUID(int=2**128 - 1))
"""Before the first of a list: the latest signed come first."""
ANY_FLAG: Final = "ANY"


class UnknownFlagError(LedgerError):
    """A flag that no rule of the catalogue raises."""

    code = "FLAG_UNKNOWN"


_CONTRACTS: Final = f"""
    SELECT c.id, c.reference, c.debtor_id, d.name AS debtor_name, c.debtor_kind, c.creditor_id,
      k.name AS creditor_name, c.creditor_size, c.signed_on, c.subject, c.settlement, c.applies,
      c.regime, c.due_term_days, c.due_term_months, c.due_cap_days, c.flags
    FROM contracts c JOIN parties d ON d.id = c.debtor_id JOIN parties k ON k.id = c.creditor_id
    WHERE {VISIBLE.format(table="c")} AND (c.signed_on, c.id) < (:before_on, :before_id)"""
_ORDER: Final = " ORDER BY c.signed_on DESC, c.id DESC LIMIT :limit"
_NARROWED: Final = {
    "any_flag": " AND c.flags <> '{}'",
    "flag": " AND :flag = ANY(c.flags)",
    "party": " AND strpos(lower(concat_ws(' ', c.reference, d.name, k.name)), lower(:party)) > 0",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A contract with what the law made of it at signing."""

    id: UUID
    reference: str
    debtor_id: UUID
    debtor_name: str
    debtor_kind: str
    creditor_id: UUID
    creditor_name: str
    creditor_size: str
    signed_on: date
    subject: str
    settlement: str
    applies: str
    regime: str
    due_term_days: int | None
    due_term_months: int | None
    due_cap_days: int | None
    flags: list[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of contracts is narrowed to; what is empty narrows nothing."""

    flag: str = ""
    """One flag, or `ANY_FLAG`."""
    party: str = ""
    """Part of the reference or of a party's name."""


def contracts(
    session: Session, viewer: Viewer, wanted: Wanted, *, before: tuple[date, UUID], limit: int
) -> list[Listed]:
    """Return the visible contracts that were signed before one, the latest first.

    Raises:
        UnknownFlagError: no rule raises the flag asked for.
    """
    if wanted.flag not in {"", ANY_FLAG} | flags_known():
        known = ", ".join(sorted(flags_known()))
        raise UnknownFlagError(
            f"No rule raises a flag {wanted.flag!r}; known: {ANY_FLAG}, {known}.",
            f"没有规则给出提示{wanted.flag!r}；可用：{ANY_FLAG}、{known}。",
            field="flag",
        )
    narrowed = {
        "any_flag": wanted.flag == ANY_FLAG,
        "flag": wanted.flag not in {"", ANY_FLAG},
        "party": wanted.party,
    }
    where = "".join(_NARROWED[name] for name, asked in narrowed.items() if asked)
    values = {
        **viewer.parameters(),
        "before_on": before[0],
        "before_id": before[1],
        "flag": wanted.flag,
        "party": wanted.party,
        "limit": limit,
    }
    rows = session.connection().execute(text(_CONTRACTS + where + _ORDER), values).mappings()
    return [Listed(**row) for row in rows]
