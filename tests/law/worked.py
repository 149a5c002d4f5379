"""The worked examples E1 to E16: each case with what must come out of it.

Amounts are calculated by hand in the comments; the day after the start is day 1.
"""

from typing import Any

from tests.law.cases import (
    E4,
    E6,
    E7,
    E8,
    E9,
    E10,
    E11,
    E12,
    E13,
    E14,
    E15,
    SILENT,
    signed,
    with_contract,
    with_facts,
)

EXAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "E1": (
        SILENT | {"facts": {"delivered_on": "2025-07-09"}},
        {"applies": True, "regime": "R2025", "start_on": "2025-07-09", "due_on": "2025-09-08"},
    ),
    "E2 make-up workday": (
        {
            "signed_on": "2025-10-15",
            "debtor": {"kind": "INSTITUTION"},
            "creditor": {"size": "SMALL"},
            "facts": {"delivered_on": "2025-12-02"},
        },
        {"due_on": "2026-01-04", "flags": []},
    ),
    "E3 public body, 90 days": (
        {
            "signed_on": "2025-06-20",
            "debtor": {"kind": "GOV"},
            "creditor": {"size": "SMALL"},
            "contract": {"term_days": 90},
            "facts": {"delivered_on": "2025-07-10"},
        },
        {"due_on": "2025-09-08", "flags": ["GOV_TERM_OVER_60"]},
    ),
    "E3 under the 2020 Regulation": (
        {
            "signed_on": "2024-06-20",
            "debtor": {"kind": "GOV"},
            "creditor": {"size": "SMALL"},
            "contract": {"term_days": 90},
            "facts": {"delivered_on": "2025-07-10"},
        },
        {
            "regime": "R2020",
            "due_on": "2025-09-08",
            "advisory_due_on": "2025-09-08",
            "flags": ["GOV_TERM_OVER_60", "TRANSITIONAL"],
        },
    ),
    "E4 accepted late": (
        with_facts(E4, delivered_on="2025-08-04", accepted_on="2025-10-20"),
        {"start_on": "2025-08-19", "due_on": "2025-09-18", "flags": []},
    ),
    "E4 accepted in time": (
        with_facts(E4, delivered_on="2025-08-04", accepted_on="2025-08-12"),
        {"start_on": "2025-08-12", "due_on": "2025-09-11"},
    ),
    "E4 no inspection period": (
        SILENT
        | {
            "contract": {"settlement": "ACCEPTANCE", "term_days": 30},
            "facts": {"delivered_on": "2025-08-04"},
            "as_of": "2025-12-31",
        },
        {
            "start_on": None,
            "due_on": None,
            "flags": ["INSPECTION_PERIOD_MISSING"],
            "days_overdue": 0,
        },
    ),
    "E4 rejected in time": (
        with_facts(E4, delivered_on="2025-08-04", rejected_on="2025-08-18"),
        {"start_on": None, "due_on": None, "flags": ["REJECTED"]},
    ),
    "E5": (
        signed(SILENT, "2025-07-01")
        | {
            "contract": {"term_days": 120},
            "facts": {"delivered_on": "2025-07-14", "amount": "100.00"},
            "as_of": "2025-10-15",
        },
        {
            "due_on": "2025-11-11",
            "benchmark_due_on": "2025-09-12",
            "flags": ["TERM_OVER_60_REVIEW"],
            "days_overdue": 0,
            "overdue_undisputed": "0.00",
        },
    ),
    # 400 000 × 0.0005 × 60 = 12 000.00; 400 000 × 3 % × 60 / 365 = 1 972.602...
    "E6": (
        E6,
        {
            "due_on": "2025-10-31",
            "flags": ["PAY_WHEN_PAID"],
            "days_overdue": 60,
            "overdue_undisputed": "400000.00",
            "interest": {"statutory": "12000.00", "court": "1972.60", "agreed": None},
        },
    ),
    "E6 signed 2024-03-01": (
        signed(E6, "2024-03-01"),
        {
            "regime": "R2020",
            "due_on": None,
            "advisory_due_on": "2025-10-31",
            "flags": ["PAY_WHEN_PAID", "TRANSITIONAL"],
            "days_overdue": 0,
            "interest": {"statutory": None, "court": None},
        },
    ),
    "E7": (E7, {"due_on": "2025-10-09", "start_on": "2025-08-02"}),
    # 800 000 × 0.0005 × 40 = 16 000.00
    "E8": (
        E8,
        {
            "days_overdue": 40,
            "overdue_undisputed": "800000.00",
            "interest": {"statutory": "16000.00", "agreed": None, "court": None, "floor": None},
        },
    ),
    # 500 000 × 1.5 % × 90 / 365 = 1 849.315; × 3 % = 3 698.630; × 0.0005 × 90 = 22 500
    "E9": (
        E9,
        {
            "days_overdue": 90,
            "flags": ["RATE_BELOW_LPR"],
            "interest": {
                "statutory": None,
                "agreed": "1849.32",
                "floor": "3698.63",
                "void_clause": "22500.00",
                "court": None,
            },
        },
    ),
    "E9 on 360 days": (
        with_contract(E9, day_basis=360),
        {"interest": {"agreed": "1875.00", "floor": "3750.00", "void_clause": "22500.00"}},
    ),
    "E9 at the floor": (
        with_contract(E9, agreed_annual_rate_percent="3.00"),
        {"flags": [], "interest": {"agreed": "3698.63", "floor": None, "void_clause": None}},
    ),
    "E10": (
        E10 | {"as_of": "2025-12-31"},
        {
            "regime": "R2020",
            "due_on": None,
            "advisory_due_on": "2025-08-19",
            "flags": ["TRANSITIONAL"],
            "days_overdue": 0,
        },
    ),
    "E10 delivered the day before": (
        with_facts(E10, delivered_on="2025-05-31"),
        {"flags": [], "advisory_due_on": None},
    ),
    "E10 delivered on the day": (
        with_facts(E10, delivered_on="2025-06-01"),
        {"flags": ["TRANSITIONAL"], "advisory_due_on": "2025-07-31"},
    ),
    "E11": (E11, {"applies": True, "creditor_size": "SMALL", "due_on": "2026-04-13"}),
    "E11 a new contract after growth": (
        E11
        | {
            "signed_on": "2026-06-20",
            "creditor": {"industry": "C35", "employees": 1050, "revenue_wan": "45000"},
        },
        {"applies": False, "creditor_size": "LARGE", "due_on": None},
    ),
    # 1 000 000 × 3.45 % × 306 / 365 = 28 923.287...; / 366 = 28 844.262...; / 360 = 29 325
    "E12": (
        E12,
        {
            "due_on": "2024-02-29",
            "days_overdue": 306,
            "flags": [],
            "interest": {"agreed": "28923.29", "statutory": None},
        },
    ),
    "E12 on 366": (with_contract(E12, day_basis=366), {"interest": {"agreed": "28844.26"}}),
    "E12 on 360": (with_contract(E12, day_basis=360), {"interest": {"agreed": "29325.00"}}),
    # 1 000 000 × 0.0005 × 306 = 153 000
    "E12 no agreed rate": (
        with_contract(E12, agreed_annual_rate_percent=None),
        {"interest": {"statutory": "153000.00", "agreed": None}},
    ),
    "E13": (
        with_facts(E13, settlement_confirmed_on="2025-09-15"),
        {"start_on": "2025-09-15", "due_on": "2025-11-14"},
    ),
    "E13 not confirmed": (
        with_facts(E13, delivered_on="2025-08-31") | {"as_of": "2025-11-30"},
        {"start_on": None, "due_on": None, "flags": ["SETTLEMENT_CONFIRMATION_STALLED"]},
    ),
    "E14": (
        E14,
        {
            "due_on": "2025-09-12",
            "flags": ["NONCASH_NO_CLAUSE", "NONCASH_EXTENDS_TERM", "settled_by_instrument"],
        },
    ),
    "E14 one day longer than six months": (
        with_facts(
            with_contract(E14, noncash_clause=True),
            instrument={"kind": "ECERT", "handed_on": "2025-09-10", "matures_on": "2026-03-11"},
        ),
        {"flags": ["NONCASH_EXTENDS_TERM", "ECERT_TENOR", "settled_by_instrument"]},
    ),
    # To 11-18, 40 days: 20 000, so 280 000 goes to principal. To 12-31, 43 days:
    # 720 000 × 0.0005 × 43 = 15 480; together 35 480.
    "E15": (
        E15,
        {
            "days_overdue": 83,
            "overdue_undisputed": "720000.00",
            "interest": {"statutory": "35480.00"},
        },
    ),
    # 700 000 × 0.0005 × 43 = 15 050; together 35 050.
    "E15 principal first": (
        with_contract(E15, principal_first=True),
        {"overdue_undisputed": "700000.00", "interest": {"statutory": "35050.00"}},
    ),
    "E15 paid off": (
        with_facts(
            E15,
            payments=[
                {"on": "2025-11-18", "amount": "300000.00"},
                {"on": "2025-12-31", "amount": "735480.00"},
            ],
        )
        | {"as_of": "2026-06-30"},
        {
            "days_overdue": 83,
            "overdue_undisputed": "0.00",
            "interest": {"statutory": "35480.00"},
        },
    ),
    "E16": (
        SILENT
        | {
            "facts": {
                "confirmation_requested_on": "2025-12-20",
                "complaint": {
                    "accepted_on": "2025-09-29",
                    "materials_received_on": "2025-10-20",
                },
            }
        },
        {
            "timers": {
                "confirmation_due_on": "2026-01-19",
                "transfer_due_on": "2025-10-20",
                "result_due_on": "2025-11-19",
                "result_max_on": "2026-01-19",
            }
        },
    ),
}
