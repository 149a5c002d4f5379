"""A receivable of the book as a case in the fixed format, so that anyone can judge it again."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import RowMapping

from services.ledger.arrears.case_facts import Known
from services.ledger.law import case_input, civil_code
from services.ledger.law.lines import RETENTION
from services.ledger.law.sme_standard import UNDETERMINED
from services.ledger.money import format_fen
from services.ledger.orders.terms import banned_though_agreed, known_size

Json = dict[str, Any]
INTERRUPTIONS: Final = frozenset({"DEMAND", "ACKNOWLEDGEMENT", "AGREEMENT", "SUIT", "ARBITRATION"})
"""The facts a party may state that begin the limitation period anew (民法典 195)."""

_CLAIMED: Final = frozenset({"interest", "costs"})
"""The accounts a payment may go to beside the principal."""
_CASE_TERMS: Final = (
    "pay_when_paid",
    "pay_in_proportion",
    "inspection_days",
    "agreed_annual_rate_percent",
    "agreed_daily_rate_percent",
    "penalty_percent",
    "penalty_cap_percent",
    "day_basis",
    "framework_signed_on",
    "noncash_clause",
    "noncash_consent",
    "audit_condition",
    "rest_days_roll",
    "deposits",
)
"""The contract's words that the case takes as they are; those about the term are weighed first."""


def case_of(known: Known, *, as_of: date) -> tuple[Json, list[str]]:
    """Return a receivable as a case in the fixed format, and the notes on how it was put."""
    claim, notes = known.claim, []
    given = claim["terms"]
    contract = _contract(known)
    if claim["line_kind"]:
        notes.append("INSTALMENT")
    if len(known.receipts) > 1:
        notes.append("SEVERAL_RECEIPTS")
    if sum(row["kind"] == "INSTRUMENT" for row in known.not_ended) > 1:
        notes.append("SEVERAL_INSTRUMENTS")
    if any(row["debit"] == "cash" and row["credit"] == "interest" for row in known.postings):
        notes.append("INTEREST_PAID")
    if any(row["kind"] == "COSTS" for row in known.stated):
        notes.append("COSTS_APART")
    due_on = known.book["due_on"]
    facts = _happened(known, known.deciding)
    if due_on is not None and any(paid["on"] > due_on.isoformat() for paid in facts["payments"]):
        notes += [] if given.get("principal_first") else ["PRINCIPAL_AS_POSTED"]
    contract["principal_first"] = True
    return {
        "signed_on": claim["signed_on"].isoformat(),
        "debtor": _party(claim["debtor_kind"], known=case_input.KINDS, key="kind")
        | {"domestic": claim["debtor_domestic"]},
        "creditor": _creditor(claim),
        "subject": claim["subject"],
        "contract": contract,
        "facts": facts,
        "as_of": as_of.isoformat(),
    }, notes


def _contract(known: Known) -> Json:
    """Return what the contract, and the parties for this receivable, say about payment."""
    claim, receipt = known.claim, known.deciding
    given = claim["terms"]
    contract = {key: given[key] for key in _CASE_TERMS if key in given}
    contract["settlement"] = claim["settlement"]
    contract["noncash"] = bool(given.get("noncash") or given.get("instrument"))
    agreed_on = claim["agreed_due_on"]
    day = {} if agreed_on is None else {"due_on": agreed_on.isoformat()}
    if day:
        # A day is no clause that waits for a third party.
        contract.pop("pay_when_paid", None)
        contract.pop("pay_in_proportion", None)
    else:
        start_on = None if receipt is None else receipt["start_on"]
        contract |= _sooner(given, start_on or claim["signed_on"])
    if not claim["line_kind"]:
        return contract | day
    contract["lines"] = [{"kind": claim["line_kind"], **day}]
    if claim["line_kind"] == RETENTION:
        kept = {"kind": "QUALITY", "percent": _percent_of(claim["face_fen"], claim["invoice_fen"])}
        contract["deposits"] = [*contract.get("deposits", ()), kept]
    return contract


def _percent_of(part_fen: int, whole_fen: int) -> str:
    """Return a share in percent; what is left after eight places counts upwards, as it is more."""
    whole, places = divmod(-(-part_fen * 10**10 // whole_fen), 10**8)
    return f"{whole}.{places:08d}"


def _party(word: str, *, known: frozenset[str], key: str) -> Json:
    return {key: word} if word in known else {}


def _creditor(claim: RowMapping) -> Json:
    evidence = claim["creditor_evidence"] or {}
    return {
        "size": known_size(claim["creditor_size"]) or UNDETERMINED,
        "domestic": claim["creditor_domestic"],
        "declared": evidence.get("declared", True),
        "controlled_by_large": bool(evidence.get("controlled_by_large")),
    }


def _sooner(given: Mapping[str, Any], start_on: date) -> Json:
    """Return the term; of days and months, which an older contract may both say, the sooner."""
    days, months = given.get("term_days"), given.get("term_months")
    if days is not None and months is not None:
        by_days = civil_code.last_day(start_on, term_days=days)
        by_months = civil_code.last_day_of_months(start_on, term_months=months)
        days, months = (days, None) if by_days <= by_months else (None, months)
    terms = {"term_days": days, "term_months": months}
    return {key: value for key, value in terms.items() if value is not None}


def _happened(known: Known, receipt: RowMapping | None) -> Json:
    claim = known.claim
    facts: Json = {
        name: receipt[name].isoformat()
        for name in ("delivered_on", "accepted_on", "rejected_on", "settlement_confirmed_on")
        if receipt is not None and receipt[name] is not None
    }
    facts["invoiced_on"] = claim["issued_on"].isoformat()
    facts["amount"] = format_fen(claim["face_fen"])
    facts["disputed"] = _disputes(known)
    facts["payments"] = _movements(known, {"cash"})
    facts["credits"] = _movements(known, {"supply", "written_off"})
    facts["interruptions"] = _interruptions(known)
    # What the contract says of a reason is weighed there, for all its receivables.
    facts["delay_reasons"] = [
        *banned_though_agreed(claim["terms"]),
        *(
            row["word"]
            for row in known.stated
            if row["kind"] == "DELAY_REASON"
            and row["word"] not in claim["terms"].get("delay_reasons", ())
        ),
    ]
    instruments = [row for row in known.not_ended if row["kind"] == "INSTRUMENT"]
    if instruments:
        last = max(instruments, key=lambda row: row["until_on"])
        facts["instrument"] = {
            "kind": last["word"],
            "handed_on": last["on"].isoformat(),
            "matures_on": last["until_on"].isoformat(),
        }
    if known.complaint is not None:
        facts["complaint"] = {
            name: known.complaint[name].isoformat()
            for name in ("submitted_on", "accepted_on", "materials_received_on")
            if known.complaint[name] is not None
        }
    asked = [row["on"] for row in known.answers if row["kind"] == "REQUESTED"]
    answered = [row["on"] for row in known.answers if row["kind"] != "REQUESTED"]
    if asked:
        facts["confirmation_requested_on"] = min(asked).isoformat()
    if answered:
        facts["confirmed_on"] = min(answered).isoformat()
    return facts


def _movements(known: Known, debits: set[str]) -> list[Json]:
    """Return what lowered the principal; what paid claimed interest or costs did not."""
    return [
        {"on": row["on"].isoformat(), "amount": format_fen(row["amount_fen"])}
        for row in known.postings
        if row["debit"] in debits and row["credit"] not in _CLAIMED
    ]


def _interruptions(known: Known) -> list[Json]:
    """Return what begins limitation anew beside payments of the principal, which say so themselves.

    To confirm the debt is to acknowledge it; so is to pay interest or costs on it.
    """
    ended = {row["fact_id"]: row["on"] for row in known.stated if row["fact_id"] is not None}
    found = [
        {"on": row["on"], "kind": row["kind"], "ended_on": ended.get(row["id"])}
        for row in known.stated
        if row["kind"] in INTERRUPTIONS
    ]
    found += [
        {"on": row["on"], "kind": "ACKNOWLEDGEMENT"}
        for row in known.answers
        if row["kind"] == "CONFIRMED"
    ]
    found += [
        {"on": row["on"], "kind": "PARTIAL_PAYMENT"}
        for row in known.postings
        if row["debit"] == "cash" and row["credit"] in _CLAIMED
    ]
    return [
        {name: str(value) for name, value in each.items() if value is not None}
        for each in sorted(found, key=lambda each: (each["on"], each["kind"]))
    ]


def _disputes(known: Known) -> list[Json]:
    """Return what was in dispute at the end of each day, as intervals that do not overlap."""
    at_end_of: dict[date, int] = {}
    disputed_fen = 0
    for row in known.postings:
        disputed_fen += row["amount_fen"] * (
            (row["debit"] == "disputed") - (row["credit"] == "disputed")
        )
        # An answer dated before its dispute leaves nothing in dispute on the days between.
        at_end_of[row["on"]] = max(0, disputed_fen)
    found: list[Json] = []
    before_fen = 0
    for on, fen in at_end_of.items():
        if fen == before_fen:
            continue
        if before_fen:
            found[-1]["to"] = on.isoformat()
        if fen:
            found.append({"amount": format_fen(fen), "from": on.isoformat()})
        before_fen = fen
    return found
