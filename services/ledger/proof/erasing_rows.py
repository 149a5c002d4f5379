"""What the book's own rows say of a person: it goes with what the log says of the same."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import TextClause, text
from sqlmodel import Session

GONE: Final = "已依法删除 erased"
"""Stands where a text was, since a row without one may not be."""
_TEXTS: Final = (
    ("confirmations", "reason", "receivable_id"),
    ("claim_answers", "reason", "receivable_id"),
    ("interest_waivers", "reason", "receivable_id"),
    ("arrears_facts", "text", "receivable_id"),
    ("complaints", "text", "id"),
    ("complaint_steps", "text", "complaint_id"),
    ("approval_votes", "reason", "proposal_id"),
)
"""Tables, what somebody wrote there, and the column of the subject whose events say the same."""
_NAMES: Final = (
    ("approval_proposals", "proposer"),
    ("approval_votes", "name"),
    ("complaint_steps", "actor"),
    ("imports", "actor"),
    ("import_jobs", "actor"),
    ("almanac_imports", "actor"),
)
"""Tables and the column that names who did it."""
_OF_SUBJECT: Final = (
    *(
        text(f"UPDATE {table} SET {column} = :gone WHERE {key} = :subject AND {column} <> ''")
        for table, column, key in _TEXTS
    ),
    text(
        "UPDATE approval_proposals SET facts = '{}', digest = decode(repeat('00', 32), 'hex'),"
        " arguments = '' WHERE id = :subject AND state <> 'WAITING'"
    ),
    text("UPDATE parties SET email = '' WHERE id = :subject AND email <> ''"),
    text(
        "UPDATE repayment_accounts SET sealed = '', shown = :gone"
        " WHERE party_id = :subject AND sealed <> ''"
    ),
)
_OF_ACTOR: Final = tuple(
    text(f"UPDATE {table} SET {column} = :gone WHERE {column} = :actor") for table, column in _NAMES
)


def erase_subject(session: Session, subject: object) -> int:
    """Take what is personal out of the rows of a subject; return how many rows it was in."""
    return _done(session, _OF_SUBJECT, {"subject": subject, "gone": GONE})


def erase_actor(session: Session, actor: str) -> int:
    """Take the name of somebody who did things out of the rows that say who did them."""
    return _done(session, _OF_ACTOR, {"actor": actor, "gone": GONE})


def _done(session: Session, statements: Sequence[TextClause], values: dict[str, object]) -> int:
    return sum(session.connection().execute(one, values).rowcount for one in statements)
