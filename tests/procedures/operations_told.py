"""Every operation on what others are told: webhooks, and the log."""

from typing import Any

from tests.procedures.asking import Ask, of_book

_HOOK = "/v1/webhooks/{webhook_id}"
_OWN_HOOK = {"webhook_id": "$own_webhook_id"}
_CASE = {"signed_on": "2025-06-10", "debtor": {"kind": "LARGE"}, "creditor": {"size": "SMALL"}}
_NOTHING: dict[str, Any] = {}
_ARRIVED = {
    "message_id": "$other_id",
    "event_id": "$other_id",
    "party_id": "$party_id",
    "stage": "READ",
    "at": "2026-01-01T00:00:00Z",
}


def _hook(operation: str, action: str, body: Any = None, **more: Any) -> Ask:
    """What a party's administrator does, or one of its keys."""
    return Ask(operation, action, body, **{"checker": 403, "person": 403, **more})


WEBHOOKS = (
    _hook("GET /v1/webhooks", "webhooks.keep", hidden=200),
    _hook("POST /v1/webhooks", "webhooks.keep", {"url": "https://example.com/x"}, hidden=201),
    _hook(f"GET {_HOOK}", "webhooks.keep"),
    _hook(f"PATCH {_HOOK}", "webhooks.keep", {"description": "x"}),
    _hook(f"DELETE {_HOOK}", "webhooks.keep"),
    _hook(f"POST {_HOOK}/secrets", "webhooks.keep", _NOTHING),
    _hook(f"POST {_HOOK}/pings", "webhooks.keep"),
    _hook(f"POST {_HOOK}/replays", "webhooks.keep", {"after": 0, "through": 1}),
    _hook(f"GET {_HOOK}/deliveries", "webhooks.keep", cursor=True),
    _hook(f"GET {_HOOK}/deliveries/{{delivery_id}}", "webhooks.keep"),
    _hook(f"GET {_HOOK}/deliveries/{{delivery_id}}", "webhooks.keep", path=_OWN_HOOK),
    _hook(f"POST {_HOOK}/deliveries/{{delivery_id}}/replay", "webhooks.keep"),
    _hook(f"POST {_HOOK}/deliveries/{{delivery_id}}/replay", "webhooks.keep", path=_OWN_HOOK),
)
LOG = (
    *(Ask(f"GET /v1/{what}", "law.read") for what in ("checkpoints", "log-keys", "law/rules")),
    Ask("GET /v1/imports/profiles", "law.read"),
    of_book("GET /v1/events", hidden=200),
    of_book(
        "GET /v1/events", hidden=200, query={"subject_id": "$receivable_id", "type": "order.*"}
    ),
    of_book("GET /v1/events/{position}/proof"),
    Ask("POST /v1/message-arrivals", "messages.report", {"arrivals": [_ARRIVED]}),
    Ask("GET /v1/checkpoints/{size}", "law.read", path={"size": "1"}),
    Ask("GET /v1/checkpoints/{size}/consistency", "law.read", None, {"from": "1"}, {"size": "1"}),
    Ask("POST /v1/checkpoints/{size}/cosignatures", "law.read", {"line": "x"}, path={"size": "1"}),
    Ask("POST /v1/assessments", "book.assess", _NOTHING),
    Ask("GET /v1/verification", "book.verify"),
    Ask("POST /v1/law/explain", "law.read", _CASE),
    Ask("POST /v1/almanac/imports", "almanac.import", {"name": "a.csv", "content": "x"}),
)
