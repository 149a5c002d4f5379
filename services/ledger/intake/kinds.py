"""The records a file may hold, and the fields of each: what a profile maps columns to."""

from dataclasses import dataclass, field
from typing import Literal

from services.ledger.orders.models import RECEIPT_KINDS
from services.ledger.parties.models import KINDS as PARTY_KINDS

Type = Literal[
    "text",
    "long_text",
    "party",
    "amount",
    "day",
    "instant",
    "number",
    "choice",
    "flag",
    "percent",
    "words",
    "deposits",
    "wan",
    "currency",
    "uscc",
]


INSTALMENT_KINDS = ("ADVANCE", "PROGRESS", "FINAL", "RETENTION")
DEPOSITS = ("BID", "PERFORMANCE", "QUALITY", "MIGRANT_WAGES", "OTHER")
DELAY_REASONS = ("PERSON_IN_CHARGE_CHANGED", "INTERNAL_PROCESS", "COMPLETION_FILING", "FINAL_AUDIT")

SIZE_SOURCES = ("SELF_DECLARED", "SELF_TEST", "GOVERNMENT", "STATISTICS")


@dataclass(frozen=True)
class Field:
    """One field of a record."""

    type: Type
    required: bool = False
    choices: tuple[str, ...] = ()
    limit: int = 0
    past: bool = False
    """A day or instant of what happened, which is never later than today."""
    default: str | None = None
    """The constant taken when the profile does not map the field."""


_TEXT = Field("text", required=True)
_MAYBE = Field("text")
_DAY = Field("day", required=True, past=True)
_DATED = Field("day", required=True)
_PAST = Field("day", past=True)
_KNOWN = Field("instant", past=True)


@dataclass(frozen=True)
class Kind:
    """One kind of record."""

    fields: dict[str, Field]
    one_of: tuple[tuple[str, ...], ...] = field(default=())
    """Sets of fields of which at least one must be mapped in full."""


KINDS: dict[str, Kind] = {
    "party": Kind(
        {
            "party": Field("party", required=True),
            "name": Field("text", required=True),
            "kind": Field("choice", required=True, choices=PARTY_KINDS),
            "uscc": Field("uscc"),
            "domestic": Field("flag", default="true"),
            "region": _MAYBE,
            "email": _MAYBE,
        },
    ),
    "contract": Kind(
        {
            "contract": _TEXT,
            "debtor": Field("party", required=True),
            "creditor": Field("party", required=True),
            "signed_on": _DATED,
            "subject": Field("choice", choices=("GOODS", "WORKS", "SERVICES"), default="GOODS"),
            "settlement": Field(
                "choice",
                choices=("ON_DELIVERY", "ACCEPTANCE", "PROGRESS", "PERIODIC"),
                default="ACCEPTANCE",
            ),
            "term_days": Field("number", limit=3650),
            "term_months": Field("number", limit=120),
            "pay_when_paid": Field("flag"),
            "pay_in_proportion": Field("flag"),
            "rest_days_roll": Field("flag"),
            "inspection_days": Field("number", limit=3650),
            "agreed_annual_rate_percent": Field("percent"),
            "agreed_daily_rate_percent": Field("percent"),
            "penalty_percent": Field("percent"),
            "penalty_cap_percent": Field("percent"),
            "day_basis": Field("choice", choices=("360", "365", "366")),
            "framework_signed_on": Field("day"),
            "noncash": Field("flag"),
            "noncash_clause": Field("flag"),
            "noncash_consent": Field("flag"),
            "instrument": Field("choice", choices=("BILL", "ECERT", "OTHER")),
            "instrument_months": Field("number", limit=120),
            "audit_condition": Field("flag"),
            "deposits": Field("deposits", choices=DEPOSITS),
            "delay_reasons": Field("words", choices=DELAY_REASONS),
            "principal_first": Field("flag"),
            "debtor_kind": Field("choice", choices=PARTY_KINDS),
            "creditor_size": Field("choice", choices=PARTY_KINDS),
            "creditor_industry": _MAYBE,
            "creditor_employees": Field("number", limit=999_999),
            "creditor_revenue_wan": Field("wan"),
            "creditor_assets_wan": Field("wan"),
            "creditor_data_year": Field("number", limit=2199),
            "creditor_source": Field("choice", choices=SIZE_SOURCES),
            "creditor_declared": Field("flag"),
            "creditor_controlled_by_large": Field("flag"),
            "creditor_evidence_sha256": _MAYBE,
            "known_at": _KNOWN,
        },
    ),
    "order": Kind(
        {
            "order": _TEXT,
            "contract": _TEXT,
            "debtor": Field("party", required=True),
            "creditor": Field("party", required=True),
            "placed_on": _DATED,
            "amount": Field("amount"),
            "currency": Field("currency"),
            "known_at": _KNOWN,
        },
    ),
    "receipt": Kind(
        {
            "order": _TEXT,
            "receipt": _TEXT,
            "kind": Field("choice", required=True, choices=RECEIPT_KINDS),
            "on": _DAY,
            "known_at": _KNOWN,
        },
    ),
    "receivable": Kind(
        {
            "receivable": _TEXT,
            "invoice_kind": Field("choice", choices=("DIGITAL", "VAT", "OTHER"), default="OTHER"),
            "invoice_code": _MAYBE,
            "invoice_number": _TEXT,
            "debtor": Field("party"),
            "creditor": Field("party"),
            "contract": _MAYBE,
            "order": _MAYBE,
            "receipt": _MAYBE,
            "issued_on": _DAY,
            "amount": Field("amount", required=True),
            "currency": Field("currency"),
            "due_on": Field("day"),
            "instalment": Field("number", limit=999),
            "instalment_kind": Field("choice", choices=INSTALMENT_KINDS),
            "invoice_amount": Field("amount"),
            "delivered_on": _PAST,
            "accepted_on": _PAST,
            "settled_on": _PAST,
            "known_at": _KNOWN,
        },
        one_of=(("debtor", "creditor", "contract"), ("order",), ("receipt",)),
    ),
    "receipt_link": Kind(
        {"receivable": _TEXT, "receipt": _TEXT, "since_on": _DAY, "known_at": _KNOWN},
    ),
    "confirmation": Kind(
        {
            "receivable": _TEXT,
            "amount": Field("amount"),
            "on": _DAY,
            "note": Field("long_text"),
            "known_at": _KNOWN,
        },
    ),
    "dispute": Kind(
        {
            "receivable": _TEXT,
            "amount": Field("amount"),
            "on": _DAY,
            "reason": Field("long_text", required=True),
            "known_at": _KNOWN,
        },
    ),
    "payment": Kind(
        {
            "payment": _TEXT,
            "receivable": _TEXT,
            "amount": Field("amount", required=True),
            "on": _DAY,
            "method": _MAYBE,
            "known_at": _KNOWN,
        },
    ),
}
