"""The ledger's HTTP application."""

import gc

from services.ledger.approvals.api import router as approvals
from services.ledger.arrears.api import router as arrears
from services.ledger.arrears.complaints_api import router as complaints
from services.ledger.arrears.facts_api import router as arrears_facts
from services.ledger.arrears.interest_api import router as interest
from services.ledger.arrears.reasoning_api import router as reasoning
from services.ledger.financing.api import router as financing
from services.ledger.insight.api import router as insight
from services.ledger.insight.simulation_api import router as simulations
from services.ledger.intake.api import router as intake
from services.ledger.log.api import router as log
from services.ledger.orders.api import router as orders
from services.ledger.parties.api import router as parties
from services.ledger.payments.accounts_api import router as accounts
from services.ledger.payments.api import router as payments
from services.ledger.problems import LedgerApi
from services.ledger.proof.api import router as proof
from services.ledger.receivables.acts_api import router as acts
from services.ledger.receivables.almanac_api import router as almanac
from services.ledger.receivables.api import router as receivables
from services.ledger.receivables.receipts_api import router as receipts
from services.ledger.web.metrics import router as metrics
from services.ledger.web.pages import router as pages
from services.ledger.web.pages_reasoning import router as reasoning_page
from services.ledger.webhooks.api import router as webhooks

BODY_BYTES = 1024 * 1024

app = LedgerApi(
    title="供应链金融应收账款台账 Receivables ledger",
    version="0.1.0",
    description="Amounts are decimal strings, days are Asia/Shanghai, instants are UTC."
    " Problems are application/problem+json with a stable code, in English and Chinese.",
    max_body_size=BODY_BYTES,
    openapi_url="/v1/openapi.json",
    docs_url=None,  # FastAPI's run a script from elsewhere on the console's origin.
    redoc_url=None,
    redirect_slashes=False,  # It would send a key to whatever host the request names.
)
DOMAIN = (
    receivables,  # First, as routes are tried in turn and these are asked most.
    acts,
    approvals,
    accounts,
    almanac,
    parties,
    orders,
    receipts,
    payments,
    arrears,
    arrears_facts,
    complaints,
    interest,
    reasoning,
    financing,
    log,
    webhooks,
    proof,
    insight,
    simulations,
    intake,
)
for router in (*DOMAIN, metrics, reasoning_page, pages):
    app.include_router(router)


@app.get("/healthz", include_in_schema=False)
def healthz() -> dict[str, str]:
    """Answer that the process serves; what depends on the database is asked elsewhere."""
    return {"status": "ok"}


# What was imported stays for good: the collector need not go through it again and again, nor
# after every few requests through what those have left.
gc.freeze()
gc.set_threshold(10_000, 20, 50)
