"""The law once more, slowly and day by day, from the calendar package and the published rates.

Written from the articles and not from the engine, of which it uses nothing; for contracts that say
little: a term in days or months, payments, disputes, an agreed yearly rate.
"""

import csv
import datetime as dt
from fractions import Fraction
from importlib import resources
from typing import Any

import chinese_calendar

DAY = dt.timedelta(days=1)
PUBLIC = {"GOV", "INSTITUTION", "FISCAL_GROUP"}
LARGE = {"LARGE", "LARGE_SOE"}
SME = {"MEDIUM", "SMALL", "MICRO"}
NEW = dt.date(2025, 6, 1)


def day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def fen(text: str) -> int:
    whole, _, cents = text.partition(".")
    return int(whole) * 100 + int((cents + "00")[:2])


def lpr(on: dt.date) -> Fraction:
    table = resources.files("services.ledger.almanac").joinpath("lpr_1y.csv").read_text("utf-8")
    found = None
    for row in csv.DictReader(table.splitlines()):
        if dt.date.fromisoformat(row["publish_date"]) <= on:
            found = Fraction(row["lpr_1y_pct"])
    assert found is not None
    return found


def month_later(start: dt.date, months: int) -> dt.date:
    """202: the corresponding day, or the month's end: the last day that exists."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    number = start.day
    while True:
        try:
            return dt.date(year, month + 1, number)
        except ValueError:
            number -= 1


def starts_on(contract: dict[str, Any], facts: dict[str, Any]) -> dt.date | None:
    delivered, accepted = day(facts.get("delivered_on")), day(facts.get("accepted_on"))
    mode = contract.get("settlement", "ON_DELIVERY")
    if mode in {"PROGRESS", "PERIODIC"}:
        return day(facts.get("settlement_confirmed_on"))
    if mode == "ON_DELIVERY":
        return delivered or accepted
    limit = contract.get("inspection_days")
    ends = delivered + limit * DAY if delivered and limit is not None else None
    if accepted and (ends is None or accepted <= ends):
        return accepted
    return ends


def due_on(case: dict[str, Any]) -> dt.date | None:
    """Decrees 728 Art. 8 and 802 Art. 9, then 201 to 203 counted one day at a time."""
    contract, signed = case.get("contract", {}), dt.date.fromisoformat(case["signed_on"])
    start = starts_on(contract, case.get("facts", {}))
    if start is None:
        return None
    kind, size = case["debtor"]["kind"], case["creditor"]["size"]
    covered = kind in PUBLIC | LARGE and size in SME and signed >= dt.date(2020, 9, 1)
    waits = contract.get("pay_when_paid", False)
    days, months = contract.get("term_days"), contract.get("term_months")
    if waits:
        days = months = None
    ends: list[dt.date] = []
    if days is not None:
        ends.append(start + days * DAY)
    if months is not None:
        ends.append(month_later(start, months))
    if covered and kind in PUBLIC:
        ends.append(start + (60 if ends else 30) * DAY)
    if covered and kind in LARGE and signed >= NEW and not ends:
        ends.append(start + 60 * DAY)
    if not ends:
        return None
    last = min(ends)
    while not chinese_calendar.is_workday(last):
        last += DAY
    return last


def late_fen(case: dict[str, Any]) -> tuple[int, int, int, int]:
    """Count every day: (days late, overdue and undisputed, interest, what is left), fen."""
    due, as_of = due_on(case), dt.date.fromisoformat(case["as_of"])
    facts, contract = case["facts"], case.get("contract", {})
    assert due is not None
    agreed = contract.get("agreed_annual_rate_percent")
    rate = Fraction(5, 10_000)
    if agreed is not None:
        floor = lpr(dt.date.fromisoformat(case["signed_on"]))
        rate = max(Fraction(agreed), floor) / 100 / contract.get("day_basis", 365)
    principal = fen(facts["amount"])
    exact, paid_interest, late = Fraction(0), 0, 0
    today = min(due, *(dt.date.fromisoformat(each["on"]) for each in facts["payments"]), due)
    while today <= as_of:
        yesterday = today - DAY
        undisputed = max(0, principal - disputed_fen(facts, yesterday))
        if today > due and undisputed:
            exact += rate * undisputed
            late = (today - due).days
        for each in facts["payments"]:
            if dt.date.fromisoformat(each["on"]) != today:
                continue
            owed = half_up(exact) - paid_interest
            left = fen(each["amount"])
            if contract.get("principal_first"):
                to_principal = min(left, principal)
                to_interest = min(left - to_principal, owed)
            else:
                to_interest = min(left, owed)
                to_principal = min(left - to_interest, principal)
            principal -= to_principal
            paid_interest += to_interest
        today += DAY
    left = max(0, principal - disputed_fen(facts, as_of))
    return late, left if late else 0, half_up(exact), principal


def disputed_fen(facts: dict[str, Any], on: dt.date) -> int:
    """What is in dispute at the end of a day."""
    found = 0
    for each in facts.get("disputed", []):
        since, until = day(each.get("from")), day(each.get("to"))
        if (since is None or since <= on) and (until is None or on < until):
            found += fen(each["amount"])
    return found


def half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
