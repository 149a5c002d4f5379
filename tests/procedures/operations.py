"""Every operation of the API as somebody else would try it: its action, and what it is sent.

A `$name` is an id of another party's thing, or one of nothing; a `$own_name` is the asker's own,
and `$code` a code of now where the asker has an authenticator.
"""

from typing import Any

from tests.procedures.asking import Ask, of_book
from tests.procedures.operations_told import LOG, WEBHOOKS

_SOME = "1.00"
_BILL = {"kind": "BILL", "amount": _SOME, "matures_on": "2199-01-01"}
_HASH = "0" * 64
_INVOICE = {"invoice_kind": "OTHER", "issued_on": "2025-07-10", "amount": "9.00"}
_CONTRACT = {"reference": "HT", "signed_on": "2025-06-10"}
_ACCOUNT = {"holder": "x", "bank": "x", "number": "6222020200012345678"}


_OF = "/v1/receivables/{receivable_id}"
_OWN = {"receivable_id": "$own_receivable_id"}
_NOTHING: dict[str, Any] = {}

RECEIVABLES = (
    Ask(
        "POST /v1/receivables",
        "receivables.open",
        {**_INVOICE, "contract_id": "$contract_id", "invoice_number": "N-1"},
    ),
    Ask(
        "POST /v1/receivables",
        "receivables.open",
        {
            **_INVOICE,
            "contract_id": "$own_contract_id",
            "order_id": "$order_id",
            "invoice_number": "N-2",
        },
    ),
    Ask(
        "POST /v1/receivables",
        "receivables.open",
        {
            **_INVOICE,
            "contract_id": "$own_contract_id",
            "receipt_ids": ["$receipt_id"],
            "invoice_number": "$fresh",
        },
        hidden=201,
    ),
    of_book("GET /v1/receivables", hidden=200, cursor=True),
    *(of_book(f"GET {_OF}{what}") for what in ("", "/history", "/reasoning", "/proof")),
    *(of_book(f"GET {_OF}/{what}") for what in ("arrears-facts", "interest-claims")),
    Ask(f"POST {_OF}/confirmation-requests", "receivables.ask", _NOTHING),
    Ask(f"POST {_OF}/confirmation", "receivables.confirm", _NOTHING),
    Ask(
        "POST /v1/confirmations",
        "receivables.confirm",
        {"items": [{"receivable_id": "$receivable_id"}]},
        hidden=200,
    ),
    Ask(f"POST {_OF}/disputes", "receivables.dispute", {"amount": _SOME, "reason": "x"}),
    Ask(f"POST {_OF}/resolutions", "receivables.uphold", {"amount": _SOME, "outcome": "upheld"}),
    Ask(
        f"POST {_OF}/resolutions", "receivables.withdraw", {"amount": _SOME, "outcome": "withdrawn"}
    ),
    Ask(f"POST {_OF}/credits", "receivables.credit", {"amount": _SOME, "reason": "x"}),
    Ask(
        "POST /v1/payments",
        "payments.record",
        {
            "reference": "P",
            "amount": _SOME,
            "allocations": [{"receivable_id": "$receivable_id", "amount": _SOME}],
        },
    ),
    Ask(
        "POST /v1/payments",
        "payments.record",
        {
            "reference": "P",
            "amount": "2.00",
            "allocations": [
                {"receivable_id": "$own_receivable_id", "amount": _SOME},
                {"receivable_id": "$receivable_id", "amount": _SOME},
            ],
        },
    ),
)
ARREARS = (
    Ask(f"POST {_OF}/interruptions", "arrears.demand", {"kind": "DEMAND"}),
    Ask(f"POST {_OF}/interruptions", "arrears.acknowledge", {"kind": "ACKNOWLEDGEMENT"}),
    Ask(f"POST {_OF}/instruments", "arrears.instrument", _BILL),
    Ask(f"POST {_OF}/costs", "arrears.costs", {"kind": "NOTARY", "amount": _SOME, "text": "x"}),
    Ask(f"POST {_OF}/delay-reasons", "arrears.acknowledge", {"reason": "OTHER"}),
    Ask(f"POST {_OF}/arrears-facts/{{fact_id}}/end", "arrears.instrument", _NOTHING),
    Ask(f"POST {_OF}/arrears-facts/{{fact_id}}/end", "arrears.instrument", _NOTHING, path=_OWN),
    Ask(f"POST {_OF}/interest-claims", "interest.claim", {"reading": "statutory"}),
    Ask(f"POST {_OF}/interest-waivers", "interest.waive", {"amount": "0.01"}),
    Ask(f"POST {_OF}/interest-waivers", "interest.waive", {"claim_id": "$claim_id"}),
    Ask("GET /v1/complaints", "complaints.read", hidden=200, refused=200, cursor=True),
    Ask(f"POST {_OF}/complaints", "complaints.file", {"text": "x", "no_proceedings": True}),
    Ask(f"GET {_OF}/complaints/{{complaint_id}}", "complaints.read", refused=404),
    Ask(f"GET {_OF}/complaints/{{complaint_id}}", "complaints.read", refused=404, path=_OWN),
    Ask(f"POST {_OF}/complaints/{{complaint_id}}/steps", "complaints.file", {"kind": "WITHDRAWN"}),
    Ask(f"POST {_OF}/complaints/{{complaint_id}}/steps", "complaints.handle", {"kind": "ACCEPTED"}),
    of_book("GET /v1/reports/ageing", hidden=200),
    of_book("GET /v1/reports/overdue", hidden=200, cursor=True),
    of_book("GET /v1/reports/interest", hidden=200, cursor=True),
    of_book("GET /v1/reports/eligible", hidden=200, cursor=True),
    of_book("GET /v1/reports/summary", hidden=200),
    of_book("POST /v1/simulations", hidden=200, body={"after": "$receivable_id", "limit": 0}),
    of_book(
        "POST /v1/simulations",
        hidden=404,
        body={
            "payments": [{"receivable_id": "$receivable_id", "on": "2025-09-01", "amount": _SOME}]
        },
    ),
)
ORDERS = (
    Ask(
        "POST /v1/contracts",
        "contracts.register",
        {**_CONTRACT, "debtor_id": "$debtor_id", "creditor_id": "$creditor_id"},
        hidden=403,
    ),
    Ask(
        "POST /v1/contracts",
        "contracts.register",
        {
            **_CONTRACT,
            "id": "$contract_id",
            "debtor_id": "$debtor_id",
            "creditor_id": "$creditor_id",
        },
        hidden=403,
    ),
    of_book("GET /v1/contracts", hidden=200, cursor=True),
    of_book("GET /v1/contracts/{contract_id}"),
    of_book("GET /v1/contracts/{contract_id}/audit"),
    Ask(
        "POST /v1/orders",
        "orders.place",
        {"contract_id": "$contract_id", "reference": "PO", "placed_on": "2025-06-20"},
    ),
    of_book("GET /v1/orders/{order_id}"),
    Ask(
        "POST /v1/orders/{order_id}/{what}",
        "receipts.deliver",
        {"reference": "GR", "on": "2025-07-09"},
        path={"what": "deliveries"},
    ),
    Ask(
        "POST /v1/orders/{order_id}/{what}",
        "receipts.accept",
        {"reference": "GR", "on": "2025-07-09"},
        path={"what": "acceptances"},
    ),
    Ask(
        "POST /v1/orders/{order_id}/{what}",
        "receipts.deliver",
        {"reference": "GR", "on": "2025-07-09", "also_order_ids": ["$order_id"]},
        path={"what": "deliveries", "order_id": "$own_order_id"},
    ),
    Ask("POST /v1/parties", "parties.register", {"name": "新", "kind": "SMALL"}),
    Ask(
        "GET /v1/parties", "law.read", query={"scheme": "USCC", "value": "$identifier"}, public=True
    ),
    Ask("GET /v1/parties/{party_id}/repayment-accounts", "accounts.read"),
    Ask("GET /v1/parties/{party_id}/repayment-accounts/{account_id}", "accounts.read"),
    Ask(
        "GET /v1/parties/{party_id}/repayment-accounts/{account_id}",
        "accounts.read",
        path={"party_id": "$own_creditor_id"},
    ),
    Ask(
        "GET /v1/parties/{party_id}/repayment-accounts/proposed/{proposal_id}",
        "accounts.read",
        path={"party_id": "$own_creditor_id"},
    ),
    Ask("POST /v1/parties/{party_id}/repayment-accounts", "accounts.keep", _ACCOUNT),
)
FINANCING = (
    Ask(
        "POST /v1/platforms",
        "platforms.register",
        {"code": "PF-9", "name": "平台", "party_id": "$party_id"},
    ),
    Ask("POST /v1/exports", "exports.make", {"platform": "PF-1"}, hidden=409),
    Ask("GET /v1/exports", "exports.read", hidden=200, cursor=True),
    Ask("GET /v1/exports/{reference}", "exports.read"),
    Ask("GET /v1/exports/{reference}/file", "exports.read"),
    Ask("POST /v1/exports/answers", "exports.answer", file="answer.xml"),
    Ask("POST /v1/imports", "imports.make", file="企业.csv", hidden=202),
    Ask("GET /v1/imports/{import_id}", "imports.read"),
    Ask("POST /v1/imports/{import_id}/commit", "imports.make"),
)
APPROVALS = (
    Ask("GET /v1/approvals", "approvals.read", hidden=200, refused=200, cursor=True),
    Ask(
        "GET /v1/approvals",
        "approvals.read",
        query={"about": "$receivable_id"},
        hidden=200,
        refused=200,
    ),
    Ask("GET /v1/approvals/{proposal_id}", "approvals.read", refused=404),
    Ask(
        "POST /v1/approvals/{proposal_id}/approval",
        "approvals.decide",
        {"digest": _HASH, "code": "$code"},
        refused=404,
    ),
    Ask(
        "POST /v1/approvals/{proposal_id}/rejection",
        "approvals.decide",
        {"digest": _HASH, "code": "$code", "reason": "x"},
        refused=404,
    ),
    Ask("POST /v1/approvals/{proposal_id}/withdrawal", "approvals.decide", refused=404),
    # People's own: to a key all of these are refused before anything is looked up. A checker is
    # told of each by itself, that there is none; an administrator names nobody of another party.
    Ask(
        "POST /v1/approvals/decisions",
        "approvals.decide",
        {
            "decision": "approve",
            "code": "$code",
            "items": [{"proposal": "$proposal_id", "digest": _HASH}],
        },
        hidden=403,
        checker=200,
        administrator=200,
        person=200,
    ),
    Ask("GET /v1/approval-rules", "approvals.read", hidden=200, refused=200),
    Ask("POST /v1/approval-rules", "approvals.decide", _NOTHING, hidden=403, administrator=202),
    Ask("GET /v1/approval-substitutes", "approvals.read", hidden=200, refused=200),
    Ask(
        "POST /v1/approval-substitutes",
        "approvals.decide",
        {
            "principal_id": "$user_id",
            "stand_in_id": "$own_user_id",
            "from_on": "2199-01-01",
            "to_on": "2199-01-02",
        },
        hidden=403,
        administrator=404,
    ),
)
ASKS = (*RECEIVABLES, *ARREARS, *ORDERS, *FINANCING, *APPROVALS, *WEBHOOKS, *LOG)
