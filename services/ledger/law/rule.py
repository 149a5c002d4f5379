"""What a rule of the catalogue is, and the instruments that rules come from."""

from datetime import date
from typing import NamedTuple

NOTICE = "仅供核查，不构成法律认定"
"""Said beside every flag: the finding belongs to the authorities (decree 802 Arts. 24-26)."""


class Instrument(NamedTuple):
    """A law, decree, notice or reply, and when it governs."""

    key: str
    title_zh: str
    valid_from: date
    valid_to: date | None = None
    """Last day it governs; None while in force."""


# \u3014 and \u3015 are the brackets around a year, which the linter takes for parentheses.
DECREE_728 = Instrument(
    "728", "保障中小企业款项支付条例（国令第728号）", date(2020, 9, 1), date(2025, 5, 31)
)
DECREE_802 = Instrument("802", "保障中小企业款项支付条例（国令第802号）", date(2025, 6, 1))
CIVIL_CODE = Instrument("CC", "民法典", date(2021, 1, 1))
REPLY_2024_11 = Instrument("2024-11", "法释\u30142024\u301511号", date(2024, 8, 27))
NOTICE_77 = Instrument("77", "银发\u30142025\u301577号", date(2025, 6, 15))
BILLS_2022_4 = Instrument(
    "2022-4", "商业汇票承兑、贴现与再贴现管理办法（令\u30142022\u3015第4号）", date(2023, 1, 1)
)
SIZES_300 = Instrument(
    "300", "中小企业划型标准规定（工信部联企业\u30142011\u3015300号）", date(2011, 6, 18)
)
WORKS_1 = Instrument("works", "建设工程施工合同司法解释（一）", date(2021, 1, 1))
CONTRACTS_65 = Instrument("contracts", "民法典合同编通则司法解释", date(2023, 12, 5))
COMPLAINTS_224 = Instrument(
    "224",
    "保障中小企业款项支付投诉处理暂行办法（工信部企业\u30142021\u3015224号）",
    date(2021, 12, 30),
)
BIDDING = Instrument("bidding", "招标投标法实施条例", date(2012, 2, 1))
DEPOSITS_138 = Instrument(
    "138", "建设工程质量保证金管理办法（建质\u30142017\u3015138号）", date(2017, 7, 1)
)
PRIVATE_ECONOMY = Instrument("private", "民营经济促进法", date(2025, 5, 20))
COMPETITION = Instrument("competition", "反不正当竞争法", date(2025, 10, 15))
SALES_18 = Instrument("sales", "买卖合同司法解释", date(2021, 1, 1))


class Rule(NamedTuple):
    """One version of one rule."""

    id: str
    instrument: Instrument
    article: str
    quote_zh: str
    trigger_zh: str
    trigger_en: str
    result_zh: str
    result_en: str
    flags: tuple[str, ...] = ()
    confidence: str = "rule"
    """``rule``: the text decides; ``review``: a person has to."""

    @property
    def version(self) -> str:
        """Name the version: the rule and the instrument it comes from."""
        return f"{self.id}@{self.instrument.key}"

    @property
    def cites(self) -> str:
        """Return instrument and article as one cites them."""
        return f"{self.instrument.title_zh}{self.article}"
