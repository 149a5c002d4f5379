"""Take receivables: one document from its rows, its invoice claimed once, its rows set-based."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from services.ledger.access import VISIBLE
from services.ledger.approvals.gate import CONFIRMS_APART
from services.ledger.config import settings
from services.ledger.intake.desk import Desk
from services.ledger.intake.opening import (
    BALANCES,
    CONFIRM,
    EARLIER,
    FACTS,
    LINK,
    OPEN,
    PROJECT,
    TELL,
)
from services.ledger.receivables.identity import InvoiceNumberError, check_number, digest
from services.ledger.receivables.receipts import COPY_FACTS

_GOODS: Final = """
    CREATE TEMP TABLE in_goods ON COMMIT DROP AS
    SELECT DISTINCT ON (t.reference, t.receipt_id) t.reference AS receipt, t.receipt_id,
      o.id AS order_id, o.contract_id, o.debtor_id, o.creditor_id
    FROM receipts t JOIN orders o ON o.id = t.order_id
    WHERE t.reference IN (SELECT receipt FROM in_receivable WHERE receipt IS NOT NULL
      UNION SELECT receipt FROM in_receipt_link)
    AND EXISTS (SELECT FROM party_identifiers i
      WHERE i.party_id = o.debtor_id AND i.scheme = :scheme)
    ORDER BY t.reference, t.receipt_id, o.id"""
"""The receipts that the file names: by number, among the buyers of the book it belongs to."""

_DOCUMENTS: Final = f"""
    CREATE TEMP TABLE in_doc ON COMMIT DROP AS
    SELECT f.line, f.receivable_id, f.invoice_kind, coalesce(f.invoice_code, '') AS invoice_code,
      f.invoice_number, f.issued_on, coalesce(f.instalment, 0) AS instalment,
      coalesce(f.instalment_kind, '') AS line_kind, f.invoice_amount, f.amount AS face_fen,
      f.currency, f.due_on, f.delivered_on, f.accepted_on, f.settled_on,
      f.order_id AS said_order_id, f.receipt,
      coalesce(f.known_at, now()) AS known_at, f.known_at IS NOT NULL AS dated,
      coalesce(o.id, CASE WHEN c.id IS NULL THEN g.order_id END) AS order_id,
      r.id AS contract_id, r.debtor_id, r.creditor_id,
      e.id IS NOT NULL AS known,
      (:by_debtor AND CAST(:sees_all AS boolean) OR r.debtor_id = CAST(:viewer AS uuid))
        AND NOT {CONFIRMS_APART.format(party="r.debtor_id")} AS confirmed
    FROM (SELECT DISTINCT ON (receivable_id) * FROM in_receivable
          ORDER BY receivable_id, known_at, issued_on, line) f
    LEFT JOIN party_identifiers d ON d.scheme = :scheme AND d.value = f.debtor
    LEFT JOIN party_identifiers k ON k.scheme = :scheme AND k.value = f.creditor
    LEFT JOIN orders o ON o.id = f.order_id AND (d.party_id IS NULL OR d.party_id = o.debtor_id)
      AND (k.party_id IS NULL OR k.party_id = o.creditor_id)
    LEFT JOIN (
      SELECT DISTINCT ON (reference, debtor_id, creditor_id) * FROM contracts
      WHERE reference IN (SELECT contract FROM in_receivable)
      ORDER BY reference, debtor_id, creditor_id, known_at, id) c
      ON c.reference = f.contract AND c.debtor_id = d.party_id AND c.creditor_id = k.party_id
    LEFT JOIN (SELECT DISTINCT ON (receipt) * FROM in_goods ORDER BY receipt, receipt_id) g
      ON g.receipt = f.receipt
    LEFT JOIN contracts r ON r.id = CASE WHEN f.order_id IS NOT NULL THEN o.contract_id
      WHEN f.contract IS NOT NULL THEN c.id ELSE g.contract_id END
      AND {VISIBLE.format(table="r")}
    LEFT JOIN receivables e ON e.id = f.receivable_id"""
"""One row a receivable: the earliest of its rows, with contract and parties found."""

_OF_DOCUMENT: Final = """
    SELECT s.line, {column}, {code}, s.{value} FROM in_doc x
    JOIN in_receivable s USING (receivable_id) WHERE {which}"""


def take_receivables(desk: Desk) -> None:
    """Open the receivables of the file, find their receipts, and say when they are due."""
    if not (desk.staged["receivable"] or desk.staged["receipt_link"] or desk.staged["receipt"]):
        return
    desk.run("DROP TABLE IF EXISTS in_goods")
    desk.run(_GOODS)
    desk.run("CREATE TEMP TABLE in_changed (receivable_id uuid) ON COMMIT DROP")
    for kind in ("receivable", "receipt_link"):
        desk.fault(
            f"""SELECT s.line, 'receipt', 'AMBIGUOUS', s.receipt FROM in_{kind} s
                WHERE s.receipt IN (SELECT receipt FROM in_goods GROUP BY receipt
                  HAVING count(*) > 1)"""
        )
    _weigh(desk)
    _claim_invoices(desk)
    desk.run(_DROP_FAULTY)
    _count(desk)
    for statement in (EARLIER, OPEN, FACTS):
        desk.run(statement)
    _link(desk)
    desk.run(BALANCES)
    desk.run(CONFIRM)
    desk.run(TELL)
    desk.run(PROJECT)


def _weigh(desk: Desk) -> None:
    desk.fault(
        """SELECT s.line, '', 'DOCUMENT_DIFFERS', s.receivable FROM in_receivable s JOIN (
             SELECT receivable_id FROM in_receivable GROUP BY receivable_id
             HAVING count(*) > 1 AND (min(amount) <> max(amount)
               OR count(DISTINCT (invoice_kind, coalesce(invoice_code, ''), invoice_number,
                 currency, coalesce(debtor, ''), coalesce(creditor, ''), coalesce(contract, ''),
                 coalesce(due_on, '-infinity'), coalesce(instalment, 0),
                 coalesce(instalment_kind, ''), coalesce(invoice_amount, 0))) > 1)) x
           USING (receivable_id)"""
    )
    _weigh_instalments(desk)
    desk.fault(
        """SELECT s.line, 'creditor', 'PARTIES_SAME', s.creditor FROM in_receivable s
           WHERE s.creditor = s.debtor"""
    )
    desk.run(_DOCUMENTS)
    desk.run("ANALYZE in_doc")
    unresolved = (
        ("said_order_id IS NOT NULL", "order", "ORDER_UNKNOWN"),
        ("said_order_id IS NULL AND s.contract IS NOT NULL", "contract", "CONTRACT_UNKNOWN"),
        ("said_order_id IS NULL AND s.contract IS NULL", "receipt", "RECEIPT_UNKNOWN"),
    )
    for which, column, code in unresolved:
        desk.fault(
            _OF_DOCUMENT.format(
                column=f"'{column}'",
                code=f"'{code}'",
                value=f'"{column}"',
                which=f"x.contract_id IS NULL AND {which}",
            )
        )
    desk.fault(
        _OF_DOCUMENT.format(
            column="''",
            code="'ID_REUSED'",
            value="receivable",
            which="""x.known AND EXISTS (
              SELECT FROM receivables r WHERE r.id = x.receivable_id AND (r.face_fen, r.currency,
                r.invoice_kind, r.invoice_code, r.invoice_number, r.contract_id,
                r.line, r.line_kind, coalesce(r.agreed_due_on, '-infinity')) <> (x.face_fen,
                x.currency, x.invoice_kind, x.invoice_code, x.invoice_number, x.contract_id,
                x.instalment, x.line_kind, coalesce(x.due_on, '-infinity')))""",
        )
    )


def _weigh_instalments(desk: Desk) -> None:
    desk.fault(
        """SELECT s.line, 'instalment', 'INSTALMENT_INCOMPLETE', s.receivable
           FROM in_receivable s
           WHERE num_nonnulls(s.instalment, s.instalment_kind, s.invoice_amount) NOT IN (0, 3)
             OR s.instalment = 0"""
    )
    desk.fault(
        """SELECT s.line, 'due_on', 'RETENTION_DAY', s.receivable FROM in_receivable s
           WHERE s.instalment_kind = 'RETENTION' AND s.due_on IS NULL"""
    )


_INCOMPLETE: Final = """x.receivable_id IN (
    SELECT receivable_id FROM in_identity WHERE digest IN (
      SELECT i.digest FROM in_identity i JOIN in_doc d USING (receivable_id) GROUP BY i.digest
      HAVING max(d.instalment) > 0 AND (min(d.instalment) = 0 OR count(*) <> max(d.instalment)
        OR count(DISTINCT d.instalment) <> count(*)
        OR count(DISTINCT (d.contract_id, d.currency, d.invoice_amount)) > 1
        OR sum(d.face_fen) <> max(d.invoice_amount))))"""
"""Instalments of one invoice that are not 1, 2, 3 ..., that do not make up its amount, that are of
several contracts, or that stand beside the invoice as a whole."""


def _claim_invoices(desk: Desk) -> None:
    """Find the identity of each new invoice, and refuse those that stand behind another claim."""
    desk.run("CREATE TEMP TABLE in_identity (receivable_id uuid, digest bytea) ON COMMIT DROP")
    misnumbered: list[int] = []
    for rows in desk.batches(_NEW):
        desk.copy_in("in_identity", _identities(rows, misnumbered))
    desk.run("ANALYZE in_identity")
    if misnumbered:
        desk.fault(
            _OF_DOCUMENT.format(
                column="'invoice_number'",
                code="'INVOICE_NUMBER_INVALID'",
                value="invoice_number",
                which="x.line = ANY(CAST(:lines AS integer[]))",
            ),
            lines=misnumbered,
        )
    if desk.run("SELECT EXISTS (SELECT FROM in_doc WHERE instalment > 0)").scalar_one():
        desk.fault(
            _OF_DOCUMENT.format(
                column="'instalment'",
                code="'INSTALMENTS_DIFFER'",
                value="invoice_number",
                which=_INCOMPLETE,
            )
        )
    desk.fault(
        _OF_DOCUMENT.format(
            column="'invoice_number'",
            code="'INVOICE_CLAIMED'",
            value="invoice_number",
            which="""x.receivable_id IN (
              SELECT i.receivable_id FROM in_identity i JOIN invoice_identities t USING (digest)
              WHERE t.receivable_id <> i.receivable_id
              UNION ALL
              SELECT y.receivable_id FROM (
                SELECT i.receivable_id, row_number() OVER (PARTITION BY i.digest ORDER BY d.line)
                  AS nth FROM in_identity i JOIN in_doc d USING (receivable_id)
                WHERE d.instalment = 0) y
              WHERE y.nth > 1)""",
        )
    )


_NEW: Final = """
    SELECT line, receivable_id, invoice_kind, invoice_code, invoice_number, creditor_id, issued_on
    FROM in_doc WHERE NOT known AND contract_id IS NOT NULL"""


def _identities(
    rows: Iterable[tuple[Any, ...]], misnumbered: list[int]
) -> Iterator[tuple[object, bytes]]:
    key = settings().ledger_identity_key.encode()
    for line, receivable_id, kind, code, number, creditor_id, issued_on in rows:
        try:
            check_number(kind, code, number, issued_on=issued_on)
        except InvoiceNumberError:
            misnumbered.append(line)
            continue
        yield (
            receivable_id,
            digest(
                key,
                kind=kind,
                code=code,
                number=number,
                creditor_id=creditor_id,
                issued_on=issued_on,
            ),
        )


_DROP_FAULTY: Final = """
    DELETE FROM in_doc x WHERE NOT EXISTS (
      SELECT FROM in_receivable s WHERE s.receivable_id = x.receivable_id)"""


def _count(desk: Desk) -> None:
    counted = desk.run(
        "SELECT count(*) FILTER (WHERE known) AS known, count(*) AS documents FROM in_doc"
    ).one()
    desk.known["receivable"] = counted.known
    desk.new["receivable"] = counted.documents - counted.known


def _link(desk: Desk) -> None:
    """Let invoices name receipts; what happened to a receipt reaches whoever names it."""
    links, receipts = desk.staged["receipt_link"], desk.staged["receipt"]
    if links:
        desk.fault(
            f"""SELECT s.line, 'receivable', 'RECEIVABLE_UNKNOWN', s.receivable
                FROM in_receipt_link s WHERE NOT EXISTS (SELECT FROM receivables r
                  WHERE r.id = s.receivable_id AND {VISIBLE.format(table="r")})"""
        )
        desk.fault(
            """SELECT s.line, 'receipt', 'RECEIPT_UNKNOWN', s.receipt FROM in_receipt_link s
               JOIN receivables r ON r.id = s.receivable_id WHERE NOT EXISTS (
                 SELECT FROM in_goods g WHERE g.receipt = s.receipt
                 AND g.debtor_id = r.debtor_id AND g.creditor_id = r.creditor_id)"""
        )
        distinct = desk.run(
            "SELECT count(DISTINCT (receivable_id, receipt)) FROM in_receipt_link"
        ).scalar_one()
        desk.new["receipt_link"] = desk.run(LINK).rowcount
        desk.known["receipt_link"] = distinct - desk.new["receipt_link"]
    if not (links or receipts):
        return
    which = """t.receipt_id IN (SELECT receipt_id FROM receipts
        WHERE order_id IN (SELECT order_id FROM in_receipt))
      OR n.receivable_id IN (SELECT receivable_id FROM in_receipt_link)"""
    desk.run(
        f"WITH copied AS ({COPY_FACTS.format(which=which)}) INSERT INTO in_changed"
        " SELECT receivable_id FROM copied UNION SELECT receivable_id FROM in_receipt_link"
    )
