"""The facts of the worked examples, as cases in the fixed format."""

from typing import Any

SILENT = {
    "signed_on": "2025-06-10",
    "debtor": {"kind": "LARGE"},
    "creditor": {"size": "SMALL"},
    "subject": "GOODS",
}
E7 = SILENT | {"facts": {"delivered_on": "2025-08-02"}}
E8 = SILENT | {
    "facts": {
        "delivered_on": "2025-08-02",
        "amount": "1000000.00",
        "disputed": [{"amount": "200000.00", "from": "2025-09-01"}],
    },
    "as_of": "2025-11-18",
}
E4_TERMS = {"settlement": "ACCEPTANCE", "inspection_days": 15, "term_days": 30}
E4 = SILENT | {"signed_on": "2025-06-18", "contract": E4_TERMS}
E6 = SILENT | {
    "signed_on": "2025-07-15",
    "contract": {"term_days": 10, "pay_when_paid": True},
    "facts": {"delivered_on": "2025-09-01", "amount": "400000.00"},
    "as_of": "2025-12-30",
}
# Delivered 2025-07-09, due Monday 2025-09-08; 90 days later is 2025-12-07.
E9 = SILENT | {
    "contract": {"agreed_annual_rate_percent": "1.5"},
    "facts": {"delivered_on": "2025-07-09", "amount": "500000.00"},
    "as_of": "2025-12-07",
}
E10 = SILENT | {"signed_on": "2025-03-01", "facts": {"delivered_on": "2025-06-20"}}
E11 = SILENT | {
    "signed_on": "2025-06-20",
    "creditor": {"industry": "工业", "employees": 250, "revenue_wan": "30000"},
    "facts": {"delivered_on": "2026-02-10"},
}
E12 = {
    "signed_on": "2023-12-01",
    "debtor": {"kind": "INSTITUTION"},
    "creditor": {"size": "MICRO"},
    "subject": "SERVICES",
    "contract": {"term_days": 60, "agreed_annual_rate_percent": "3.45"},
    "facts": {
        "delivered_on": "2023-12-31",
        "amount": "1000000.00",
        "payments": [{"on": "2024-12-31", "amount": "1000000.00"}],
    },
    "as_of": "2024-12-31",
}
E13 = SILENT | {"signed_on": "2025-07-01", "contract": {"settlement": "PERIODIC"}}
E14 = SILENT | {
    "signed_on": "2025-07-01",
    "contract": {"term_days": 60},
    "facts": {
        "delivered_on": "2025-07-14",
        "instrument": {"kind": "ECERT", "handed_on": "2025-09-10", "matures_on": "2026-03-10"},
    },
}
# Delivered 2025-08-02, due 2025-10-09.
E15 = SILENT | {
    "facts": {
        "delivered_on": "2025-08-02",
        "amount": "1000000.00",
        "payments": [{"on": "2025-11-18", "amount": "300000.00"}],
    },
    "as_of": "2025-12-31",
}


def signed(case: dict[str, Any], day: str) -> dict[str, Any]:
    return case | {"signed_on": day}


def with_contract(case: dict[str, Any], **terms: object) -> dict[str, Any]:
    return case | {"contract": case.get("contract", {}) | terms}


def with_facts(case: dict[str, Any], **facts: object) -> dict[str, Any]:
    return case | {"facts": case.get("facts", {}) | facts}
