"""The readings chosen for what the law leaves open; `open_points` asks the questions."""

from typing import NamedTuple


class Settings(NamedTuple):
    """One chosen reading per open point. The names are the settings of `open_points`."""

    rest_days: str = "ALL"
    no_inspection_period: str = "NO_START"
    settlement_stalled: str = "NOT_STARTED"
    service_delivery: str = "ACCEPTANCE_DOCUMENT"
    large_term_over_60: str = "CONTRACT"
    public_term_over_cap: str = "CAP"
    invoice_condition: str = "NOT_TIED"
    payment_moment: str = "CREDITED"
    month_terms: str = "CALENDAR_MONTHS"
    transition: str = "REGIME_AT_SIGNING"
    rate_below_lpr: str = "FLOOR"
    pay_when_paid_rate: str = "STATUTORY"
    pay_when_paid_term: str = "NO_TERM"
    day_basis: str = "365"
    noncash_discharge: str = "ORIGINAL_AGEING"
    dispute_interest: str = "UNDISPUTED_ONLY"
    inspection_end: str = "AS_COUNTED"
    administrative_periods: str = "ROLL"
    gate_unknown: str = "AGREED_TERM"
    contract_date: str = "ORDER"
    undeclared_size: str = "PROTECTED"
    group_size: str = "OWN_FIGURES"
    retention_term: str = "AS_AGREED"
    agreed_day: str = "ROLL"
    court_lpr: str = "AT_SIGNING"
    statutory_reduction: str = "NONE"
    ecert_cap: str = "IN_FORCE"


RECOMMENDED = Settings()
