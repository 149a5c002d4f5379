"""The columns of the flat formats, CSV and XLSX: one per field of a row, in the same order."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Kind = Literal["text", "list", "amount", "day"]


class Column(NamedTuple):
    """One column: its field, its title, how it is written and what it says."""

    field: str
    title: str
    kind: Kind
    width: int
    """Of the sheet's column, in characters."""
    meaning: str


COLUMNS: Sequence[Column] = (
    Column("receivable_id", "应收账款编号", "text", 38, "台账中的唯一编号 ledger id (UUID)"),
    Column("supplier_name", "供应商名称", "text", 30, "债权人 creditor"),
    Column("supplier_scheme", "供应商标识类型", "text", 14, "USCC 即统一社会信用代码"),
    Column("supplier_identifier", "供应商标识", "text", 22, "文本 text, never a number"),
    Column("buyer_name", "买方名称", "text", 30, "债务人 debtor"),
    Column("buyer_scheme", "买方标识类型", "text", 14, "USCC 即统一社会信用代码"),
    Column("buyer_identifier", "买方标识", "text", 22, "文本 text, never a number"),
    Column("contract_number", "合同编号", "text", 22, "contract number"),
    Column("orders", "订单编号", "list", 24, "多个以“;”分隔 order references, ';' between"),
    Column("ordered_on", "订单日期", "list", 24, "与订单编号一一对应 the day of each order"),
    Column("invoice_kind", "发票种类", "text", 10, "DIGITAL 数电票, VAT 增值税发票, OTHER 其他"),
    Column("invoice_code", "发票代码", "text", 14, "数电票为空 empty for digital invoices"),
    Column("invoice_number", "发票号码", "text", 24, "文本 text, leading zeros kept"),
    Column("issued_on", "开票日期", "day", 12, "invoice day"),
    Column("face_fen", "票面金额", "amount", 18, "价税合计 whole invoice, tax included"),
    Column("open_fen", "未付余额", "amount", 18, "still owed on the day of the export"),
    Column("offered_fen", "融资申请金额", "amount", 18, "the part offered for financing"),
    Column("currency", "币种", "text", 6, "ISO 4217"),
    Column("start_on", "起算日", "day", 12, "交付或验收之日 delivery or acceptance"),
    Column("due_on", "到期日", "day", 12, "最后付款日 last day of timely payment"),
    Column("confirmed_on", "确权日期", "day", 12, "debtor's confirmation, day"),
    Column("confirmation_id", "确权编号", "text", 38, "debtor's confirmation, id"),
    Column("identity", "票据唯一性摘要", "text", 66, "防重复融资 against double financing"),
    Column("flags", "提示", "list", 46, "不影响转让的提示 warnings, ';' between"),
)

REFERENCE_TITLE = "导出编号"
"""The first column of all: rows of several files stay apart when they are put together."""


def joined(values: Sequence[object]) -> str:
    r"""Return a list as one cell: its members with ``;`` between, a ``;`` inside as ``\;``."""
    if not values:
        return ""
    plain = ";".join(map(str, values))
    if plain.count(";") < len(values):
        return plain
    return ";".join(str(value).replace(";", "\\;") for value in values)
