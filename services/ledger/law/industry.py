"""国民经济行业分类, GB/T 4754-2017: a section letter with a division, group or class inside it."""

import re
from typing import NamedTuple

from services.ledger.errors import LedgerError

_SECTIONS: dict[str, tuple[int, int, str]] = {
    "A": (1, 5, "农、林、牧、渔业"),
    "B": (6, 12, "采矿业"),
    "C": (13, 43, "制造业"),
    "D": (44, 46, "电力、热力、燃气及水生产和供应业"),
    "E": (47, 50, "建筑业"),
    "F": (51, 52, "批发和零售业"),
    "G": (53, 60, "交通运输、仓储和邮政业"),
    "H": (61, 62, "住宿和餐饮业"),
    "I": (63, 65, "信息传输、软件和信息技术服务业"),
    "J": (66, 69, "金融业"),
    "K": (70, 70, "房地产业"),
    "L": (71, 72, "租赁和商务服务业"),
    "M": (73, 75, "科学研究和技术服务业"),
    "N": (76, 79, "水利、环境和公共设施管理业"),
    "O": (80, 82, "居民服务、修理和其他服务业"),
    "P": (83, 83, "教育"),
    "Q": (84, 85, "卫生和社会工作"),
    "R": (86, 90, "文化、体育和娱乐业"),
    "S": (91, 96, "公共管理、社会保障和社会组织"),
    "T": (97, 97, "国际组织"),
}
"""First and last division (大类) of each section (门类), and its name."""

SECTION_OF_NAME = {name: letter for letter, (_, _, name) in _SECTIONS.items()}

_CODE = re.compile(r"([A-T])?(?:([0-9]{2})([0-9]{0,2}))?", re.ASCII)


class IndustryError(LedgerError):
    """An industry that is neither of the size standard nor of GB/T 4754."""

    code = "INDUSTRY_UNKNOWN"


class Industry(NamedTuple):
    """A code, with the letter that is often left out."""

    code: str
    """``C``, ``C35``, ``C351`` or ``C3511``."""
    section: str
    section_zh: str


def parse_industry(text: str) -> Industry:
    """Read a code such as ``C3511``, ``3511``, ``G59`` or ``C``.

    Groups and classes (中类、小类) are taken as they are: sections and divisions are what sizes and
    regulators' views rest on, and amendments add classes every few years.

    Raises:
        IndustryError: no such division, or one of another section.
    """
    code = text.strip().upper()
    match = _CODE.fullmatch(code)
    letter, division, rest = match.groups() if match else (None, None, "")
    if match is None or not code or (division is None and letter is None):
        raise IndustryError(
            f"The industry {text[:40]!r} is no code of GB/T 4754; write a letter with two to four"
            " digits, such as C3511.",
            f"行业 {text[:40]!r} 不是GB/T 4754代码；请写门类字母加二至四位数字，如C3511。",
        )
    if division is None:
        assert letter is not None
        return Industry(letter, letter, _SECTIONS[letter][2])
    section = next(
        (key for key, (first, last, _) in _SECTIONS.items() if first <= int(division) <= last), None
    )
    if section is None or letter not in {None, section}:
        where = f"it is of section {section}" if section else "there is no such division"
        where_zh = f"属于门类{section}" if section else "没有该大类"
        raise IndustryError(
            f"The industry {text[:40]!r} names division {division}, but {where}.",
            f"行业 {text[:40]!r} 的大类 {division}：{where_zh}。",
        )
    return Industry(f"{section}{division}{rest or ''}", section, _SECTIONS[section][2])
