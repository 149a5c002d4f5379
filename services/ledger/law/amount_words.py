"""大写金额, as 票据法 and 正确填写票据和结算凭证的基本规定 want them: writing and reading back."""

from services.ledger.errors import LedgerError
from services.ledger.money import MAX_FEN, format_fen

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")
_GROUP = 10_000
_VARIANTS = str.maketrans("圆弍貳陸〇億萬", "元贰贰陆零亿万")


class AmountWordsError(LedgerError):
    """Words that are no amount, or not those of the amount beside them."""

    code = "AMOUNT_WORDS_INVALID"


def amount_in_words(fen: int) -> str:
    """Return an amount above zero in capital characters.

    Zeros inside are written once; "整" follows 元, and follows 角 as well.

    >>> amount_in_words(1_409_50)
    '壹仟肆佰零玖元伍角整'
    >>> amount_in_words(6_007_14)
    '陆仟零柒元壹角肆分'
    >>> amount_in_words(100_000_000_00)
    '壹亿元整'
    >>> amount_in_words(32)
    '叁角贰分'
    """
    if not 0 < fen <= MAX_FEN:
        raise AmountWordsError(
            f"Only amounts from 0.01 to {format_fen(MAX_FEN)} are written in words.",
            f"大写金额限于0.01至{format_fen(MAX_FEN)}。",
        )
    yuan, cents = divmod(fen, 100)
    jiao, fen_digit = divmod(cents, 10)
    words = f"{_whole(yuan)}元" if yuan else ""
    if jiao:
        words += f"{_DIGITS[jiao]}角"
    elif fen_digit and yuan:
        words += "零"
    return words + (f"{_DIGITS[fen_digit]}分" if fen_digit else "整")


def check_amount_words(words: str, *, fen: int) -> None:
    """Refuse words that do not say the amount.

    圆 for 元, and zeros or 整 that may be left out, are accepted.

    Raises:
        AmountWordsError: the words say something else.
    """
    expected = amount_in_words(fen)
    if _plain(words) != _plain(expected):
        raise AmountWordsError(
            f"The words {words[:60]!r} do not say {format_fen(fen)}, which is {expected}.",
            f"大写 {words[:60]!r} 与 {format_fen(fen)}（{expected}）不一致。",
        )


def _plain(words: str) -> str:
    text = words.strip().translate(_VARIANTS).removeprefix("人民币").lstrip("：: ")
    text = text.removesuffix("整").removesuffix("正")
    # Some zeros may be written or not (壹拾万零柒仟元 and 壹拾万柒仟元); every digit names its
    # place, so they carry nothing.
    return text.replace("零", "")


def _whole(yuan: int) -> str:
    groups = []
    while yuan:
        yuan, group = divmod(yuan, _GROUP)
        groups.append(group)
    words = ""
    pending_zero = False
    for index in range(len(groups) - 1, -1, -1):
        group = groups[index]
        if group == 0:
            pending_zero = True
            continue
        if words and (pending_zero or group < _GROUP // 10):
            words += "零"
        words += _group(group) + _unit(index, groups)
        pending_zero = False
    return words


def _unit(index: int, groups: list[int]) -> str:
    """万亿 shares its 亿 with the group below it: 壹万贰仟亿, but 壹万亿."""
    above_yi = index == len(_GROUPS) - 1 and groups[index - 1]
    return "万" if above_yi else _GROUPS[index]


def _group(group: int) -> str:
    words = ""
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if digit:
            words += _DIGITS[digit] + _PLACES[place]
        elif words and not words.endswith("零"):
            words += "零"
    return words.rstrip("零")
