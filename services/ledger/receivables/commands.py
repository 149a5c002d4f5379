"""What the parties do with a receivable that may need the approval of others, as commands."""

from uuid import UUID

from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals.commands import Arguments, command
from services.ledger.approvals.kinds import CONFIRM, CREDIT, RESOLVE
from services.ledger.edges import past_day
from services.ledger.money import parse_fen
from services.ledger.receivables import service
from services.ledger.receivables.queries import Claim
from services.ledger.receivables.schemas import ActIn, ConfirmationIn, ResolutionIn
from services.ledger.receivables.service import Act


class ConfirmArguments(ConfirmationIn, Arguments):
    """A confirmation of one receivable."""

    receivable_id: UUID


class ResolveArguments(ResolutionIn, Arguments):
    """The end of a dispute on one receivable."""

    receivable_id: UUID


class CreditArguments(ActIn, Arguments):
    """A credit note on one receivable."""

    receivable_id: UUID


def _act(
    given: ConfirmArguments | ResolveArguments | CreditArguments, amount_fen: int, request_id: str
) -> Act:
    assert given.id is not None
    return Act(
        id=given.id,
        receivable_id=given.receivable_id,
        on=past_day(given.on),
        amount_fen=amount_fen,
        reason=given.reason,
        request_id=request_id,
        dated=given.on is not None,
    )


def _confirm(session: Session, viewer: Viewer, given: ConfirmArguments, request_id: str) -> Claim:
    fen = 0 if given.reject or given.amount is None else parse_fen(given.amount)
    whole = given.amount is None and not given.reject
    return service.confirm(session, viewer, _act(given, fen, request_id), whole=whole)


def _resolve(session: Session, viewer: Viewer, given: ResolveArguments, request_id: str) -> Claim:
    act = _act(given, parse_fen(given.amount), request_id)
    return service.resolve(session, viewer, act, upheld=given.outcome == "upheld")


def _credit(session: Session, viewer: Viewer, given: CreditArguments, request_id: str) -> Claim:
    return service.credit(session, viewer, _act(given, parse_fen(given.amount), request_id))


CONFIRMATION = command(CONFIRM, ConfirmArguments, _confirm)
RESOLUTION = command(RESOLVE, ResolveArguments, _resolve)
CREDIT_NOTE = command(CREDIT, CreditArguments, _credit)
