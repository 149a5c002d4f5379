"""The demo's enterprises: plausible names of nobody, with codes whose check digits are right."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.ledger.cli.demo.dice import between, pick
from services.ledger.ids import id_of
from services.ledger.law.uscc import check_character, parse_uscc

REGION: Final = "330100"
_ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ORG_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Somebody:
    """A party of the demo."""

    id: UUID
    name: str
    kind: str
    uscc: str
    email: str


def _uscc(prefix: str, number: int) -> str:
    """Return a code: category, region, organisation number with its check (GB 11714), check."""
    body = f"MA{number:06d}"
    total = sum(
        _ORG_DIGITS.index(letter) * weight
        for letter, weight in zip(body, _ORG_WEIGHTS, strict=True)
    )
    check = "0123456789X"[-total % 11]
    base = f"{prefix}{REGION}{body}{check}"
    code = parse_uscc(base + check_character(base))
    assert code.organisation_holds
    return code.code


def _somebody(name: str, kind: str, prefix: str, number: int, mail: str) -> Somebody:
    return Somebody(id_of("demo", name), name, kind, _uscc(prefix, number), f"{mail}.example")


BUYERS: Final = tuple(
    _somebody(name, kind, prefix, 100_000 + number, f"finance@buyer{number}")
    for number, (name, kind, prefix) in enumerate(
        (
            ("澜江市生态环境局", "GOV", "11"),
            ("澜江市第三人民医院", "INSTITUTION", "12"),
            ("华澜轨道交通装备集团有限公司", "LARGE_SOE", "91"),
            ("恒岳重型机械股份有限公司", "LARGE", "91"),
            ("明晖新能源汽车有限公司", "LARGE", "91"),
            ("沐禾连锁超市集团有限公司", "LARGE", "91"),
        ),
        start=1,
    )
)
PLATFORMS: Final = tuple(
    (code, _somebody(name, "FINANCIER", "91", 200_000 + number, f"desk@{code.lower()}"))
    for number, (code, name) in enumerate(
        (("LANJIANG", "澜江供应链金融服务有限公司"), ("YUNFAN", "云帆商业保理有限公司"))
    )
)
_PLACES: Final = ("澜江", "云岭", "清浦", "望川", "松陵", "临湖")
_MARKS: Final = (
    *("鼎捷", "瑞丰", "同创", "启元", "嘉禾", "博远", "锦程", "新锐", "宏图", "晨星"),
    *("聚力", "安泰", "佳信", "广源", "凯德", "永固", "天工", "华诚", "友联", "正和"),
)
_TRADES: Final = (
    *("精密机械", "电子科技", "包装材料", "医疗器械", "环保工程", "物流"),
    *("食品", "自动化设备", "金属制品", "信息技术"),
)
_SIZES: Final = ("MEDIUM", "SMALL", "SMALL", "SMALL", "MICRO", "MICRO")
SUPPLIER_COUNT: Final = 60


def _supplier(number: int) -> Somebody:
    place, mark = pick(_PLACES, "place", number), _MARKS[number % len(_MARKS)]
    trade = _TRADES[(number + number // len(_MARKS)) % len(_TRADES)]
    return _somebody(
        f"{place}{mark}{trade}有限公司",
        pick(_SIZES, "size", number),
        "91",
        300_000 + 100 * number + between(0, 99, "code", number),
        f"accounts@supplier{number:02d}",
    )


SUPPLIERS: Final = tuple(_supplier(number) for number in range(SUPPLIER_COUNT))
FINANCED: Final = SUPPLIERS[::3]
"""Suppliers that offer what they may to a platform."""
assert len({one.uscc for one in (*BUYERS, *SUPPLIERS)}) == len(BUYERS) + SUPPLIER_COUNT
assert len({one.name for one in SUPPLIERS}) == SUPPLIER_COUNT
