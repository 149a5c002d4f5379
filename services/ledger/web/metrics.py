"""Gauges for Prometheus, read from the database at each scrape; counts of work, no money."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from sqlalchemy import text

from services.ledger.db import transaction

router = APIRouter(include_in_schema=False)

_GAUGES: Final = (
    ("ledger_events_sealed", "Events with a position in the log.", "max(position) FROM sealed"),
    ("ledger_events_unsealed", "Events waiting for a position.", "count(*) FROM unsealed"),
    (
        "ledger_seconds_since_assessment",
        "Age of the last nightly assessment.",
        "extract(epoch FROM now() - max(assessed_at))::bigint FROM assessments",
    ),
    ("ledger_exports", "Exports handed to platforms.", "count(*) FROM exports"),
    (
        "ledger_webhooks_waiting",
        "Webhook messages that are due and not sent.",
        "count(*) FROM webhook_deliveries WHERE state = 'WAITING' AND due_at <= now()",
    ),
    (
        "ledger_webhooks_switched_off",
        "Webhooks the ledger switched off because nothing arrived.",
        "count(*) FROM webhook_endpoints WHERE disabled_because IN ('GONE', 'FAILING')",
    ),
)
_READ: Final = text("SELECT " + ", ".join(f"(SELECT {sql}) AS {name}" for name, _, sql in _GAUGES))


@router.get("/metrics")
def get_metrics() -> PlainTextResponse:
    """Return the gauges in Prometheus' text format; nobody is identified, so the machine counts."""
    with transaction() as session:
        row = session.connection().execute(_READ).mappings().one()
    lines = []
    for name, help_text, _ in _GAUGES:
        value = row[name]
        lines += [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
        lines.append(f"{name} {0 if value is None else value}")
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
