"""中小企业划型标准规定 (工信部联企业 (2011) 300号), with the 2017 mapping to GB/T 4754."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from services.ledger.law.industry import SECTION_OF_NAME, IndustryError, parse_industry

__all__ = ["UNDETERMINED", "Indicators", "IndustryError", "SizeRow", "SizeStandard", "tier"]

LARGE = "LARGE"
MEDIUM = "MEDIUM"
SMALL = "SMALL"
MICRO = "MICRO"
UNDETERMINED = "UNDETERMINED"

_TIERS = (LARGE, MEDIUM, SMALL)
_DIVISIONS = re.compile(r"([A-T])\(([0-9]{2})-([0-9]{2})\)", re.ASCII)
_ENGLISH = (
    "AGRICULTURE",
    "INDUSTRY",
    "CONSTRUCTION",
    "WHOLESALE",
    "RETAIL",
    "TRANSPORT",
    "WAREHOUSING",
    "POST",
    "ACCOMMODATION",
    "CATERING",
    "INFORMATION_TRANSMISSION",
    "SOFTWARE",
    "REAL_ESTATE",
    "PROPERTY_MANAGEMENT",
    "LEASING_AND_BUSINESS_SERVICES",
    "OTHER",
)
_BOTH_WAYS = frozenset({"10", "11", "12", "13", "14", "15", "16"})
"""Both a number of the standard and a GB/T 4754 division."""


class SizeRow(NamedTuple):
    """One industry: the minimums of large, medium and small for each listed indicator."""

    number: int
    name_zh: str
    classes: tuple[str, ...]
    """GB/T 4754-2017 as printed: ``C(13-43)``, ``F51``, ``G591``."""
    minimums: Mapping[str, tuple[Decimal, Decimal, Decimal]]
    """By indicator: ``employees``, ``revenue_wan``, ``assets_wan`` (万元)."""


class Indicators(NamedTuple):
    """An enterprise's figures of one year; None where not given."""

    employees: Decimal | None = None
    revenue_wan: Decimal | None = None
    assets_wan: Decimal | None = None


class SizeStandard:
    """The sixteen industries."""

    __slots__ = ("_by_name", "_by_prefix", "rows")

    def __init__(self, rows: Iterable[SizeRow]) -> None:
        """Take the rows of the table."""
        self.rows = tuple(rows)
        self._by_name: dict[str, SizeRow] = {}
        self._by_prefix: dict[str, SizeRow] = {}
        for row in self.rows:
            self._by_name[str(row.number)] = row
            self._by_name[row.name_zh] = row
            self._by_name[_ENGLISH[row.number - 1]] = row
            for printed in row.classes:
                self._index(printed, row)

    def row_of(self, industry: str | int) -> SizeRow | None:
        """Return the row of an industry, or None where the standard is silent.

        Args:
            industry: its number in the standard, its Chinese or English name there, a section of
                GB/T 4754 such as ``制造业``, or a code such as ``C3511``, ``3511`` or ``G59``.

        Raises:
            IndustryError: no such thing, or a text of digits that means two things.
        """
        text = str(industry).strip().upper()
        if isinstance(industry, str) and text in _BOTH_WAYS:
            raise IndustryError(
                f"The industry {text!r} is both a number of the standard and a GB/T 4754 division;"
                " write the name, or the code with its letter such as C13.",
                f"行业 {text!r} 既是划型标准的序号也是GB/T 4754大类；"
                "请写名称或带门类字母的代码，如C13。",
            )
        named = self._by_name.get(text)
        if named is not None:
            return named
        if isinstance(industry, int):
            raise IndustryError(
                f"The industry number {industry} is not one of 1 to {len(self.rows)}; write a code"
                ' of GB/T 4754 as text, such as "C39".',
                f"行业序号 {industry} 不在1至{len(self.rows)}之间；"
                "GB/T 4754代码请写成文本，如“C39”。",
            )
        code = SECTION_OF_NAME.get(text) or parse_industry(text).code
        for length in range(len(code), 0, -1):
            if code[:length] in self._by_prefix:
                return self._by_prefix[code[:length]]
        return None

    def _index(self, printed: str, row: SizeRow) -> None:
        divisions = _DIVISIONS.fullmatch(printed)
        if divisions is None:
            self._by_prefix[printed] = row
            return
        letter, first, last = divisions.groups()
        # A printed range of divisions is the whole section, so the letter alone also says it.
        self._by_prefix[letter] = row
        for division in range(int(first), int(last) + 1):
            self._by_prefix[f"{letter}{division:02d}"] = row


def tier(row: SizeRow | None, figures: Indicators) -> str:
    """第四条: the highest tier whose listed minimums are all met, otherwise micro.

    "从业人员1000人以下或营业收入40000万元以下的为中小微型企业" (or), and "且" for medium and
    small, come to the same. An indicator that is missing leaves the tier undetermined, unless
    those given already hold the enterprise in the lowest tier.

    Returns:
        LARGE, MEDIUM, SMALL, MICRO, or UNDETERMINED where the standard or the figures are silent.
    """
    if row is None:
        return UNDETERMINED
    best = 0
    missing = False
    for name, minimums in row.minimums.items():
        value = getattr(figures, name)
        if value is None:
            missing = True
            continue
        met = next((i for i, minimum in enumerate(minimums) if value >= minimum), len(_TIERS))
        best = max(best, met)
    if missing and best < len(_TIERS):
        return UNDETERMINED
    return (*_TIERS, MICRO)[best]
