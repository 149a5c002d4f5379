"""Reads of the book of a receivable."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

INTEREST_LEFT: Final = """
    (SELECT coalesce(min(d.fen), 0)::bigint FROM (
       SELECT x.day, (
         SELECT coalesce(sum(CASE p.debit WHEN 'interest' THEN p.amount_fen ELSE -p.amount_fen END),
           0) FROM postings p WHERE p.receivable_id = {receivable} AND p."on" <= x.day
           AND 'interest' IN (p.debit, p.credit)) AS fen
       FROM (SELECT {day} AS day UNION SELECT p."on" FROM postings p
         WHERE p.receivable_id = {receivable} AND p."on" > {day}
           AND 'interest' IN (p.debit, p.credit)) x) d)"""
"""Claimed interest that a posting on ``{day}`` may still use, fen: what was claimed by that day
and was not used then or later, so that the balance of no day falls below zero."""
_LEFT: Final = text(
    f"""
    SELECT b.receivable_id, {INTEREST_LEFT.format(receivable="b.receivable_id", day="d.day")} AS fen
    FROM balances b CROSS JOIN (SELECT CAST(:on AS date) AS day) d
    WHERE b.receivable_id = ANY(:ids) AND b.interest_fen > 0
    """
)


def interest_left_fen(session: Session, ids: Sequence[UUID], *, on: date) -> dict[UUID, int]:
    """Return the claimed interest that a posting on a day may use, fen, where any is claimed.

    The caller holds the locks of the balances.
    """
    rows = session.connection().execute(_LEFT, {"ids": list(ids), "on": on})
    return {row.receivable_id: row.fen for row in rows}
