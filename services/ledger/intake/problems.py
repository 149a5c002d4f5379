"""What is wrong with a row, a cell or a whole file, in Chinese and English."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from services.ledger.errors import LedgerError

KEPT_IN_MEMORY = 10_000
"""Row errors shown; the rest is counted and written beside them, so that memory stays flat."""

_SHOWN = 80
"""Characters of a refused value that are repeated in its error."""

TEXTS: dict[str, tuple[str, str]] = {
    "REQUIRED": ("必填项为空", "a required value is empty"),
    "ROW_WIDTH": (
        "该行有{found}列，表头有{expected}列",
        "the row has {found} columns, the heading {expected}",
    ),
    "ID_NUMERIC": (
        "单元格为数值，可能已丢失精度，请设为文本后重新填写",
        "the cell is a number and may have lost digits; format it as text and enter it again",
    ),
    "ID_SCIENTIFIC": (
        "编号为科学计数法，已丢失位数，请以文本重新填写",
        "the identifier is in scientific notation and has lost digits; enter it again as text",
    ),
    "TEXT_TOO_LONG": ("文字超过{limit}字", "the text is longer than {limit} characters"),
    "TEXT_CONTROL": (
        "文字含有不可见控制字符",
        "the text holds invisible control characters",
    ),
    "AMOUNT_INVALID": (
        "金额不是十进制数（不接受科学计数法、NaN、货币符号或未声明的千分位）",
        "not a plain decimal number (no exponent, NaN, currency sign, undeclared separator)",
    ),
    "AMOUNT_PLACES": (
        "金额多于{places}位小数，不做四舍五入",
        "the amount has more than {places} decimal places and is not rounded for you",
    ),
    "AMOUNT_NEGATIVE": (
        "金额为负；红字发票请作为贷项录入",
        "the amount is negative; enter a credit note as such",
    ),
    "AMOUNT_ZERO": ("金额为零", "the amount is zero"),
    "AMOUNT_TOO_LARGE": (
        "金额超过 9,999,999,999,999.99",
        "the amount exceeds 9,999,999,999,999.99",
    ),
    "DATE_INVALID": (
        "日期不符合格式 {formats}",
        "the date is not written as {formats}",
    ),
    "DATE_NONEXISTENT": ("日期不存在", "there is no such date"),
    "DATE_RANGE": ("日期不在 1980 至 2199 年之间", "the date is not between 1980 and 2199"),
    "DAY_IN_FUTURE": (
        "日期晚于今日{today}；事实发生后方可登记",
        "the day is after today, {today}; facts are recorded when they have happened",
    ),
    "TIME_INVALID": (
        "时间不是 ISO 8601 时刻（如 2026-01-02T08:30:00+08:00）",
        "the time is not an ISO 8601 instant such as 2026-01-02T08:30:00+08:00",
    ),
    "NUMBER_INVALID": ("不是0至{limit}的整数", "not a whole number from 0 to {limit}"),
    "CHOICE_UNKNOWN": ("取值不在 {choices} 之中", "the value is not one of {choices}"),
    "PERCENT_INVALID": (
        "不是百分比（整数至多三位、小数至多六位，如 5、0.05 或 5%）",
        "not a percentage of at most three digits and six decimals, such as 5, 0.05 or 5%",
    ),
    "PERCENT_NUMERIC": (
        "单元格为数值，无法区分 5% 与 0.05%，请设为文本后填写，如 5 或 5%",
        "the cell is a number, which may mean 5% or 0.05%; format it as text and enter 5 or 5%",
    ),
    "DEPOSIT_INVALID": (
        "保证金请写作“种类 比例% 仅现金”，后两项可省略，以分号隔开，至多20项",
        "write up to 20 deposits, each its kind, then 10% and CASH_ONLY if said, with semicolons",
    ),
    "TERM_TWICE": (
        "期限请以日或月之一约定",
        "give the term in days or in months, not both",
    ),
    "RATE_TWICE": (
        "利率请以年或日之一填写",
        "give the rate a year or a day, not both",
    ),
    "CAP_ALONE": (
        "上限须与利率或违约金同时填写",
        "the cap limits a rate or a penalty; give one",
    ),
    "INSTRUMENT_INCOMPLETE": (
        "约定的非现金支付工具须同时填写种类和期限（月，自1起）",
        "an agreed instrument needs its kind and how many months it runs, from 1",
    ),
    "FRAMEWORK_LATER": (
        "框架协议签订日晚于合同签订日",
        "the framework agreement is signed after the contract",
    ),
    "LPR_MISSING": (
        "约定利率须与合同签订日的一年期LPR核对，而历书中没有；请先导入LPR",
        "the almanac has no 1-year LPR of the day of signing to weigh the rate by; import it first",
    ),
    "WAN_INVALID": (
        "不是万元数（整数至多12位、小数至多6位，如 30000 或 1234.5）",
        "not an amount in 10,000 yuan of at most 12 digits and 6 decimals, such as 1234.5",
    ),
    "YEAR_INVALID": ("年度不在 1990 至 2199 之间", "the year is not between 1990 and 2199"),
    "DIGEST_INVALID": (
        "不是 SHA-256 摘要（64位小写十六进制）",
        "not a SHA-256 digest of 64 lower-case hexadecimal digits",
    ),
    "INDUSTRY_UNKNOWN": (
        "行业既不是划型标准的行业，也不是 GB/T 4754 代码（如 C3511）",
        "the industry is neither one of the size standard nor a code of GB/T 4754 such as C3511",
    ),
    "SIZE_CONTRADICTED": (
        "所填规模与各项指标不符；请更正其一，或注明政府认定或统计结果",
        "the size stated is not that of the figures; correct one, or name an official result",
    ),
    "CURRENCY_INVALID": (
        "币种不是三个大写字母",
        "the currency is not three capital letters",
    ),
    "PARTY_UNKNOWN": (
        "台账中没有该企业，请先登记",
        "the ledger does not know this party; register it first",
    ),
    "PARTIES_SAME": ("买卖双方相同", "debtor and creditor are the same"),
    "NOT_YOURS": (
        "不属于当前用户所代表的企业",
        "neither debtor nor creditor is the party you act for",
    ),
    "CONTRACT_UNKNOWN": (
        "没有该买卖双方之间的这一合同",
        "there is no such contract between these parties",
    ),
    "ORDER_UNKNOWN": ("没有该订单", "there is no such order"),
    "RECEIPT_UNKNOWN": ("没有该收货单", "there is no such receipt"),
    "RECEIVABLE_UNKNOWN": ("没有该应收账款", "there is no such receivable"),
    "AMBIGUOUS": (
        "编号对应多个单据，无法确定",
        "the number names several documents and does not say which",
    ),
    "DOCUMENT_DIFFERS": (
        "同一单据各行内容不一致",
        "the rows of this document do not agree with each other",
    ),
    "CONTACT_NOT_YOURS": (
        "通知邮箱由该主体自己登记；请去掉电子邮箱",
        "where a party's notices go is said by itself; leave the address out",
    ),
    "ID_REUSED": (
        "该编号已用于内容不同的单据",
        "this id already names a document with other content",
    ),
    "INVOICE_CLAIMED": (
        "该发票已登记在另一笔应收账款下",
        "this invoice already stands behind another receivable",
    ),
    "INSTALMENT_INCOMPLETE": (
        "分期须同时填写期次（自1起）、款项类型和发票总额；整张发票三项均不填",
        "an instalment needs its number from 1, its kind and its invoice's amount; a whole none",
    ),
    "RETENTION_DAY": (
        "质量保证金须填写约定付款日，法律未规定期限",
        "retention needs the day agreed for it, which no law gives",
    ),
    "INSTALMENTS_DIFFER": (
        "发票各期须在同一文件中齐全：期次自1连续，同一合同与币种，合计等于发票总额，且不与整张发票并存",
        "not all instalments 1, 2, 3 ... of one contract, or not the invoice's amount, or a whole",
    ),
    "INVOICE_NUMBER_INVALID": (
        "发票代码或号码与发票类型不符（数电票为20位号码且无代码，前两位年份不晚于开票日期）",
        "the code or number does not fit its kind (a digital one: 20 digits, year first, no code)",
    ),
    "PAYMENT_EXCEEDS_OPEN": (
        "付款超过该应收账款尚欠金额",
        "the payment exceeds what is owed on the receivable",
    ),
    "AMOUNT_EXCEEDS": (
        "金额超过该应收账款可确认或可争议的金额",
        "the amount exceeds what can be confirmed or disputed on the receivable",
    ),
    "APPROVAL_NEEDED": (
        "确权须由他人复核，文件不能提出；请以 POST /v1/confirmations 或在控制台提出，再批量复核",
        "others have to approve this; propose it by POST /v1/confirmations, then approve in bulk",
    ),
    "USCC_INVALID": (
        "统一社会信用代码不正确（18位，校验码不符或含非法字符）",
        "not a unified social credit code (18 characters; check character or alphabet is wrong)",
    ),
}
"""Code: Chinese, English. Other packages' refusals bring their own texts."""


class FileRefusedError(LedgerError):
    """The whole file is refused and nothing of it was read into the book."""

    code = "FILE_REFUSED"


class CellError(Exception):
    """One value that cannot be read; ``params`` fill the placeholders of its texts."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row is not taken."""

    line: int
    """Line of the file where the row begins, the heading counted, from 1."""
    column: str
    """Heading of the column, or empty when the row as a whole is meant."""
    code: str
    chinese: str
    english: str
    value: str


def row_error(line: int, column: str, value: str, error: CellError) -> RowError:
    """Word a cell's error for its place in the file."""
    chinese, english = TEXTS[error.code]
    return RowError(
        line,
        column,
        error.code,
        chinese.format(**error.params),
        english.format(**error.params),
        value[:_SHOWN],
    )


@dataclass
class Problems:
    """Row errors of one file: all counted, the first ones kept, the rest written to a file."""

    rest_path: Path | None = None
    """Where errors beyond those kept are written as CSV; None: they are counted only."""
    kept: list[RowError] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _rest: TextIO | None = None

    @property
    def total(self) -> int:
        """Number of row errors, kept or not."""
        return self.counts.total()

    def add(self, error: RowError) -> None:
        """Count an error, and keep it or write it away."""
        self.counts[error.code] += 1
        if len(self.kept) < KEPT_IN_MEMORY:
            self.kept.append(error)
        elif self.rest_path is not None:
            self._write(error)

    def close(self) -> None:
        """Close the file of the rest, if one was begun."""
        if self._rest is not None:
            self._rest.close()
            self._rest = None

    def _write(self, error: RowError) -> None:
        if self._rest is None:
            assert self.rest_path is not None
            self._rest = self.rest_path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._rest).writerow(
                ["行 line", "列 column", "code", "原因", "reason", "值 value"]
            )
        csv.writer(self._rest).writerow(
            [error.line, error.column, error.code, error.chinese, error.english, error.value]
        )
