"""Whether an act was recorded before under its id, as the same act."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.errors import ReusedIdError

_STATED: Final = text(
    "SELECT kind, amount_fen FROM confirmations WHERE receivable_id = :receivable_id AND id = :id"
)
_POSTED: Final = text(
    "SELECT debit, credit, amount_fen FROM postings"
    " WHERE receivable_id = :receivable_id AND cause = :id"
)


def reused(act_id: UUID) -> ReusedIdError:
    """Return the refusal of an id that names something else."""
    return ReusedIdError(
        f"The id {act_id} already names another act on this receivable; use an id of its own.",
        f"编号{act_id}已用于该应收账款的另一操作；请使用新编号。",
        field="id",
    )


def _named_by(session: Session, receivable_id: UUID, act_id: UUID) -> tuple[Any, list[Any]]:
    values = {"receivable_id": receivable_id, "id": act_id}
    stated, posted = (session.connection().execute(of, values) for of in (_STATED, _POSTED))
    return stated.one_or_none(), list(posted)


def stated_before(
    session: Session, receivable_id: UUID, act_id: UUID, kind: str, *, amount_fen: int | None
) -> bool:
    """Say whether the same request or answer was recorded before.

    Args:
        session: of one transaction.
        receivable_id: what it is about.
        act_id: its id.
        kind: REQUESTED, CONFIRMED or REJECTED.
        amount_fen: None: the whole. What that was is known no more; but unlike a part, it left no
            remainder to post.

    Raises:
        ReusedIdError: the id names another act.
    """
    stated, posted = _named_by(session, receivable_id, act_id)
    if stated is None and not posted:
        return False
    same = stated is not None and stated[0] == kind
    if not same or (posted if amount_fen is None else stated != (kind, amount_fen)):
        raise reused(act_id)
    return True


def posted_before(
    session: Session, receivable_id: UUID, act_id: UUID, posting: tuple[str, str, int]
) -> bool:
    """Say whether the same posting (debit, credit, fen) was recorded before.

    Raises:
        ReusedIdError: the id names another act.
    """
    stated, posted = _named_by(session, receivable_id, act_id)
    if stated is not None or posted not in ([], [posting]):
        raise reused(act_id)
    return bool(posted)
