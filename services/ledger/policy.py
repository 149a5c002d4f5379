"""Who may do what to whose: one table of actions, roles and relations, printed as docs/policy.md.

A command asks it through `Viewer.require`. What somebody stands in no relation to is not there for
them: a list is empty, and a single thing is not found.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol
from uuid import UUID

ROLES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "core_enterprise": ("核心企业", "buyer"),
        "supplier": ("供应商", "supplier"),
        "platform": ("融资平台", "platform"),
        "regulator": ("监管", "regulator"),
        "operator": ("运营", "operator"),
        "security_admin": ("安全管理员", "security administrator"),
        "audit_admin": ("审计管理员", "audit administrator"),
        "service": ("系统", "service"),
        "installation": ("系统本机", "the machine itself"),
    }
)
FOR_A_PARTY: Final = ("core_enterprise", "supplier", "platform")
ADMINISTRATORS: Final = ("operator", "security_admin", "audit_admin")
"""Of the installation, with separate duties (三员): none of them acts for a tenant."""
MACHINE: Final = "installation"
"""Whoever runs commands on the machine itself; nobody is given this role."""
FOR_PEOPLE: Final = (*FOR_A_PARTY, "regulator", *ADMINISTRATORS)
"""What a person may be; a key may be a service too."""


class Relation(StrEnum):
    """How somebody stands to what is acted on."""

    ANY = "any"
    DEBTOR = "debtor"
    CREDITOR = "creditor"
    EITHER = "either"
    OWN = "own"
    PLATFORM = "platform"
    REGION = "region"
    NOBODYS = "nobody's"


_MEANS: Final[Mapping[Relation, tuple[str, str]]] = MappingProxyType(
    {
        Relation.ANY: ("不限", "whosever it is"),
        Relation.DEBTOR: ("付款方", "the buyer of it"),
        Relation.CREDITOR: ("供应商", "the supplier of it"),
        Relation.EITHER: ("付款方或供应商", "the buyer or the supplier of it"),
        Relation.OWN: ("本主体", "the party whose it is"),
        Relation.PLATFORM: ("受让平台", "the platform it is offered to"),
        Relation.REGION: (
            "辖区、职能与期限内的监管机关",
            "the authority of its debtor's region, while and for what it is appointed",
        ),
        Relation.NOBODYS: ("不属于任何主体的", "whoever keeps what is no party's"),
    }
)


class Whose(NamedTuple):
    """Whose something is; what is None is nobody's."""

    debtor_id: UUID | None = None
    creditor_id: UUID | None = None
    party_id: UUID | None = None
    """The party it belongs to, or the party of the platform it is offered to."""


class _Between(Protocol):
    @property
    def debtor_id(self) -> UUID: ...
    @property
    def creditor_id(self) -> UUID: ...


def between(row: _Between) -> Whose:
    """Return whose a contract, order or receivable is."""
    return Whose(row.debtor_id, row.creditor_id)


class Row(NamedTuple):
    """An action: what it is called, and the relation in which each role may do it."""

    zh: str
    en: str
    relations: Mapping[str, Relation]


def _traders(relation: Relation) -> dict[str, Relation]:
    return dict.fromkeys(("core_enterprise", "supplier"), relation)


def _parties(relation: Relation) -> dict[str, Relation]:
    return dict.fromkeys(FOR_A_PARTY, relation)


def _any(*roles: str) -> dict[str, Relation]:
    return dict.fromkeys(roles, Relation.ANY)


_ANYONE: Final = _any(*ROLES)
_DEBTOR: Final = _traders(Relation.DEBTOR)
_CREDITOR: Final = _traders(Relation.CREDITOR)
_EITHER: Final = _traders(Relation.EITHER)
_OWN: Final = _parties(Relation.OWN)
_MACHINE: Final = _any(MACHINE)
_OPERATOR: Final = _any("operator", MACHINE)
_REGION: Final = {"regulator": Relation.REGION}
_APPROVALS: Final = _OWN | {"operator": Relation.NOBODYS}

POLICY: Final[Mapping[str, Row]] = MappingProxyType(
    {
        "law.read": Row("查阅规则、检查点与主体", "read the law, checkpoints, parties", _ANYONE),
        "book.read": Row(
            "查阅合同、订单、应收账款、报表与事件",
            "read contracts, orders, receivables, reports, events",
            _parties(Relation.EITHER) | _REGION | _any("operator", "service", MACHINE),
        ),
        "events.own": Row(
            "查阅主体自身的事件（审批、账户、Webhook、人员与密钥）",
            "read the events of a party's own: approvals, accounts, webhooks, people, keys",
            _OWN | {"operator": Relation.NOBODYS} | _any("service", MACHINE),
        ),
        "book.verify": Row("核验全账", "verify the book", _any("regulator") | _OPERATOR),
        "book.assess": Row("评估到期", "announce what became overdue", _OPERATOR),
        "parties.register": Row("登记主体", "register a party", _traders(Relation.ANY) | _OPERATOR),
        "contacts.keep": Row("登记联系方式", "say where a party's notices go", _OWN | _MACHINE),
        "contacts.read": Row("查阅完整联系方式", "read a contact unmasked", _OWN | _any("service")),
        "contracts.register": Row("登记合同", "register a contract", _EITHER | _MACHINE),
        "orders.place": Row("登记订单", "place an order", _EITHER | _MACHINE),
        "receipts.deliver": Row("登记交付", "record a delivery", _EITHER | _MACHINE),
        "receipts.accept": Row(
            "登记验收、拒收、取消、结算确认",
            "record an acceptance, rejection, cancellation, settlement",
            _DEBTOR | _MACHINE,
        ),
        "receivables.open": Row("登记应收账款", "record a receivable", _EITHER | _MACHINE),
        "receivables.ask": Row("请求确权", "ask for confirmation", _CREDITOR),
        "receivables.confirm": Row("确权", "confirm", _DEBTOR),
        "receivables.dispute": Row("提出争议", "dispute", _DEBTOR),
        "receivables.uphold": Row("承认争议款项", "give in to what was disputed", _DEBTOR),
        "receivables.withdraw": Row("放弃争议款项", "give up what is disputed", _CREDITOR),
        "receivables.credit": Row("红字冲减", "credit", _CREDITOR),
        "payments.record": Row(
            "登记付款",
            "record a payment",
            {"core_enterprise": Relation.DEBTOR, "supplier": Relation.EITHER} | _MACHINE,
        ),
        "accounts.keep": Row("维护收款账户", "keep the account to be paid to", _OWN),
        "accounts.read": Row(
            "查阅收款账户（付款方须有未结清的应收账款）",
            "read the account to be paid to; a buyer, while it owes",
            _EITHER | {"platform": Relation.OWN},
        ),
        "arrears.demand": Row("催收、起诉、仲裁", "state a demand or suit", _CREDITOR),
        "arrears.costs": Row("主张、撤回费用", "claim or withdraw costs", _CREDITOR),
        "arrears.acknowledge": Row(
            "承认债务、说明迟延理由", "acknowledge, plan, explain a delay", _DEBTOR
        ),
        "arrears.instrument": Row("登记票据及终结", "state an instrument, or an end", _EITHER),
        "interest.claim": Row("主张利息", "claim interest", _CREDITOR),
        "interest.waive": Row("放弃利息", "waive interest", _CREDITOR),
        "complaints.file": Row("投诉", "file, add to, withdraw a complaint", _CREDITOR),
        "complaints.read": Row("查阅投诉", "read complaints", _EITHER | _REGION),
        "complaints.handle": Row("办理投诉", "handle complaints", _REGION),
        "platforms.register": Row("登记融资平台", "register a platform", _OPERATOR),
        "exports.make": Row(
            "申请融资", "offer for financing", {"supplier": Relation.CREDITOR} | _MACHINE
        ),
        "exports.date_back": Row("倒签申请融资", "offer as of a past day", _MACHINE),
        "exports.read": Row(
            "查阅导出批次",
            "read an export",
            _parties(Relation.PLATFORM)
            | {"supplier": Relation.CREDITOR}
            | _REGION
            | _any("operator", "service", MACHINE),
        ),
        "exports.answer": Row(
            "答复融资申请", "answer an offer", {"platform": Relation.PLATFORM} | _MACHINE
        ),
        "imports.make": Row("导入文件", "take a file in", _traders(Relation.OWN) | _MACHINE),
        "imports.read": Row("查阅导入", "read an import", _traders(Relation.OWN) | _OPERATOR),
        "webhooks.keep": Row("维护Webhook", "keep webhooks", _OWN),
        "approvals.read": Row("查阅审批", "read proposals and rules", _APPROVALS),
        "approvals.decide": Row("复核、维护审批规则", "decide; keep the rules", _APPROVALS),
        "almanac.import": Row("导入法定日期与利率", "import dated facts of law", _OPERATOR),
        "people.keep": Row(
            "维护用户与密钥",
            "keep people and keys",
            _OWN | {"security_admin": Relation.NOBODYS},
        ),
        "access_log.read": Row("查阅访问日志", "read the access log", _any("audit_admin")),
        "persons.erase": Row("删除个人信息", "erase a person's values", _MACHINE),
        "messages.report": Row("报告送达", "report what arrived", _any("service")),
    }
)


def relation(action: str, role: str) -> Relation | None:
    """Return in which relation a role may do something; None: in none."""
    return POLICY[action].relations.get(role)


def roles(action: str, wanted: Relation) -> tuple[str, ...]:
    """Return the roles that may do something in one relation."""
    return tuple(role for role, one in POLICY[action].relations.items() if one is wanted)


def stands(wanted: Relation, party_id: UUID | None, whose: Whose) -> bool:
    """Say whether a party, or nobody's, stands in a relation to something.

    >>> stands(Relation.DEBTOR, None, Whose()), stands(Relation.NOBODYS, None, Whose())
    (False, True)
    """
    if wanted in {Relation.ANY, Relation.REGION}:  # of other regions an authority finds nothing
        return True
    if wanted is Relation.NOBODYS:
        return party_id is None and whose.party_id is None
    standing = {
        Relation.DEBTOR: (whose.debtor_id,),
        Relation.CREDITOR: (whose.creditor_id,),
        Relation.EITHER: (whose.debtor_id, whose.creditor_id),
    }
    return party_id is not None and party_id in standing.get(wanted, (whose.party_id,))


def refusal(action: str, role: str) -> tuple[str, str]:
    """Return why a role may not do something to what it does to others, English and Chinese."""
    wanted = relation(action, role)
    if wanted is not None:
        zh, en = _MEANS[wanted]
        return f"Only {en} may do this.", f"只有{zh}可以执行此操作。"
    may = [one for one in POLICY[action].relations if one != MACHINE]
    if not may:
        return "This is done on the machine itself only.", "此操作仅可在系统本机执行。"
    names = "、".join(ROLES[one][0] for one in may)
    return (
        f"The role {role} may not do this; it takes one of: {', '.join(may)}.",
        f"角色{ROLES[role][0]}无权执行此操作；需要以下角色之一：{names}。",
    )


def as_markdown() -> str:
    """Return the page `docs/policy.md`: the whole table, from the code."""
    lines = [
        "# 权限表 · Who may do what to whose",
        "",
        "Generated from the code by `services.ledger.policy.as_markdown()`; do not edit.",
        "",
        "A cell says in which relation a role may do it; – : in none. A command is then refused",
        "with 403 `NOT_ALLOWED`. To somebody who stands in no relation to it a row is not there:",
        "404, the same as for an id that does not exist, and lists leave it out.",
        "",
        "The three administrators (三员) act for no tenant. The operator reads what it takes to",
        "run the installation, the book too, and changes only what is the installation's.",
        "`installation` is whoever runs commands on the machine itself, such as `ledger intake`",
        "and `ledger export`; no key and no user can be given this role. Duties within a party",
        "and the scopes of a key narrow this further: [access.md](access.md).",
        "",
        "| relation | 关系 | means |",
        "|---|---|---|",
        *(f"| {one} | {_MEANS[one][0]} | {_MEANS[one][1]} |" for one in Relation),
        "",
        f"| action | 操作 | {' | '.join(f'{zh} `{role}`' for role, (zh, _) in ROLES.items())} |",
        "|---" * (len(ROLES) + 2) + "|",
    ]
    for action, row in POLICY.items():
        cells = " | ".join(row.relations.get(role, "–") for role in ROLES)
        lines.append(f"| `{action}` {row.en} | {row.zh} | {cells} |")
    return "\n".join(lines) + "\n"
