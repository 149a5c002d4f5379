"""What a court may give where the Regulation or the contract says nothing, or too much.

Judicial interpretations: sales (买卖合同解释 18), construction (建工解释一 26, 27), penalties
(民法典 585, 合同编通则解释 65). A judge decides; each is shown with its numbers and no more.
"""

from collections.abc import Iterator
from decimal import Decimal

from services.ledger.law.case_input import Case
from services.ledger.law.civil_code import last_day
from services.ledger.law.claims import costs_of
from services.ledger.law.due import Due
from services.ledger.law.interest import Claim, Rate, accrue, yearly_rate
from services.ledger.law.judge import Judgement
from services.ledger.law.rates import PENALTY_HIGH_REVIEW
from services.ledger.law.reply_2024_11 import published_rate
from services.ledger.law.values import Almanac, LprMissingError
from services.ledger.money import format_fen

Result = dict[str, object]
Texts = tuple[str, str, str]
Shown = tuple[Texts, str, str, list[tuple[str, Result | None]]]
"""The question in two languages with its reason, its name, what is chosen, the alternatives."""


def readings_of(case: Case, almanac: Almanac, judged: Judgement) -> Iterator[Shown]:
    """Yield the readings of courts that matter for a case that is late."""
    if case.as_of is None or case.amount_fen is None or judged.lines:
        return
    yield from _sale(case, almanac, judged)
    yield from _works(case, almanac, judged)
    yield from _works_due(case, almanac, judged)
    yield from _penalty(case, almanac, judged)


def _interest(case: Case, judged: Judgement, rate: Rate) -> str:
    assert case.as_of is not None
    assert case.amount_fen is not None
    assert judged.due is not None
    settled = costs_of(case)
    claim = Claim(
        case.amount_fen,
        judged.due.on,
        case.payments if settled is None else settled.payments,
        case.disputes,
        case.credits,
        case.principal_first,
    )
    return format_fen(accrue(claim, rate, as_of=case.as_of).interest_fen)


def _lpr_at_breach(almanac: Almanac, judged: Judgement) -> Decimal | None:
    assert judged.due is not None
    try:
        return almanac.lpr.on(last_day(judged.due.on, term_days=1))
    except LprMissingError:
        return None


def _basis(case: Case, almanac: Almanac) -> int:
    return case.rate.day_basis or int(almanac.settings.day_basis)


def _is_outside(judged: Judgement) -> bool:
    """Whether a payment is late that neither the Regulation nor the contract gives a rate."""
    silent = judged.terms.applies != "true" and judged.rates.governing is None
    return silent and judged.days_overdue > 0


def _sale(case: Case, almanac: Almanac, judged: Judgement) -> Iterator[Shown]:
    """买卖合同解释 18(4): the LPR at the breach plus 30 to 50 %; nothing before the first LPR."""
    if not _is_outside(judged) or case.subject != "GOODS":
        return
    lpr = _lpr_at_breach(almanac, judged)
    result: Result | None = None
    if lpr is not None:
        basis = _basis(case, almanac)
        result = {
            name: _interest(case, judged, yearly_rate(lpr * Decimal(factor), day_basis=basis))
            for name, factor in (("interest_plus_30", "1.3"), ("interest_plus_50", "1.5"))
        }
    texts = (
        "条例之外的买卖合同未约定利率的，逾期损失如何计算？",
        "A sale outside the Regulation, no rate agreed: what is the loss from lateness?",
        "买卖合同司法解释第十八条第四款：违约时LPR加计30%至50%，由法院裁量",
    )
    yield texts, "SALE_OUTSIDE", "AGREED_ONLY", [("LPR_PLUS_30_TO_50", result)]


def _works(case: Case, almanac: Almanac, judged: Judgement) -> Iterator[Shown]:
    """建工解释一 26: "没有约定的，按照同期同类贷款利率或者同期贷款市场报价利率计息"."""
    if not _is_outside(judged) or case.subject != "WORKS":
        return
    texts = (
        "条例之外的建设工程合同未约定利率的，欠付工程价款如何计息？",
        "Works outside the Regulation, no rate agreed: what interest does the price bear?",
        "建设工程司法解释（一）第二十六条：按照同期贷款市场报价利率",
    )
    assert judged.due is not None
    result = _published(case, almanac, judged)
    yield texts, "WORKS_OUTSIDE", "AGREED_ONLY", [("LPR_AS_PUBLISHED", result)]


def _published(case: Case, almanac: Almanac, judged: Judgement) -> Result | None:
    lpr = _lpr_at_breach(almanac, judged)
    assert case.as_of is not None
    assert judged.due is not None
    if lpr is None or case.as_of >= almanac.lpr.next_publication_on:
        return None
    since_on = last_day(judged.due.on, term_days=1)
    rate = published_rate(almanac.lpr, since_on, lpr, day_basis=_basis(case, almanac))
    return {"interest": _interest(case, judged, rate)}


def _works_due(case: Case, almanac: Almanac, judged: Judgement) -> Iterator[Shown]:
    """建工解释一 27: works that were handed over without an agreed day were due on that day."""
    delivered_on = case.start.delivered_on
    if case.subject != "WORKS" or judged.due is not None or delivered_on is None:
        return
    if not judged.terms.has_term:
        texts = (
            "建设工程对付款时间没有约定或者约定不明的，自何时计息？",
            "Works without an agreed day of payment: from when does the price bear interest?",
            "建设工程司法解释（一）第二十七条：已实际交付的，为交付之日",
        )
        deemed = judged._replace(due=Due(delivered_on, delivered_on, provisional=False))
        result = {"due_on": delivered_on.isoformat()} | (_published(case, almanac, deemed) or {})
        yield texts, "WORKS_DUE", "NO_DUE_DAY", [("DELIVERY", result)]


def _penalty(case: Case, almanac: Almanac, judged: Judgement) -> Iterator[Shown]:
    """民法典 585: "过分高于造成的损失的，…可以根据当事人的请求予以适当减少"."""
    agreed, lpr = judged.rates.agreed, judged.rates.lpr_percent
    if agreed is None or not judged.days_overdue:
        return
    if lpr is None and judged.terms.applies != "true":
        lpr = _lpr_at_breach(almanac, judged)
    high = PENALTY_HIGH_REVIEW in judged.flags
    if lpr is None:
        return
    basis = _basis(case, almanac)
    four = yearly_rate(lpr * 4, day_basis=basis)
    above = agreed.numerator * four.denominator > four.numerator * agreed.denominator
    if not high and (judged.terms.applies == "true" or not above):
        return
    factors = (("LPR_PLUS_30", "1.3"), ("LPR_PLUS_50", "1.5"), ("FOUR_LPR", "4"))
    others: list[tuple[str, Result | None]] = [
        (
            name,
            {
                "interest": _interest(
                    case, judged, yearly_rate(lpr * Decimal(factor), day_basis=basis)
                )
            },
        )
        for name, factor in factors
    ]
    texts = (
        "约定的违约金或利率过分高于损失的，可否请求适当减少？",
        "An agreed penalty or rate far above the loss: may the debtor ask for less?",
        "民法典第五百八十五条；合同编通则司法解释第六十五条：超过损失30%的一般可认定过高，由法院裁量",
    )
    yield texts, "PENALTY_REDUCED", "AS_AGREED", others
