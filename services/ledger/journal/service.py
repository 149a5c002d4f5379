"""Record what moved: postings, the balance beside them, and the event, in one statement."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.ids import id_of
from services.ledger.journal.models import ACCOUNTS
from services.ledger.log.service import APPEND, Entry, parameters


@dataclass(frozen=True, slots=True)
class Move:
    """An amount to move from ``credit`` to ``debit`` on a legal day, because of ``cause``."""

    receivable_id: UUID
    debit: str
    credit: str
    amount_fen: int
    on: date
    cause: UUID

    @property
    def id(self) -> UUID:
        """The posting's id: the same cause moves the same accounts once."""
        return id_of("posting", self.cause, self.receivable_id, self.debit, self.credit)


def _delta(account: str) -> str:
    return (
        f"sum(CASE '{account}' WHEN debit THEN amount_fen WHEN credit THEN -amount_fen ELSE 0 END)"
        f" AS {account}_fen"
    )


DELTA: Final = f"""
    delta AS (
      SELECT receivable_id, {", ".join(_delta(account) for account in ACCOUNTS)}
      FROM posted GROUP BY receivable_id
    )"""
"""A clause of a WITH: by how much the rows of ``posted`` move each account of a receivable."""
MOVE: Final = f"""
    UPDATE balances b SET
      {", ".join(f"{account}_fen = b.{account}_fen + d.{account}_fen" for account in ACCOUNTS)}
    FROM delta d WHERE b.receivable_id = d.receivable_id"""

_RECORD: Final = text(
    f"""
    WITH instant AS MATERIALIZED (SELECT clock_timestamp() AS at), posted AS (
      INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at, cause)
      SELECT receivable_id, id, debit, credit, amount_fen, "on", at, cause
      FROM instant, json_to_recordset(CAST(:moves AS json)) AS m(receivable_id uuid, id uuid,
        debit varchar, credit varchar, amount_fen bigint, "on" date, cause uuid)
      RETURNING receivable_id, debit, credit, amount_fen
    ), {DELTA}, moved AS ({MOVE}
    ), {APPEND}
    SELECT count(*) FROM appended
    """
)


def record(
    session: Session, moves: Sequence[Move], entries: Sequence[Entry], request_id: str = ""
) -> None:
    """Post the moves, keep the balances, append the events.

    The caller has locked the balances and weighed the amounts; the database's CHECK on the budget
    stands behind it. The postings are known from the instant of this statement, not from the
    start of the transaction: what it waited for was known before.
    """
    rows = [
        {
            "receivable_id": str(move.receivable_id),
            "id": str(move.id),
            "debit": move.debit,
            "credit": move.credit,
            "amount_fen": move.amount_fen,
            "on": move.on.isoformat(),
            "cause": str(move.cause),
        }
        for move in moves
        if move.amount_fen
    ]
    values = {"moves": json.dumps(rows), **parameters(entries, request_id)}
    session.connection().execute(_RECORD, values)
