"""What a contract says, in the law's words: its term, its clauses, and its creditor's size."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from services.ledger.errors import LedgerError
from services.ledger.law.audit import AuditFacts, Deposit
from services.ledger.law.rates import RateFacts
from services.ledger.law.sme_standard import UNDETERMINED, Indicators, SizeStandard, tier
from services.ledger.law.terms import ContractFacts

TERM_KEYS: Final = (
    "term_days",
    "term_months",
    "pay_when_paid",
    "pay_in_proportion",
    "rest_days_roll",
    "inspection_days",
    "agreed_annual_rate_percent",
    "agreed_daily_rate_percent",
    "penalty_percent",
    "penalty_cap_percent",
    "day_basis",
    "framework_signed_on",
    "noncash",
    "noncash_clause",
    "noncash_consent",
    "instrument",
    "audit_condition",
    "deposits",
    "delay_reasons",
    "principal_first",
)
"""What a contract may say about payment: the keys of the case format, and the agreed
``instrument`` {``kind``, ``tenor_months``} and ``delay_reasons``, which a case has as facts."""

RECOGNISED: Final = frozenset({"GOVERNMENT", "STATISTICS"})
"""Results that stand beside the creditor's own figures, whatever those give."""

_MAY_BE_AGREED: Final = frozenset({"COMPLETION_FILING", "FINAL_AUDIT"})
_FIGURES: Final = ("employees", "revenue_wan", "assets_wan")


SIZES: Final = frozenset({"LARGE", "MEDIUM", "SMALL", "MICRO", "INDIVIDUAL"})
"""What is known of a creditor; a kind of party that is none of these leaves its size unknown."""


class SizeContradictedError(LedgerError):
    """A size that the figures given with it do not give."""

    code = "SIZE_CONTRADICTED"


class Tenor(NamedTuple):
    """An instrument the contract lets the debtor pay with."""

    kind: str
    """BILL, ECERT or OTHER."""
    months: int


class Clauses(NamedTuple):
    """What a contract is audited for beside its term."""

    rate: RateFacts
    audit: AuditFacts
    instrument: Tenor | None = None
    controlled_by_large: bool = False
    """A large enterprise controls the creditor."""


class Size(NamedTuple):
    """A creditor's size at signing, and what it rests on as it is stored with the contract."""

    word: str
    evidence: dict[str, Any] | None


def known_size(kind: str) -> str | None:
    """Return the size that a kind of party is of, or None where it says nothing of size."""
    # Art. 3: "大型企业，是指中小企业以外的企业", whoever owns it.
    size = kind.removesuffix("_SOE")
    return size if size in SIZES else None


def facts_of(
    terms: Mapping[str, Any],
    *,
    signed_on: date,
    debtor_kind: str,
    creditor_size: str | None,
    settlement: str,
    domestic: bool,
) -> ContractFacts:
    """Return the facts that a contract's payment term is decided from."""
    return ContractFacts(
        signed_on=signed_on,
        debtor_kind=debtor_kind,
        creditor_size=creditor_size,
        settlement=settlement,
        term_days=terms.get("term_days"),
        term_months=terms.get("term_months"),
        pay_when_paid=bool(terms.get("pay_when_paid") or terms.get("pay_in_proportion")),
        inspection_days=terms.get("inspection_days"),
        domestic=domestic,
        rest_days_roll=terms.get("rest_days_roll"),
    )


def clauses_of(
    terms: Mapping[str, Any], *, signed_on: date, debtor_kind: str, subject: str, declared: bool
) -> Clauses:
    """Return the clauses that a contract is audited for."""
    instrument = terms.get("instrument")
    return Clauses(
        RateFacts(
            signed_on,
            debtor_kind,
            _percent(terms.get("agreed_annual_rate_percent")),
            _percent(terms.get("agreed_daily_rate_percent")),
            terms.get("day_basis"),
            _percent(terms.get("penalty_percent")),
            _percent(terms.get("penalty_cap_percent")),
        ),
        AuditFacts(
            debtor_kind,
            subject,
            noncash=bool(terms.get("noncash")) or instrument is not None,
            noncash_clause=bool(terms.get("noncash_clause")),
            noncash_consent=terms.get("noncash_consent", True),
            audit_condition=bool(terms.get("audit_condition")),
            deposits=tuple(
                Deposit(
                    each["kind"],
                    each.get("cash_only", False),
                    percent=_percent(each.get("percent")),
                )
                for each in terms.get("deposits", ())
            ),
            delay_reasons=banned_though_agreed(terms),
            declared=declared,
        ),
        None if instrument is None else Tenor(instrument["kind"], instrument["tenor_months"]),
    )


def banned_though_agreed(terms: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the contract's reasons for paying later that no agreement allows.

    Art. 14 bans waiting for 竣工验收备案 and 决算审计 only "在合同未作约定的情况下".
    """
    return tuple(each for each in terms.get("delay_reasons", ()) if each not in _MAY_BE_AGREED)


def size_at_signing(given: Mapping[str, Any] | None, *, known: str, sizes: SizeStandard) -> Size:
    """Return a creditor's size at signing: as given, else by its figures, else as registered.

    Decree 802 Art. 3: "依合同订立时的企业规模类型确定". A recognised size stands whatever the
    figures; one that a party states itself must be what 300号 makes of the figures, if they
    decide it. Where the standard or the figures are silent it is UNDETERMINED.

    Args:
        given: ``size`` and ``source``, or ``industry`` with figures; None: nothing was given.
        known: the kind the creditor is registered with.

    Raises:
        IndustryError: an industry that is neither of the standard nor of GB/T 4754.
        SizeContradictedError: the figures given make it another size.
    """
    if given is None:
        return Size(known, None)
    evidence = dict(given)
    stated = given.get("size")
    if "industry" not in given:
        return Size(stated or known, evidence)
    row = sizes.row_of(given["industry"])
    by_figures = tier(row, Indicators(*(_percent(given.get(name)) for name in _FIGURES)))
    evidence["size_by_figures"] = by_figures
    evidence["industry_zh"] = None if row is None else row.name_zh
    if stated is None:
        return Size(by_figures, evidence)
    decided = by_figures != UNDETERMINED
    if decided and stated != by_figures and given.get("source") not in RECOGNISED:
        raise SizeContradictedError(
            f"The creditor is stated to be {stated}, but its figures make it {by_figures} under"
            " the standard of 2011; correct one of them, or name the GOVERNMENT or STATISTICS"
            " result that says so.",
            f"声明规模为{stated}，但按《中小企业划型标准规定》其数据属于{by_figures}；"
            "请更正其一，或注明政府认定或统计结果来源。",
            field="creditor.size",
        )
    return Size(stated, evidence)


def _percent(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
