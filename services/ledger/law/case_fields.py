"""Reading values out of a case: each refusal names its field, and nothing is guessed."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from numbers import Number
from typing import TypeVar

from services.ledger.errors import LedgerError
from services.ledger.money import AmountError, parse_fen

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_YEARS = range(1900, 2200)
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,8})?", re.ASCII)
_CENTURY_DAYS = 36_500
_CENTURY_MONTHS = 1_200
_LINES = 1_000
_CODES = 9_999

Item = TypeVar("Item")


class CaseError(LedgerError):
    """A case that is not in the fixed format."""

    code = "CASE_INVALID"


def refuse(path: str, english: str, chinese: str) -> CaseError:
    """Return the refusal of one field."""
    return CaseError(f"{path}: {english}", f"{path}：{chinese}", field=path)


class Fields:
    """One object of a case. A key that is absent or null has not been said."""

    __slots__ = ("_path", "_values")

    def __init__(self, values: object, path: str, allowed: frozenset[str]) -> None:
        """Take an object and refuse keys that the format does not have."""
        # A dict is asked first: the general question costs more than the rest of this.
        if not isinstance(values, dict) and not isinstance(values, Mapping):
            raise refuse(path.rstrip(".") or "case", "must be an object.", "必须是对象。")
        if not values.keys() <= allowed:
            name = min(_plain(key) for key in values.keys() - allowed)
            known = ", ".join(sorted(allowed))
            raise refuse(
                f"{path}{name}", f"unknown key; known: {known}.", f"未知的键；可用：{known}。"
            )
        self._values: Mapping[str, object] = values
        self._path = path

    def path(self, key: str) -> str:
        """Return the whole path of a key."""
        return f"{self._path}{key}"

    def day(self, key: str) -> date | None:
        """Return an ISO day such as ``"2025-06-10"``."""
        value = self._values.get(key)
        if value is None:
            return None
        found = _iso_day(value) if isinstance(value, str) else None
        if found is not None:
            return found
        raise refuse(
            self.path(key),
            f"{_shown(value)!r} is not a day of the years 1900 to 2199; write 2025-06-10.",
            f"{_shown(value)!r} 不是1900至2199年间存在的日期；请写成2025-06-10。",
        )

    def needed_day(self, key: str) -> date:
        """Return a day that must be there."""
        value = self.day(key)
        if value is None:
            raise refuse(self.path(key), "is required.", "必填。")
        return value

    def days(self, key: str) -> int | None:
        """Return a number of days, at most a century."""
        return self._whole(key, _CENTURY_DAYS)

    def months(self, key: str) -> int | None:
        """Return a number of months, at most a century."""
        return self._whole(key, _CENTURY_MONTHS)

    def _whole(self, key: str, most: int) -> int | None:
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise refuse(
                self.path(key),
                f"{_shown(value)!r} is not a whole number from 0 to {most}.",
                f"{_shown(value)!r} 不是0至{most}的整数。",
            )
        return value

    def number(self, key: str) -> Decimal | None:
        """Return a percentage or figure: a plain decimal, as text or as a JSON number.

        A JSON number counts as it is written: 3.45 is 3.45 exactly. Money is text only (`fen`).
        """
        value = self._values.get(key)
        if value is None:
            return None
        plain = isinstance(value, str | Number) and not isinstance(value, bool)
        if not plain or not _NUMBER.fullmatch(_shown(value)):
            raise refuse(
                self.path(key),
                f"{_shown(value)!r} is not a decimal number from 0 up with at most 12 digits and"
                ' 8 places; write "3.45".',
                f"{_shown(value)!r} 不是至多12位整数、8位小数且不小于0的十进制数；请写成“3.45”。",
            )
        return Decimal(str(value))

    def whole_number(self, key: str) -> Decimal | None:
        """Return a number of people or things."""
        value = self.number(key)
        if value is not None and value != int(value):
            raise refuse(self.path(key), f"{value} is not a whole number.", f"{value} 不是整数。")
        return value

    def counted(self, key: str) -> int | None:
        """Return the place of something in a list, from 1."""
        value = self._whole(key, _LINES)
        if value == 0:
            raise refuse(self.path(key), "counts from 1.", "从1起计。")
        return value

    def fen(self, key: str) -> int | None:
        """Return an amount above zero, in fen, from a decimal string."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise refuse(
                self.path(key),
                f'{_shown(value)!r} is not text; write money as "1234.50".',
                f"{_shown(value)!r} 不是文本；金额请写成“1234.50”。",
            )
        try:
            fen = parse_fen(value)
        except AmountError as error:
            raise AmountError(error.english, error.chinese, field=self.path(key)) from None
        if fen <= 0:
            raise refuse(
                self.path(key), f"{value!r} must be above zero.", f"{value!r} 必须大于零。"
            )
        return fen

    def needed_fen(self, key: str) -> int:
        """Return an amount that must be there."""
        value = self.fen(key)
        if value is None:
            raise refuse(self.path(key), "is required.", "必填。")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value = self._values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise refuse(self.path(key), "must be true or false.", "必须是true或false。")
        return value

    def word(self, key: str, allowed: frozenset[str] | None = None) -> str | None:
        """Return a word, one of those allowed."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise refuse(self.path(key), "must be text.", "必须是文本。")
        if allowed is not None and value not in allowed:
            known = ", ".join(sorted(allowed))
            raise refuse(
                self.path(key),
                f"{value[:40]!r} is not one of {known}.",
                f"{value[:40]!r} 不在 {known} 之中。",
            )
        return value

    def needed_word(self, key: str, allowed: frozenset[str]) -> str:
        """Return a word that must be there."""
        value = self.word(key, allowed)
        if value is None:
            known = ", ".join(sorted(allowed))
            raise refuse(self.path(key), f"is required: {known}.", f"必填：{known}。")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of words."""
        found = self.values(key)
        for i, value in enumerate(found):
            if not isinstance(value, str):
                raise refuse(f"{self.path(key)}[{i}]", "must be text.", "必须是文本。")
        return tuple(str(value) for value in found)

    def word_or_number(self, key: str) -> str | int:
        """Return a word or a whole number that must be there."""
        value = self._values.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return self._whole(key, _CODES) or 0
        return self.word(key) or ""

    def part(self, key: str, allowed: frozenset[str]) -> "Fields":
        """Return an inner object; absent, an empty one."""
        value = self._values.get(key)
        return _NOTHING if value is None else Fields(value, f"{self._path}{key}.", allowed)

    def none_of(self, keys: frozenset[str]) -> bool:
        """Say whether none of these keys is there; most cases say little."""
        return keys.isdisjoint(self._values)

    def has(self, key: str) -> bool:
        """Say whether a key was given."""
        return self._values.get(key) is not None

    def items(
        self,
        key: str,
        allowed: frozenset[str],
        read: Callable[["Fields"], Item],
        *,
        most: int | None = None,
    ) -> tuple[Item, ...]:
        """Return the objects of a list, each read; ``most`` where each is weighed with others."""
        value = self._values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            raise refuse(self.path(key), "must be a list.", "必须是列表。")
        self.refuse_more(key, len(value), most)
        return tuple(
            read(Fields(each, f"{self._path}{key}[{i}].", allowed)) for i, each in enumerate(value)
        )

    def refuse_more(self, key: str, count: int, most: int | None) -> None:
        """Refuse a list that is longer than can be weighed while someone waits."""
        if most is not None and count > most:
            raise refuse(
                self.path(key), f"holds {count}; at most {most}.", f"共{count}项；至多{most}项。"
            )

    def values(self, key: str) -> tuple[object, ...]:
        """Return a list of plain values."""
        value = self._values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            raise refuse(self.path(key), "must be a list.", "必须是列表。")
        return tuple(value)


@lru_cache(maxsize=16_384)
def _iso_day(text: str) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def _shown(value: object) -> str:
    """Return the start of a value as text; a number of thousands of digits has none in Python."""
    try:
        return str(value)[:40]
    except ValueError:
        return "…"


def _plain(key: object) -> str:
    """Return a key as text that every terminal can print."""
    return str(key)[:40].encode("utf-8", "backslashreplace").decode()


_NOTHING = Fields({}, "", frozenset())
"""What an absent object holds."""
