"""The one way to write a JSON value: RFC 8785 (JCS). Two who hash the same value hash the same."""

import json
from decimal import Decimal
from typing import Final

from services.ledger.errors import LedgerError

_EXACT: Final = 2**53
"""RFC 8785 has the numbers of RFC 7493: beyond this a double is not exact."""
_FAST: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
"""What the standard library writes in one go, which is RFC 8785's where `_is_simple`."""
_PLAIN_FROM, _PLAIN_BELOW = -7, 21
"""ECMAScript writes numbers of 1e-6 up to below 1e21 without an exponent."""


class NotCanonicalError(LedgerError):
    """A value that RFC 8785 cannot write."""

    code = "NOT_CANONICAL"


def canonical(value: object) -> bytes:
    r"""Return a JSON value's bytes: no spaces, names in UTF-16 order, numbers as ECMAScript does.

    >>> canonical({"b": [1, 1.5, None], "a": "\u20ac\n"}).decode()
    '{"a":"€\\n","b":[1,1.5,null]}'

    Raises:
        NotCanonicalError: for an integer a double cannot hold, NaN, or half a character.
    """
    try:
        return (_FAST.encode(value) if _is_simple(value) else _written(value)).encode()
    except UnicodeEncodeError:
        raise _refused("half a character") from None


def _refused(what: str) -> NotCanonicalError:
    return NotCanonicalError(
        f"RFC 8785 cannot write {what}; send it as text.",
        f"RFC 8785无法表示{what}；请以文本发送。",
    )


def _is_simple(value: object) -> bool:
    """Say whether a value has only ASCII names and no number but exact integers."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str) or one is None or one is True or one is False:
            continue
        if isinstance(one, dict):
            if not "".join(one).isascii():
                return False
            left.extend(one.values())
        elif isinstance(one, list | tuple):
            left.extend(one)
        elif not isinstance(one, int) or not -_EXACT <= one <= _EXACT:
            return False
    return True


def _written(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        if not -_EXACT <= value <= _EXACT:
            raise _refused(str(value))
        return str(value)
    if isinstance(value, dict):
        names = sorted(value, key=_utf16) if not _ascii(value) else sorted(value)
        return "{" + ",".join(f"{_written(name)}:{_written(value[name])}" for name in names) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_written(item) for item in value) + "]"
    return _number(repr(value))


def _ascii(names: dict[str, object]) -> bool:
    return all(name.isascii() for name in names)


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be")


def _number(shortest: str) -> str:
    """Write a double as ECMA-262 (Number::toString) does, from its shortest round-trip digits."""
    number = Decimal(shortest)
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise _refused(shortest)
    text = "".join(str(digit) for digit in digits).rstrip("0")
    if not text:
        return "0"
    exponent += len(digits) - len(text)
    point = len(text) + exponent
    if len(text) <= point <= _PLAIN_BELOW:
        body = text + "0" * (point - len(text))
    elif 0 < point <= _PLAIN_BELOW:
        body = f"{text[:point]}.{text[point:]}"
    elif _PLAIN_FROM + 1 < point <= 0:
        body = f"0.{'0' * -point}{text}"
    else:
        mantissa = text if len(text) == 1 else f"{text[0]}.{text[1:]}"
        body = f"{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"-{body}" if sign else body
