"""Every table of the ledger, gathered for Alembic."""

from services.ledger import idempotency
from services.ledger.almanac import models as almanac
from services.ledger.approvals import models as approvals
from services.ledger.arrears import models as arrears
from services.ledger.financing import models as financing
from services.ledger.intake import models as intake
from services.ledger.journal import models as journal
from services.ledger.log import models as log
from services.ledger.orders import models as orders
from services.ledger.parties import models as parties
from services.ledger.payments import account_models as accounts
from services.ledger.payments import models as payments
from services.ledger.proof import models as proof
from services.ledger.receivables import models as receivables
from services.ledger.webhooks import models as webhooks

ALL = (
    accounts,
    almanac,
    approvals,
    arrears,
    financing,
    idempotency,
    intake,
    journal,
    log,
    orders,
    parties,
    payments,
    proof,
    receivables,
    webhooks,
)
