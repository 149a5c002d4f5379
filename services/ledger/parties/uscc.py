"""统一社会信用代码 (GB 32100-2015): 18 characters, the last one a check on the others."""

import re
import unicodedata
from typing import Final

from services.ledger.errors import LedgerError

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SHAPE: Final = re.compile(f"[{ALPHABET}]{{18}}", re.ASCII)
_WEIGHTS: Final = tuple(3**place % 31 for place in range(17))


class UsccError(LedgerError):
    """A code of the wrong shape, or whose check character does not fit."""

    code = "USCC_INVALID"


def check_character(base: str) -> str:
    """Return the check character of the first 17 characters.

    >>> check_character("91330106MA27XY1B8")
    'L'
    """
    total = sum(
        ALPHABET.index(character) * weight for character, weight in zip(base, _WEIGHTS, strict=True)
    )
    return ALPHABET[-total % 31]


def check_uscc(text: str) -> str:
    """Return a code in its normal form: trimmed, half width, upper case.

    Letters are accepted everywhere: rural collectives and military bodies begin with one.

    Raises:
        UsccError: it is not such a code.
    """
    code = unicodedata.normalize("NFKC", text).strip().upper()
    if not _SHAPE.fullmatch(code):
        raise UsccError(
            f"{text[:40]!r} is not a 统一社会信用代码: 18 digits and letters, no I, O, S, V, Z.",
            f"{text[:40]!r}不是统一社会信用代码：应为18位数字与字母（不含I、O、S、V、Z）。",
            field="identifiers",
        )
    expected = check_character(code[:17])
    if code[17] != expected:
        raise UsccError(
            f"The check character of {code} should be {expected}; compare it with the licence.",
            f"{code}的校验码应为{expected}；请核对营业执照。",
            field="identifiers",
        )
    return code
