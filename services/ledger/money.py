"""Money is integer fen inside and a decimal string with two places outside; never a float."""

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from services.ledger.errors import LedgerError

MAX_FEN = 10**15 - 1
"""The largest amount the ledger takes: 9,999,999,999,999.99, exact in every spreadsheet."""

_PLAIN = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]{1,2}))?", re.ASCII)


class AmountError(LedgerError):
    """An amount that is not a plain decimal number with at most two places."""

    code = "AMOUNT_INVALID"


def parse_fen(text: str) -> int:
    """Return the fen in a plain decimal string such as ``"1234.50"``.

    Raises:
        AmountError: an exponent, a separator, a third place, NaN, or more than 13 digits.

    >>> parse_fen("1234.5")
    123450
    """
    match = _PLAIN.fullmatch(text)
    if match is None:
        raise AmountError(
            f"The amount {text[:40]!r} is not a decimal number with at most 13 digits and 2 places;"
            ' write it as "1234.50".',
            f"金额 {text[:40]!r} 不是至多13位整数、2位小数的十进制数；请写成“1234.50”。",
        )
    sign, whole, cents = match.groups()
    fen = int(whole) * 100 + int((cents or "0").ljust(2, "0"))
    return -fen if sign else fen


def format_fen(fen: int) -> str:
    """Return the decimal string of an amount in fen.

    >>> format_fen(-5)
    '-0.05'
    """
    whole, cents = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{cents:02d}"


def round_fen(amount: Fraction | Decimal) -> int:
    """Round an amount in fen to a whole fen, half away from zero.

    >>> round_fen(Fraction(5, 2))
    3
    """
    if isinstance(amount, Decimal):
        return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    double = 2 * abs(amount.numerator)
    rounded = (double + amount.denominator) // (2 * amount.denominator)
    return -rounded if amount < 0 else rounded
