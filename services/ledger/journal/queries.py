"""Reads of the book of a receivable."""

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

Claimed = Literal["interest", "costs"]
"""The accounts that hold what a creditor claimed beside the principal."""

CLAIMED_LEFT: Final = """
    (SELECT coalesce(min(d.fen), 0)::bigint FROM (
       SELECT x.day, (
         SELECT coalesce(sum(CASE p.debit WHEN '{account}' THEN p.amount_fen
           ELSE -p.amount_fen END), 0) FROM postings p
         WHERE p.receivable_id = {receivable} AND p."on" <= x.day
           AND '{account}' IN (p.debit, p.credit)) AS fen
       FROM (SELECT {day} AS day UNION SELECT p."on" FROM postings p
         WHERE p.receivable_id = {receivable} AND p."on" > {day}
           AND '{account}' IN (p.debit, p.credit)) x) d)"""
"""What was claimed and a posting on ``{day}`` may still use, fen: what was claimed by that day and
was not used then or later, so that the balance of no day falls below zero."""
_LEFT: Final = """
    SELECT b.receivable_id, {left} AS fen
    FROM balances b CROSS JOIN (SELECT CAST(:on AS date) AS day) d
    WHERE b.receivable_id = ANY(:ids) AND b.{account}_fen > 0"""


def claimed_left_fen(
    session: Session, account: Claimed, ids: Sequence[UUID], *, on: date
) -> dict[UUID, int]:
    """Return the claimed interest or costs that a posting on a day may use, fen, where any are.

    The caller holds the locks of the balances.
    """
    left = CLAIMED_LEFT.format(account=account, receivable="b.receivable_id", day="d.day")
    statement = text(_LEFT.format(left=left, account=account))
    rows = session.connection().execute(statement, {"ids": list(ids), "on": on})
    return {row.receivable_id: row.fen for row in rows}
