"""The fixed case format, read into facts. Unknown keys, floats and impossible days are refused.

Beyond the published keys it takes: ``debtor.domestic``, ``creditor.domestic``,
``creditor.declared``; ``contract.pay_in_proportion``, ``.rest_days_roll``, ``.noncash_consent``,
``.deposits``; ``facts.credits``, ``.confirmed_on``, ``.interrupted_on``, ``.delay_reasons``.
"""

from datetime import date
from typing import NamedTuple

from services.ledger.law.audit import BILL, ECERT, OTHER_INSTRUMENT, AuditFacts, Deposit, Instrument
from services.ledger.law.case_fields import Fields, refuse
from services.ledger.law.interest import Dispute, Payment
from services.ledger.law.rates import RateFacts
from services.ledger.law.sme_standard import (
    UNDETERMINED,
    Indicators,
    IndustryError,
    SizeStandard,
    tier,
)
from services.ledger.law.start import StartFacts
from services.ledger.law.terms import START_RULES, ContractFacts

_CASE = frozenset({"signed_on", "debtor", "creditor", "subject", "contract", "facts", "as_of"})
_DEBTOR = frozenset({"kind", "domestic"})
_CREDITOR = frozenset(
    {"size", "industry", "employees", "revenue_wan", "assets_wan", "declared", "domestic"}
)
_CONTRACT = frozenset(
    {
        "term_days",
        "term_months",
        "pay_when_paid",
        "pay_in_proportion",
        "settlement",
        "inspection_days",
        "agreed_annual_rate_percent",
        "agreed_daily_rate_percent",
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
_FACTS = frozenset(
    {
        "delivered_on",
        "accepted_on",
        "rejected_on",
        "settlement_confirmed_on",
        "amount",
        "disputed",
        "payments",
        "credits",
        "instrument",
        "confirmation_requested_on",
        "confirmed_on",
        "complaint",
        "interrupted_on",
        "delay_reasons",
    }
)
_DISPUTED = frozenset({"amount", "from", "to"})
_PAID = frozenset({"on", "amount"})
_INSTRUMENT = frozenset({"kind", "handed_on", "matures_on"})
_COMPLAINT = frozenset({"accepted_on", "materials_received_on"})
_DEPOSIT = frozenset({"kind", "cash_only", "ended_on", "returned_on"})

KINDS = frozenset(
    {
        "GOV",
        "INSTITUTION",
        "FISCAL_GROUP",
        "LARGE_SOE",
        "LARGE",
        "MEDIUM",
        "SMALL",
        "MICRO",
        "INDIVIDUAL",
        "MILITARY",
    }
)
SIZES = frozenset({"LARGE", "MEDIUM", "SMALL", "MICRO", "INDIVIDUAL", UNDETERMINED})
SUBJECTS = frozenset({"GOODS", "WORKS", "SERVICES"})
_SETTLEMENTS = frozenset(START_RULES)
_BASES = frozenset({360, 365, 366})
_ECERT_WORDS = ("CERT", "VOUCHER", "凭证")
_BILL_WORDS = ("BILL", "DRAFT", "ACCEPTANCE", "汇票")


class Case(NamedTuple):
    """A case, read."""

    contract: ContractFacts
    rate: RateFacts
    audit: AuditFacts
    start: StartFacts
    subject: str | None
    principal_first: bool
    amount_fen: int | None
    disputes: tuple[Dispute, ...]
    payments: tuple[Payment, ...]
    credits: tuple[Payment, ...]
    instrument: Instrument | None
    requested_on: date | None
    confirmed_on: date | None
    complaint_accepted_on: date | None
    materials_received_on: date | None
    interrupted_on: tuple[date, ...]
    as_of: date | None


def read_case(values: object, sizes: SizeStandard) -> Case:
    """Read a case.

    Raises:
        CaseError: a key, type, word or day that the format does not have; ``field`` names it.
        AmountError: an amount that is no plain decimal.
    """
    case = Fields(values, "", _CASE)
    signed_on = case.needed_day("signed_on")
    debtor, terms = case.part("debtor", _DEBTOR), case.part("contract", _CONTRACT)
    creditor, facts = case.part("creditor", _CREDITOR), case.part("facts", _FACTS)
    kind = debtor.word("kind", KINDS)
    subject = case.word("subject", SUBJECTS)
    instrument = _instrument(facts)
    amount_fen = facts.fen("amount")
    disputes = facts.items("disputed", _DISPUTED, _dispute)
    _refuse_disputes_above(amount_fen, disputes, facts)
    complaint = facts.part("complaint", _COMPLAINT)
    return Case(
        contract=_contract(signed_on, kind, _size(creditor, sizes), terms)._replace(
            domestic=debtor.flag("domestic", default=True)
            and creditor.flag("domestic", default=True)
        ),
        rate=_rate(signed_on, kind, terms),
        audit=AuditFacts(
            kind,
            subject,
            noncash=terms.flag("noncash") or instrument is not None,
            noncash_clause=terms.flag("noncash_clause"),
            noncash_consent=terms.flag("noncash_consent", default=True),
            audit_condition=terms.flag("audit_condition"),
            deposits=terms.items("deposits", _DEPOSIT, _deposit),
            delay_reasons=tuple(str(reason) for reason in facts.values("delay_reasons")),
            declared=creditor.flag("declared", default=True),
        ),
        start=StartFacts(
            facts.day("delivered_on"),
            facts.day("accepted_on"),
            facts.day("rejected_on"),
            facts.day("settlement_confirmed_on"),
        ),
        subject=subject,
        principal_first=terms.flag("principal_first"),
        amount_fen=amount_fen,
        disputes=disputes,
        payments=facts.items("payments", _PAID, _payment),
        credits=facts.items("credits", _PAID, _payment),
        instrument=instrument,
        requested_on=facts.day("confirmation_requested_on"),
        confirmed_on=facts.day("confirmed_on"),
        complaint_accepted_on=complaint.day("accepted_on"),
        materials_received_on=complaint.day("materials_received_on"),
        interrupted_on=_days(facts, "interrupted_on"),
        as_of=case.day("as_of"),
    )


def _contract(signed_on: date, kind: str | None, size: str | None, terms: Fields) -> ContractFacts:
    days, months = terms.days("term_days"), terms.months("term_months")
    if days is not None and months is not None:
        raise refuse(
            terms.path("term_months"),
            "give the term in days or in months, not both.",
            "期限请以日或月之一约定，不能同时填写。",
        )
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
    )


def _rate(signed_on: date, kind: str | None, terms: Fields) -> RateFacts:
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
    return RateFacts(signed_on, kind, yearly, daily, None if basis is None else int(basis))


def _size(creditor: Fields, sizes: SizeStandard) -> str:
    """Return the size given, which a recognition or declaration fixed, else that of the figures."""
    size = creditor.word("size", SIZES)
    figures = Indicators(
        creditor.number("employees"), creditor.number("revenue_wan"), creditor.number("assets_wan")
    )
    if size is not None:
        return size
    if not creditor.has("industry"):
        return UNDETERMINED
    industry = creditor.word_or_number("industry")
    try:
        return tier(sizes.row_of(industry), figures)
    except IndustryError as error:
        path = creditor.path("industry")
        raise IndustryError(error.english, error.chinese, field=path) from None


def _dispute(each: Fields) -> Dispute:
    from_on, to_on = each.day("from"), each.day("to")
    if from_on is not None and to_on is not None and to_on < from_on:
        raise refuse(each.path("to"), "lies before `from`.", "早于“from”。")
    return Dispute(each.needed_fen("amount"), from_on, to_on)


def _refuse_disputes_above(
    amount_fen: int | None, disputes: tuple[Dispute, ...], facts: Fields
) -> None:
    if amount_fen is None:
        return
    for each in disputes:
        on = each.from_on or date.min
        open_fen = sum(
            other.amount_fen
            for other in disputes
            if (other.from_on or date.min) <= on and (other.to_on is None or on < other.to_on)
        )
        if open_fen > amount_fen:
            raise refuse(
                facts.path("disputed"),
                "more is disputed at once than the amount.",
                "同时争议的金额超过应付金额。",
            )


def _payment(each: Fields) -> Payment:
    return Payment(each.needed_day("on"), each.needed_fen("amount"))


def _deposit(each: Fields) -> Deposit:
    return Deposit(
        each.word("kind") or "",
        each.flag("cash_only"),
        each.day("ended_on"),
        each.day("returned_on"),
    )


def _instrument(facts: Fields) -> Instrument | None:
    if not facts.has("instrument"):
        return None
    given = facts.part("instrument", _INSTRUMENT)
    handed_on, matures_on = given.needed_day("handed_on"), given.needed_day("matures_on")
    if matures_on < handed_on:
        raise refuse(given.path("matures_on"), "lies before `handed_on`.", "早于“handed_on”。")
    word = (given.word("kind") or "").upper()
    # Art. 11 names bills and e-certificates "等": every other instrument is non-cash as well.
    kind = OTHER_INSTRUMENT
    if any(part in word for part in _ECERT_WORDS):
        kind = ECERT
    elif any(part in word for part in _BILL_WORDS):
        kind = BILL
    return Instrument(kind, handed_on, matures_on)


def _days(facts: Fields, key: str) -> tuple[date, ...]:
    found = []
    for i, value in enumerate(facts.values(key)):
        one = Fields({"on": value}, f"{facts.path(key)}[{i}].", frozenset({"on"}))
        found.append(one.needed_day("on"))
    return tuple(found)
