"""统一社会信用代码, GB 32100-2015: eighteen characters with a check character."""

import unicodedata
from typing import NamedTuple

from services.ledger.errors import LedgerError

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE = {character: index for index, character in enumerate(_ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_LENGTH = 18
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_VALUE = {
    character: index for index, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
_KIND_HINTS = {
    "11": "GOV",
    "12": "INSTITUTION",
    "91": "ENTERPRISE",
    "92": "INDIVIDUAL",
    "93": "COOPERATIVE",
    "51": "SOCIAL_ORGANISATION",
    "52": "SOCIAL_ORGANISATION",
    "53": "SOCIAL_ORGANISATION",
}


class UsccError(LedgerError):
    """Not a unified social credit code."""

    code = "USCC_INVALID"


class Uscc(NamedTuple):
    """A code that holds, and what it hints at."""

    code: str
    kind_hint: str | None
    """GOV, INSTITUTION, ENTERPRISE, INDIVIDUAL, ...: to cross-check a party's kind, no proof."""
    region: str
    """GB/T 2260 code at registration; it may have been abolished since, and is not looked up."""
    organisation_holds: bool
    """Whether the organisation code inside (GB 11714) carries its own check digit: a warning."""


def check_character(first_seventeen: str) -> str:
    """Return the eighteenth character: (31 - sum of value x 3^(i-1) mod 31) mod 31.

    >>> check_character("91330106MA27XY1B8")
    'L'
    """
    weighted = zip(first_seventeen, _WEIGHTS, strict=True)
    total = sum(_VALUE[character] * weight for character, weight in weighted)
    return _ALPHABET[-total % 31]


def parse_uscc(text: str) -> Uscc:
    """Read a code as people write it: full-width characters, lower case, spaces around.

    The first character may be a letter: rural collectives (N) and the military (A) have such.

    Raises:
        UsccError: a wrong length, a character outside the alphabet (no I, O, S, V, Z), letters in
            the region, or a wrong check character.
    """
    code = unicodedata.normalize("NFKC", text).strip().upper()
    if len(code) != _LENGTH:
        raise UsccError(
            f"The code {text[:40]!r} has {len(code)} characters; a unified social credit code has"
            f" {_LENGTH}.",
            f"代码 {text[:40]!r} 为{len(code)}位；统一社会信用代码应为{_LENGTH}位。",
        )
    wrong = next((character for character in code if character not in _VALUE), None)
    if wrong is not None:
        raise UsccError(
            f"The code {code} holds {wrong!r}, which is none of {_ALPHABET}.",
            f"代码 {code} 含有 {wrong!r}，不在字符集 {_ALPHABET} 之中。",
        )
    region = code[2:8]
    if not region.isdigit():
        raise UsccError(
            f"The region {region} in the code {code} is not six digits.",
            f"代码 {code} 中的行政区划 {region} 不是六位数字。",
        )
    expected = check_character(code[:17])
    if code[17] != expected:
        raise UsccError(
            f"The code {code} ends in {code[17]}; its check character is {expected}. One of the"
            " eighteen was mistyped.",
            f"代码 {code} 的校验码为 {code[17]}，应为 {expected}；请核对录入。",
        )
    return Uscc(code, _KIND_HINTS.get(code[:2]), region, _organisation_holds(code[8:17]))


def _organisation_holds(code: str) -> bool:
    """GB 11714: mod 11 over eight characters; 10 is written X, 11 is written 0."""
    pairs = zip(code, _ORGANISATION_WEIGHTS, strict=False)
    total = sum(_ORGANISATION_VALUE[character] * weight for character, weight in pairs)
    return code[8] == "0123456789X"[-total % 11]
