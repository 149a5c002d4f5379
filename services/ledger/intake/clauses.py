"""Cells of contracts only: percentages, and clauses of which one cell may hold several."""

import json
import re
from collections.abc import Mapping, Sequence

from services.ledger.intake.cells import Convert, NumberCell, choice
from services.ledger.intake.problems import CellError

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)(?:%|\N{FULLWIDTH PERCENT SIGN})?", re.ASCII)
_WAN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?", re.ASCII)
_BETWEEN = re.compile("[;；、]")
_CASH_ONLY = (["CASH_ONLY"], ["仅现金"])
_MAX_DEPOSITS = 20


def percent() -> Convert:
    """A percentage as the contract writes it, with or without its sign.

    The number of a spreadsheet's cell is refused: one that shows 5% is 0.05, as is one of 0.05.
    """

    def convert(cell: str) -> str:
        if type(cell) is NumberCell:
            raise CellError("PERCENT_NUMERIC")
        match = _PERCENT.fullmatch(cell.strip())
        if match is None:
            raise CellError("PERCENT_INVALID")
        return match.group(1)

    return convert


def wan() -> Convert:
    """An amount in 万元, as the size standard counts, kept as it is written."""

    def convert(cell: str) -> str:
        digits = cell.strip()
        if not _WAN.fullmatch(digits):
            raise CellError("WAN_INVALID")
        return digits

    return convert


def words(*, allowed: Sequence[str], mapped: Mapping[str, str]) -> Convert:
    """Several of a few words, with semicolons between them, as JSON."""
    word = choice(allowed=allowed, mapped=mapped)
    return lambda cell: json.dumps([word(one) for one in _items(cell)])


def deposits(*, allowed: Sequence[str], mapped: Mapping[str, str]) -> Convert:
    """Deposits as JSON in the case format's words: each its kind, then its percentage if said."""
    kind, share = choice(allowed=allowed, mapped=mapped), percent()

    def deposit(one: str) -> dict[str, object]:
        said, *rest = one.split()
        found: dict[str, object] = {"kind": kind(said), "cash_only": rest[-1:] in _CASH_ONLY}
        if found["cash_only"]:
            rest.pop()
        if len(rest) > 1:
            raise CellError("DEPOSIT_INVALID")
        return found | ({"percent": share(rest[0])} if rest else {})

    def convert(cell: str) -> str:
        found = [deposit(one) for one in _items(cell)]
        if len(found) > _MAX_DEPOSITS:
            raise CellError("DEPOSIT_INVALID")
        return json.dumps(found)

    return convert


def _items(cell: str) -> list[str]:
    return [one.strip() for one in _BETWEEN.split(cell) if one.strip()]
