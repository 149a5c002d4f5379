"""The payment term in SQL: where it starts and when it is due, from facts and stored decisions.

The arithmetic is that of `law.terms` and `law.start`; a property test holds the two together.
``f`` is a fact, or a receipt that is named; ``c`` the contract, ``r`` the receivable.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, text
from sqlmodel import Session

START_OF_RECEIPT: Final = """
    CASE c.start_rule
      WHEN 'SETTLEMENT' THEN {settled}
      WHEN 'DELIVERY' THEN coalesce({delivered}, {accepted})
      ELSE CASE
        WHEN {rejected} <= coalesce({delivered} + c.inspection_days, 'infinity')
          AND coalesce({accepted} > {rejected}, true) THEN {accepted}
        WHEN c.inspection_days IS NULL OR {delivered} IS NULL THEN {accepted}
        ELSE least({accepted}, {delivered} + c.inspection_days)
      END
    END"""
"""Art. 9 and 10 for one receipt: the day of acceptance, at the latest the end of inspection.

A rejection within that period stops the start until the goods are accepted after it.
"""

_DAYS: Final = {
    "settled": "max(l.\"on\") FILTER (WHERE l.kind = 'SETTLEMENT_CONFIRMED')",
    "delivered": "max(l.\"on\") FILTER (WHERE l.kind = 'DELIVERED')",
    "accepted": "max(l.\"on\") FILTER (WHERE l.kind = 'ACCEPTED')",
    "rejected": "max(l.\"on\") FILTER (WHERE l.kind = 'REJECTED')",
}

RAW_DUE: Final = """least(
             coalesce({agreed}, least({start} + c.due_term_days,
               ({start} + make_interval(months => c.due_term_months))::date)),
             CASE WHEN r.line_kind <> 'RETENTION' THEN {start} + c.due_cap_days END)"""
"""The last day of the term, before it moves off a rest day."""

DUE: Final = f"""
    (SELECT CASE WHEN c.rolls THEN coalesce(k.next_workday, d.day) ELSE d.day END
     FROM (SELECT {RAW_DUE} AS day) d
     LEFT JOIN calendar k ON k.day = d.day)"""
"""民法典 201 to 203: the first day is not counted, a rest day moves to the next working day.

What is kept back as retention (质量保证金) is due on the day agreed for it: the caps are on the
price of what was delivered, and the decree names retention apart (802号 第十二条).
"""

RECEIPTS: Final = (
    """
    SELECT l.receivable_id, l.receipt_id, {delivered} AS delivered_on, {accepted} AS accepted_on,
      {rejected} AS rejected_on, {settled} AS settlement_confirmed_on, {start} AS start_on
    FROM (
      SELECT f.receivable_id, f.receipt_id, f."on",
             CASE WHEN (f."on", f.known_at) > (
               max(f."on") FILTER (WHERE f.kind = 'CANCELLED') OVER w,
               max(f.known_at) FILTER (WHERE f.kind = 'CANCELLED') OVER w) IS NOT FALSE
             THEN f.kind ELSE 'CANCELLED' END AS kind
      FROM (
        SELECT f.receivable_id, f.receipt_id, f.kind, f."on", f.known_at
        FROM clock_facts f WHERE {facts}
        UNION ALL
        SELECT f.receivable_id, f.receipt_id, NULL, NULL, NULL
        FROM receivable_receipts f WHERE {facts}
      ) f
      WINDOW w AS (PARTITION BY f.receivable_id, f.receipt_id)
    ) l
    JOIN receivables r ON r.id = l.receivable_id
    JOIN contracts c ON c.id = r.contract_id
    GROUP BY l.receivable_id, l.receipt_id, c.start_rule, c.inspection_days"""
).format(start=START_OF_RECEIPT.format(**_DAYS), facts="{facts}", **_DAYS)
"""Each receipt's days that count and the start they give, from the facts that ``{facts}`` selects.

A cancelled receipt counts for nothing until it is repeated; one that is named and of which nothing
is known yet has no days and gives no start.
"""

STARTS: Final = f"""
    SELECT x.receivable_id,
           CASE WHEN bool_and(x.start_on IS NOT NULL) THEN max(x.start_on) END AS start_on
    FROM ({RECEIPTS}) x
    GROUP BY x.receivable_id"""
"""The start of the term of each receivable, from the facts that ``{facts}`` selects.

A receivable whose receipts have not all started has not started; of several the last one decides.
"""

PROJECTED: Final = f"""
    found AS (
      SELECT r.id, r.debtor_id, r.creditor_id, r.invoice_number, r.currency, s.start_on, {
    DUE.format(agreed="r.agreed_due_on", start="s.start_on")
} AS due_on
      FROM ({STARTS}) s
      JOIN receivables r ON r.id = s.receivable_id
      JOIN contracts c ON c.id = r.contract_id
    ), changed AS (
      UPDATE balances b SET start_on = n.start_on, due_on = n.due_on
      FROM found n JOIN balances k ON k.receivable_id = n.id
      WHERE b.receivable_id = n.id
        AND (k.start_on, k.due_on) IS DISTINCT FROM (n.start_on, n.due_on)
      RETURNING n.*, k.due_on IS DISTINCT FROM n.due_on AS moved
    ), moved AS (
      SELECT * FROM changed WHERE moved
    )"""
"""Clauses of a WITH that bring the dates kept beside the balances up to the ``{facts}``.

They end in ``moved``: the receivables whose due day is another than before.
"""
_PROJECT: Final = text(
    f"WITH {PROJECTED.format(facts='f.receivable_id = ANY(:ids)')} SELECT * FROM moved ORDER BY id"
)


def project(session: Session, receivable_ids: list[str]) -> Sequence[Row[Any]]:
    """Bring the dates kept beside the balances up to the facts now known.

    The caller has locked the balances in a statement before, so that this one sees every fact that
    another transaction told of them.

    Returns:
        Those whose due day moved: id, debtor_id, creditor_id, invoice_number, currency, due_on.
    """
    return session.connection().execute(_PROJECT, {"ids": receivable_ids}).all()
