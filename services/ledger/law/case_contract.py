"""The parties and the contract of a case: sizes, terms, rates, deposits, instalments."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.ledger.law.audit import AuditFacts, Deposit
from services.ledger.law.case_fields import Fields, refuse
from services.ledger.law.lines import KINDS as LINE_KINDS
from services.ledger.law.lines import RETENTION, STARTS, Line
from services.ledger.law.rates import RateFacts
from services.ledger.law.sme_standard import (
    UNDETERMINED,
    Indicators,
    IndustryError,
    SizeRow,
    SizeStandard,
    tier,
)
from services.ledger.law.terms import START_RULES, ContractFacts

CONTRACT_KEYS = frozenset(
    {
        "term_days",
        "term_months",
        "due_on",
        "lines",
        "framework_signed_on",
        "pay_when_paid",
        "pay_in_proportion",
        "settlement",
        "inspection_days",
        "agreed_annual_rate_percent",
        "agreed_daily_rate_percent",
        "penalty_percent",
        "penalty_cap_percent",
        "day_basis",
        "noncash",
        "noncash_clause",
        "noncash_consent",
        "audit_condition",
        "principal_first",
        "rest_days_roll",
        "deposits",
    }
)
CREDITOR_KEYS = frozenset(
    {
        "size",
        "source",
        "industry",
        "employees",
        "revenue_wan",
        "assets_wan",
        "declared",
        "domestic",
        "controlled_by_large",
    }
)
SIZES = frozenset({"LARGE", "MEDIUM", "SMALL", "MICRO", "INDIVIDUAL", UNDETERMINED})
SOURCES = frozenset({"SELF", "GOVERNMENT", "STATISTICS"})
_CLAUSES = frozenset(
    {"noncash", "noncash_clause", "noncash_consent", "audit_condition", "deposits"}
)
_RATES = frozenset(
    {
        "agreed_annual_rate_percent",
        "agreed_daily_rate_percent",
        "day_basis",
        "penalty_percent",
        "penalty_cap_percent",
    }
)
_FIGURES = frozenset({"industry", "employees", "revenue_wan", "assets_wan"})
_SETTLEMENTS = frozenset(START_RULES)
_BASES = frozenset({360, 365, 366})
_MOST_DEPOSITS = 20
_MOST_LINES = 60
"""As many as the ledger takes of an invoice."""
_WHOLE_PERCENT = Decimal(100)
_DEPOSIT = frozenset({"kind", "cash_only", "percent", "ended_on", "returned_on"})
_LINE = frozenset(
    {"kind", "share_percent", "amount", "due_on", "term_days", "term_months", "starts", "starts_on"}
)


def read_contract(
    signed_on: date, kind: str | None, size: str | None, terms: Fields
) -> ContractFacts:
    """Return what the contract says about time."""
    days, months, due_on = _term(terms)
    rolls = terms.flag("rest_days_roll") if terms.has("rest_days_roll") else None
    return ContractFacts(
        signed_on,
        kind,
        size,
        terms.word("settlement", _SETTLEMENTS) or "ON_DELIVERY",
        days,
        months,
        terms.flag("pay_when_paid") or terms.flag("pay_in_proportion"),
        terms.days("inspection_days"),
        rest_days_roll=rolls,
        due_on=due_on,
    )


def _term(terms: Fields) -> tuple[int | None, int | None, date | None]:
    days, months = terms.days("term_days"), terms.months("term_months")
    due_on = terms.day("due_on")
    if days is not None and months is not None:
        raise refuse(
            terms.path("term_months"),
            "give the term in days or in months, not both.",
            "期限请以日或月之一约定，不能同时填写。",
        )
    if due_on is not None and not days is months is None:
        raise refuse(
            terms.path("due_on"),
            "give an agreed day or a term, not both.",
            "请填写约定付款日或期限之一，不能同时填写。",
        )
    return days, months, due_on


def read_rate(signed_on: date, kind: str | None, terms: Fields) -> RateFacts:
    """Return what the contract says about late interest."""
    if terms.none_of(_RATES):
        return RateFacts(signed_on, kind)
    yearly = terms.number("agreed_annual_rate_percent")
    daily = terms.number("agreed_daily_rate_percent")
    if yearly is not None and daily is not None:
        raise refuse(
            terms.path("agreed_daily_rate_percent"),
            "give the rate a year or a day, not both.",
            "利率请以年或日之一填写，不能同时填写。",
        )
    basis = terms.number("day_basis")
    if basis is not None and basis not in _BASES:
        raise refuse(terms.path("day_basis"), "must be 360, 365 or 366.", "必须是360、365或366。")
    penalty, cap = terms.number("penalty_percent"), terms.number("penalty_cap_percent")
    if cap is not None and yearly is daily is penalty is None:
        raise refuse(
            terms.path("penalty_cap_percent"),
            "caps a rate or a penalty; give one.",
            "是利率或违约金的上限；请同时填写其一。",
        )
    whole = None if basis is None else int(basis)
    return RateFacts(signed_on, kind, yearly, daily, whole, penalty, cap)


class Sized(NamedTuple):
    """A creditor's size at signing, and what it rests on."""

    size: str
    is_stated: bool = False
    """It was given, and counts whatever the figures: a recognition or declaration fixed it."""
    by_figures: str | None = None
    """What the figures make of it; None where no industry was given."""
    row: SizeRow | None = None
    figures: Indicators = Indicators()


def read_size(creditor: Fields, sizes: SizeStandard) -> Sized:
    """Return the creditor's size at signing."""
    size = creditor.word("size", SIZES)
    if creditor.none_of(_FIGURES):
        return Sized(size or UNDETERMINED, size is not None)
    figures = Indicators(
        creditor.whole_number("employees"),
        creditor.number("revenue_wan"),
        creditor.number("assets_wan"),
    )
    if not creditor.has("industry"):
        return Sized(size or UNDETERMINED, size is not None)
    try:
        row = sizes.row_of(creditor.word_or_number("industry"))
    except IndustryError as error:
        path = creditor.path("industry")
        raise IndustryError(error.english, error.chinese, field=path) from None
    by_figures = tier(row, figures)
    return Sized(size or by_figures, size is not None, by_figures, row, figures)


def _deposit(each: Fields) -> Deposit:
    """Return one deposit the contract asks for."""
    return Deposit(
        each.word("kind") or "",
        each.flag("cash_only"),
        each.day("ended_on"),
        each.day("returned_on"),
        each.number("percent"),
    )


def read_clauses(facts: AuditFacts, terms: Fields) -> AuditFacts:
    """Return what the contract is audited for beside its term."""
    if terms.none_of(_CLAUSES):
        return facts
    return facts._replace(
        noncash=terms.flag("noncash"),
        noncash_clause=terms.flag("noncash_clause"),
        noncash_consent=terms.flag("noncash_consent", default=True),
        audit_condition=terms.flag("audit_condition"),
        deposits=terms.items("deposits", _DEPOSIT, _deposit, most=_MOST_DEPOSITS),
    )


def read_lines(terms: Fields, amount_fen: int | None) -> tuple[Line, ...]:
    """Return the instalments, whose amounts together are the amount of the case."""
    if not terms.has("lines"):
        return ()
    found = terms.items("lines", _LINE, lambda each: _line(each, amount_fen), most=_MOST_LINES)
    path = terms.path("lines")
    if not found:
        raise refuse(path, "is empty; leave it out.", "为空；请勿填写。")
    missing = [i for i, line in enumerate(found) if line.amount_fen == 0]
    given_fen = sum(line.amount_fen for line in found)
    if amount_fen is None or (not missing and given_fen == amount_fen):
        return found
    # One line may be the rest, and shares that do not come out even leave it to the last share.
    if len(missing) == 1 and given_fen < amount_fen:
        rest = found[missing[0]]._replace(amount_fen=amount_fen - given_fen)
        return (*found[: missing[0]], rest, *found[missing[0] + 1 :])
    shares = [i for i, line in enumerate(found) if line.share_percent is not None]
    whole = sum((found[i].share_percent or Decimal(0) for i in shares), Decimal(0))
    if not missing and whole == _WHOLE_PERCENT and len(shares) == len(found):
        last = found[-1]
        return (*found[:-1], last._replace(amount_fen=last.amount_fen + amount_fen - given_fen))
    raise refuse(
        path,
        "do not add up to `facts.amount`; leave the amount of one line out to make it the rest.",
        "合计不等于“facts.amount”；可将其中一期不填金额作为余款。",
    )


def _line(each: Fields, amount_fen: int | None) -> Line:
    kind = each.needed_word("kind", LINE_KINDS)
    share, line_fen = each.number("share_percent"), each.fen("amount")
    if share is not None and line_fen is not None:
        raise refuse(each.path("share_percent"), "or `amount`, not both.", "与“amount”不能同填。")
    if share is not None and not 0 < share <= _WHOLE_PERCENT:
        raise refuse(each.path("share_percent"), "must be above 0, at most 100.", "须大于0至100。")
    if share is not None and amount_fen is not None:
        numerator, denominator = share.as_integer_ratio()
        line_fen = amount_fen * numerator // (denominator * 100)
    days, months, due_on = _term(each)
    starts, starts_on = each.word("starts", frozenset(STARTS)), each.day("starts_on")
    named = starts in {"SIGNING", "WARRANTY_END"} or starts_on is not None or kind == RETENTION
    if named and (days, months, due_on) == (None, None, None):
        raise refuse(
            each.path("due_on"),
            "or `term_days` or `term_months` is needed: no rule gives this line a term.",
            "或“term_days”“term_months”必填：该期没有法定期限。",
        )
    return Line(kind, line_fen or 0, share, due_on, days, months, starts, starts_on)
