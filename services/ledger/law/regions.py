"""行政区划代码, GB/T 2260, by date: what a code means on a day, and who took an abolished one over.

A code stays with what it was written on: a 统一社会信用代码 keeps the region of its registration.
So nothing is refused for being old; a reader asks what it has become by the day of the question,
and a regulator's scope, a prefix, covers what has become part of it (莱芜 371200 since 2019-01-09
lies in 济南 3701).
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from services.ledger.errors import LedgerError

_CODE = re.compile(r"[1-8][0-9]{5}", re.ASCII)
_PREFIX = re.compile(r"[0-9]{0,6}", re.ASCII)
_PROVINCE_CODES = (
    range(11, 16),
    range(21, 24),
    range(31, 38),
    range(41, 47),
    range(50, 55),
    range(61, 66),
    (71, 81, 82),
)
_PROVINCES = frozenset(str(code) for codes in _PROVINCE_CODES for code in codes)
_WITHOUT_PREFECTURES = frozenset({"11", "12", "31", "50", "71", "81", "82"})
_COUNTIES_OF_PROVINCE = "90"
"""省直辖县级行政区划, written where a prefecture would be."""
_LEVELS = (6, 4, 2)


class RegionError(LedgerError):
    """Not a code of GB/T 2260."""

    code = "REGION_INVALID"


class RegionRow(NamedTuple):
    """From a day a code has a name, or it is abolished and others have what it was."""

    code: str
    valid_from: date
    name: str
    """Empty: abolished on that day."""
    into: tuple[str, ...] = ()


def parse_region(text: str) -> str:
    """Return a code of six digits whose first two name a province.

    Raises:
        RegionError: anything else. An abolished code is no error.
    """
    code = text.strip()
    if _CODE.fullmatch(code) and code[:2] in _PROVINCES:
        return code
    raise RegionError(
        f"The region {text[:40]!r} is no code of GB/T 2260; write six digits, such as 370100.",
        f"行政区划 {text[:40]!r} 不是GB/T 2260代码；请写六位数字，如370100。",
        field="region",
    )


def parse_scope(text: str) -> str:
    """Return a regulator's scope: what codes start with, without the zeros that name all of it.

    >>> parse_scope("330000"), parse_scope("3301"), parse_scope("")
    ('33', '3301', '')

    Raises:
        RegionError: no code starts so.
    """
    prefix = text.strip()
    whole = _scope(prefix)
    if _PREFIX.fullmatch(prefix) and any(
        province.startswith(whole[: len(province)]) for province in _PROVINCES
    ):
        return whole
    raise RegionError(
        f"No code of GB/T 2260 starts with {text[:40]!r}; write up to six digits, such as 33.",
        f"没有以 {text[:40]!r} 开头的GB/T 2260代码；请写至多六位数字，如33。",
        field="region",
    )


def _scope(prefix: str) -> str:
    while prefix.endswith("00") and len(prefix) > _LEVELS[-1]:
        prefix = prefix[:-2]
    return prefix


class RegionTable:
    """Provinces and prefectures, and the counties that were imported or have changed."""

    __slots__ = ("_first_on", "_rows", "rows")

    def __init__(self, rows: Iterable[RegionRow]) -> None:
        """Take rows in any order; of two for one code and day the later one counts."""
        latest = {(row.code, row.valid_from): row for row in rows}
        self.rows = tuple(sorted(latest.values()))
        self._rows: dict[str, list[RegionRow]] = {}
        self._first_on = min((row.valid_from for row in self.rows), default=date.min)
        for row in self.rows:
            self._rows.setdefault(row.code, []).append(row)

    def name(self, code: str, *, on: date) -> str | None:
        """Return what a code was called on a day; None: not known, not yet, or no longer."""
        row = self._row(parse_region(code), on)
        return row.name or None if row else None

    def holds(self, code: str, *, on: date) -> bool:
        """Say whether a code can be one of that day: neither it nor what it lies in is gone.

        A county that the table does not know is taken on the word of its prefecture.
        """
        code = parse_region(code)
        if _is_listed(code) and f"{code[:4]}00" not in self._rows:
            return False
        found = [self._row(part, on) for part in _ancestry(code) if part in self._rows]
        return bool(found) and all(row is not None and row.name for row in found)

    def current(self, code: str, *, on: date) -> tuple[str, ...]:
        """Return the code or codes that a region's code has become by a day."""
        code = parse_region(code)
        for part in _ancestry(code):
            row = self._row(part, on)
            if row is not None and not row.name:
                found = (self.current(each, on=on) for each in row.into)
                return tuple(dict.fromkeys(one for codes in found for one in codes))
            if row is not None:
                return (code,)
        return (code,)

    def covers(self, scope: str, code: str, *, on: date) -> bool:
        """Say whether a regulator's scope, a prefix of 2, 4 or 6 digits, covers a region's code."""
        prefix = _scope(scope.strip())
        return any(each.startswith(prefix) for each in self.current(code, on=on))

    def successors(self) -> list[tuple[str, str, date]]:
        """Return what abolished codes start with, a code each has become, and from when it is so.

        So that SQL finds who lies in a region by what their codes start with. A prefecture that
        became one other is told with all its counties; of one that was split up, the codes that
        the table names.
        """
        gone = [row for row in self.rows if not row.name]
        found: dict[tuple[str, str], date] = {}
        for on in sorted({row.valid_from for row in gone}):
            for row in gone:
                if row.valid_from <= on:
                    was = _scope(row.code) if len(row.into) == 1 else row.code
                    for became in self.current(row.code, on=on):
                        found.setdefault((was, became), on)
        return [(was, became, on) for (was, became), on in found.items()]

    def _row(self, code: str, on: date) -> RegionRow | None:
        """Return what the table says of a code; before its first day it says what it says then."""
        rows = self._rows.get(code, [])
        asked = max(on, self._first_on)
        index = bisect_right(rows, asked, key=lambda row: row.valid_from)
        return rows[index - 1] if index else None


def _is_listed(code: str) -> bool:
    """Say whether a code lies in a prefecture that has a row: not directly under a province."""
    direct = code[:2] in _WITHOUT_PREFECTURES or code[2:4] == _COUNTIES_OF_PROVINCE
    return not direct and code[2:] != "0000"


def _ancestry(code: str) -> Iterable[str]:
    """Yield a code, then what it lies in, the nearest first."""
    seen = set()
    for length in _LEVELS:
        part = code[:length].ljust(6, "0")
        if part not in seen:
            seen.add(part)
            yield part
