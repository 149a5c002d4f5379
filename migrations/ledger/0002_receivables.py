"""Orders and receipts, receivables and all that belongs to one receivable.

Every table of a receivable has ``receivable_id`` first in its key, so that it can be distributed
by it. Lock: none that anyone can wait for; only new tables. Old code survives.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ORDERS = """
CREATE TABLE orders (
  id uuid PRIMARY KEY,
  contract_id uuid NOT NULL REFERENCES contracts,
  debtor_id uuid NOT NULL,
  creditor_id uuid NOT NULL,
  reference varchar NOT NULL CHECK (reference <> ''),
  placed_on date NOT NULL,
  amount_fen bigint CHECK (amount_fen > 0),
  currency varchar NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_of_debtor ON orders (debtor_id, id);
CREATE INDEX orders_of_creditor ON orders (creditor_id, id);
CREATE TABLE receipts (
  order_id uuid NOT NULL REFERENCES orders,
  id uuid NOT NULL,
  receipt_id uuid NOT NULL,
  reference varchar NOT NULL,
  kind varchar NOT NULL CHECK (kind IN ('DELIVERED', 'ACCEPTED', 'REJECTED', 'CANCELLED',
    'SETTLEMENT_CONFIRMED')),
  "on" date NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (order_id, id)
);
CREATE INDEX receipts_of_receipt ON receipts (receipt_id);
"""

RECEIVABLES = """
CREATE TABLE receivables (
  id uuid PRIMARY KEY,
  contract_id uuid NOT NULL REFERENCES contracts,
  order_id uuid,
  debtor_id uuid NOT NULL,
  creditor_id uuid NOT NULL,
  invoice_kind varchar NOT NULL CHECK (invoice_kind IN ('DIGITAL', 'VAT', 'OTHER')),
  invoice_code varchar NOT NULL,
  invoice_number varchar NOT NULL CHECK (invoice_number <> ''),
  issued_on date NOT NULL,
  face_fen bigint NOT NULL,
  currency varchar NOT NULL,
  agreed_due_on date,
  opened_on date NOT NULL,
  identity bytea NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT face_is_positive CHECK (face_fen > 0),
  CONSTRAINT two_parties CHECK (debtor_id <> creditor_id)
);
CREATE INDEX receivables_of_debtor ON receivables (debtor_id, id);
CREATE INDEX receivables_of_creditor ON receivables (creditor_id, id);
CREATE TABLE invoice_identities (
  digest bytea PRIMARY KEY,
  receivable_id uuid NOT NULL
);
CREATE TABLE receivable_receipts (
  receivable_id uuid NOT NULL REFERENCES receivables,
  receipt_id uuid NOT NULL,
  since_on date NOT NULL,
  known_at timestamptz NOT NULL,
  PRIMARY KEY (receivable_id, receipt_id)
);
CREATE INDEX receivable_receipts_of_receipt ON receivable_receipts (receipt_id);
CREATE TABLE clock_facts (
  receivable_id uuid NOT NULL REFERENCES receivables,
  id uuid NOT NULL,
  receipt_id uuid NOT NULL,
  kind varchar NOT NULL CHECK (kind IN ('DELIVERED', 'ACCEPTED', 'REJECTED', 'CANCELLED',
    'SETTLEMENT_CONFIRMED')),
  "on" date NOT NULL,
  since_on date NOT NULL,
  known_at timestamptz NOT NULL,
  PRIMARY KEY (receivable_id, id)
);
CREATE TABLE confirmations (
  receivable_id uuid NOT NULL REFERENCES receivables,
  id uuid NOT NULL,
  kind varchar NOT NULL CHECK (kind IN ('REQUESTED', 'CONFIRMED', 'REJECTED')),
  amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
  reason varchar NOT NULL,
  "on" date NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (receivable_id, id)
);
"""

JOURNAL = """
CREATE TABLE postings (
  receivable_id uuid NOT NULL REFERENCES receivables,
  id uuid NOT NULL,
  debit varchar NOT NULL,
  credit varchar NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  "on" date NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  cause uuid NOT NULL,
  PRIMARY KEY (receivable_id, id),
  CONSTRAINT two_accounts CHECK (debit <> credit),
  CONSTRAINT accounts_are_known CHECK (
    debit IN ('receivable', 'disputed', 'reserved', 'assigned', 'supply', 'cash', 'written_off')
    AND credit IN ('receivable', 'disputed', 'reserved', 'assigned', 'supply'))
);
CREATE INDEX postings_of_payment ON postings (cause) WHERE debit = 'cash';
CREATE TABLE balances (
  receivable_id uuid PRIMARY KEY REFERENCES receivables,
  receivable_fen bigint NOT NULL,
  disputed_fen bigint NOT NULL,
  reserved_fen bigint NOT NULL,
  assigned_fen bigint NOT NULL,
  start_on date,
  due_on date,
  confirmed_on date,
  CONSTRAINT budget_is_kept CHECK (receivable_fen >= 0 AND disputed_fen >= 0
    AND reserved_fen >= 0 AND assigned_fen >= 0)
);
CREATE INDEX balances_due ON balances (due_on)
  WHERE receivable_fen + reserved_fen + assigned_fen > 0;
CREATE TABLE payments (
  id uuid PRIMARY KEY,
  debtor_id uuid NOT NULL,
  reference varchar NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  currency varchar NOT NULL,
  "on" date NOT NULL,
  method varchar NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payments_of_debtor ON payments (debtor_id, id);
"""


def upgrade() -> None:
    """Create what is distributed by order, by receivable and by invoice identity."""
    op.execute(ORDERS)
    op.execute(RECEIVABLES)
    op.execute(JOURNAL)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE payments, balances, postings, confirmations, clock_facts")
    op.execute("DROP TABLE receivable_receipts, invoice_identities, receivables, receipts, orders")
