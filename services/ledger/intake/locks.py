"""What a file locks before it writes, in the order in which single commands lock."""

from typing import Final

from services.ledger.intake.desk import Desk
from services.ledger.orders.service import HOLD_ALL

_ACTED_ON: Final = ("confirmation", "dispute", "payment", "receipt_link")
_TOUCHED: Final = " UNION ".join(
    (
        *(f"SELECT receivable_id FROM in_{kind}" for kind in _ACTED_ON),
        """SELECT n.receivable_id FROM receivable_receipts n JOIN receipts t USING (receipt_id)
           WHERE t.order_id IN (SELECT order_id FROM in_receipt)""",
        "SELECT receivable_id FROM in_receivable",
    )
)
_BALANCES: Final = f"""
    SELECT count(*) FROM (SELECT FROM balances WHERE receivable_id IN ({_TOUCHED})
      ORDER BY receivable_id FOR UPDATE) locked"""


def hold_receipts(desk: Desk) -> None:
    """Let nobody else name receipts, or tell of them, until this transaction ends."""
    if desk.staged["receipt"] or desk.staged["receipt_link"]:
        desk.run(HOLD_ALL)


def lock_balances(desk: Desk) -> None:
    """Lock every receivable that the file acts on, or whose receipts it told of, by id.

    A statement of its own: those after it see what whoever held a lock before has written.
    """
    desk.run(_BALANCES)
