"""Which rules govern: by the day of signing, by the day of the event, and who is covered at all."""

from datetime import date
from typing import NamedTuple

PRE2020 = "PRE2020"
R2020 = "R2020"
R2025 = "R2025"

DECREE_728_FROM = date(2020, 9, 1)
DECREE_802_FROM = date(2025, 6, 1)
REPLY_2024_11_FROM = date(2024, 8, 27)
NOTICE_77_FROM = date(2025, 6, 15)
ECERT_CUT_ANNOUNCED_ON = date(2026, 9, 14)

PUBLIC_BODIES = frozenset({"GOV", "INSTITUTION", "FISCAL_GROUP"})
LARGE_ENTERPRISES = frozenset({"LARGE_SOE", "LARGE"})
SME_SIZES = frozenset({"MEDIUM", "SMALL", "MICRO"})
_OUTSIDE = {"MILITARY": "DEBTOR_MILITARY", "INDIVIDUAL": "DEBTOR_INDIVIDUAL"}


def regime_at(signed_on: date) -> str:
    """Name the version that governs a contract by its day of signing.

    Decree 802 Art. 37: "本条例自2025年6月1日起施行", with no transitional clause; 立法法 104:
    "不溯及既往". Reading: the version in force at signing governs term and interest; what happens
    on or after 2025-06-01 under an older contract also gets an advisory due date (TRANSITION).
    """
    if signed_on >= DECREE_802_FROM:
        return R2025
    return R2020 if signed_on >= DECREE_728_FROM else PRE2020


def reply_reaches(regime: str, as_of: date | None) -> bool:
    """Say whether a pay-when-paid clause can be called void on the day asked about.

    Decree 802 bans it from 2025-06-01. Before that the reply does, from 2024-08-27, for contracts
    signed earlier as well: it explains the Regulation of 2020, and its reach is left to review.
    """
    return regime == R2025 or as_of is None or as_of >= REPLY_2024_11_FROM


def is_transitional(*, regime: str, started_on: date | None) -> bool:
    """Say whether a contract of 2020 to 2025 is performed under the Regulation of 2025."""
    return regime == R2020 and started_on is not None and started_on >= DECREE_802_FROM


class Gate(NamedTuple):
    """Whether the Regulation covers a contract: "true", "false" or "unknown", and why."""

    applies: str
    reason: str


def gate(
    *, regime: str, debtor_kind: str | None, creditor_size: str | None, domestic: bool
) -> Gate:
    """Decree 802 Arts. 2, 3, 36 (728: 2, 3, 28): "机关、事业单位和大型企业…支付中小企业款项".

    Both sizes are those at signing: "依合同订立时的企业规模类型确定". 军队 buys under its own
    rules; a party not "在中华人民共和国境内依法设立" is not covered. What is certainly outside
    comes before what is not known.
    """
    outside = _outside(regime, debtor_kind, creditor_size, domestic=domestic)
    if outside:
        return Gate("false", outside)
    if debtor_kind not in PUBLIC_BODIES and debtor_kind not in LARGE_ENTERPRISES:
        return Gate("unknown", "DEBTOR_UNKNOWN")
    if creditor_size in SME_SIZES:
        return Gate("true", "REGULATED")
    # 个体工商户: whether the Regulation, which says 企业, protects them is open.
    individual = creditor_size == "INDIVIDUAL"
    return Gate("unknown", "CREDITOR_INDIVIDUAL" if individual else "CREDITOR_UNKNOWN")


def is_tried(applies: str, reason: str, *, gate_unknown: str) -> bool:
    """Say whether a contract is decided as a covered one: it is, or the reading GATE takes it so.

    Only where it is the creditor that is not known can the rules for the debtor be tried.
    """
    if applies != "unknown":
        return applies == "true"
    return gate_unknown == "AS_IF_APPLIED" and reason.startswith("CREDITOR")


def _outside(
    regime: str, debtor_kind: str | None, creditor_size: str | None, *, domestic: bool
) -> str | None:
    if not domestic:
        return "FOREIGN_PARTY"
    if debtor_kind in _OUTSIDE:
        return _OUTSIDE[debtor_kind]
    if debtor_kind in SME_SIZES:
        return "DEBTOR_IS_SME"
    if creditor_size == "LARGE":
        return "CREDITOR_NOT_SME"
    return "SIGNED_BEFORE_2020" if regime == PRE2020 else None
