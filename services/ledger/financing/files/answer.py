"""A platform's answer to an export, whatever format it came in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

State = Literal["FINANCED", "PENDING", "REFUSED"]

STATES: dict[str, State] = {"FNCD": "FINANCED", "PDNG": "PENDING", "NTFD": "REFUSED"}

REASONS = {
    "CA01": ("cancellation came too late", "撤销请求已过期"),
    "CA02": ("cancellation matches no request", "撤销请求无对应的融资申请"),
    "CA03": ("financing has already begun", "融资程序已启动"),
    "AC01": ("account number is wrong", "账号有误"),
    "AC04": ("account is closed", "账户已销户"),
    "AC06": ("account is blocked", "账户已冻结"),
    "BE08": ("requester is not known", "申请方未被识别"),
    "BE09": ("intermediary is not known", "中间机构未被识别"),
    "BE10": ("another intermediary was expected", "中间机构与约定不符"),
    "BE11": ("a party is not known", "当事方未被识别"),
    "DT02": ("due date is not valid", "到期日无效"),
    "ID01": ("request was sent before", "融资申请重复"),
    "ID02": ("an identification is wrong", "标识有误"),
    "ID03": ("document number is not valid", "单据号码无效"),
    "MI01": ("required information is missing", "缺少必填信息"),
    "NA01": ("see the text given", "见附言"),
}
"""The coded reasons of the message, in English and Chinese."""


@dataclass(frozen=True, kw_only=True)
class AnswerItem:
    """What the platform says about one invoice."""

    document_number: str
    """As ``tsin001.document_number`` wrote it."""
    issued_on: date
    due_on: date
    total_fen: int
    """The whole invoice."""
    supplier_name: str
    """Empty where the platform does not repeat it; tells equal numbers of two suppliers apart."""
    state: State
    financed_fen: int
    """What is paid out; zero unless financed. From a percentage: rounded half up to the fen."""
    reason: str
    """The code, what it means, and the texts sent with it; empty where none was given."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer to one export."""

    id: str
    created_at: datetime
    export_reference: str
    accepted: bool
    """Whether the request itself was in order. If not, every claim of the export goes back."""
    reason: str
    currency: str
    """Of every amount; empty where there are no items."""
    items: Sequence[AnswerItem]
    """Empty where the request was only received, or refused as a whole."""
