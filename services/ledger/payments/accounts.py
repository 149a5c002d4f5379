"""Where a party wants to be paid: a change is what a thief would ask for, so others approve it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.events import AccountChanged, AccountRead
from services.ledger.access import Viewer
from services.ledger.approvals import queries
from services.ledger.approvals.gate import require
from services.ledger.approvals.kinds import ACCOUNT, Effect
from services.ledger.approvals.service import arguments_of
from services.ledger.errors import NotFoundError, ReusedIdError
from services.ledger.log.service import Entry, append
from services.ledger.parties.models import Party
from services.ledger.payments.account_models import RepaymentAccount
from services.ledger.policy import Whose
from services.ledger.vault import fingerprint, seal, unseal

_SHOWN_DIGITS: Final = 4
_OWES: Final = text(
    """
    SELECT EXISTS (SELECT FROM receivables r JOIN balances b ON b.receivable_id = r.id
      WHERE r.debtor_id = :debtor_id AND r.creditor_id = :creditor_id AND b.receivable_fen
        + b.disputed_fen + b.reserved_fen + b.assigned_fen + b.interest_fen + b.costs_fen > 0)
    """
)
_ALONE: Final = text("SELECT id FROM parties WHERE id = :id FOR NO KEY UPDATE")


@dataclass(frozen=True, slots=True)
class Account:
    """An account with a bank."""

    holder: str
    bank: str
    number: str


@dataclass(frozen=True, slots=True)
class Change:
    """A party's next account, from a day on; None: from the day it is done."""

    id: UUID
    party_id: UUID
    account: Account
    valid_from: date | None
    request_id: str = ""


def _purpose(account_id: UUID) -> str:
    return f"repayment account {account_id}"


def number_of(account_id: UUID, sealed: bytes) -> str:
    """Return the number that was sealed for an account.

    Raises:
        BrokenSealError: it was changed, or sealed for another account.
    """
    number: str = json.loads(unseal(sealed, of=_purpose(account_id)))["number"]
    return number


def _fingerprint(change: Change) -> str:
    """Return what tells a number from all others that end alike, to whoever approves one."""
    number = change.account.number.encode()
    return fingerprint(number, of=f"repayment account of {change.party_id}")


def shown(number: str) -> str:
    """Return what people may see of a number.

    >>> shown("6222020200012345678")
    '****5678'
    """
    return "****" + number[-_SHOWN_DIGITS:]


def _check_own(session: Session, viewer: Viewer, party_id: UUID) -> None:
    viewer.require("accounts.keep")
    own = viewer.may("accounts.keep", Whose(party_id=party_id))
    if not own or session.get(Party, party_id) is None:
        raise _no_party()


def _no_party() -> NotFoundError:
    return NotFoundError("There is no such party.", "没有该主体。")


def change_account(session: Session, viewer: Viewer, change: Change, *, today: date) -> bool:
    """Let a party be paid to another account; return False if it was recorded before.

    Raises:
        NotFoundError: another party's, or none.
        ReusedIdError: the id names another account.
        ApprovalNeededError: others have to approve it first.
    """
    _check_own(session, viewer, change.party_id)
    session.connection().execute(_ALONE, {"id": change.party_id})
    known = session.get(RepaymentAccount, (change.party_id, change.id))
    plain = json.dumps(vars_of(change.account), sort_keys=True, ensure_ascii=False).encode()
    if known is not None:
        if not known.sealed or unseal(known.sealed, of=_purpose(known.id)) != plain:
            raise ReusedIdError(
                f"The id {change.id} already names another account; use an id of its own.",
                f"编号{change.id}已用于另一账户；请使用新编号。",
                field="id",
            )
        return False
    facts = {
        "holder": change.account.holder,
        "bank": change.account.bank,
        "account": shown(change.account.number),
        "fingerprint": _fingerprint(change),
        "valid_from": change.valid_from.isoformat() if change.valid_from else "",
        "before": _before(session, change.party_id),
    }
    require(session, viewer, ACCOUNT, Effect(change.party_id, facts))
    row = RepaymentAccount(
        party_id=change.party_id,
        id=change.id,
        sealed=seal(plain, of=_purpose(change.id)),
        shown=shown(change.account.number),
        valid_from=change.valid_from or today,
    )
    session.add(row)
    session.flush()
    told = AccountChanged(
        party_id=change.party_id,
        account=row.shown,
        bank_name=change.account.bank,
        account_name=change.account.holder,
        valid_from=row.valid_from,
    )
    entry = Entry(change.party_id, told, viewer.name, viewer.party_id, debtor_id=change.party_id)
    append(session, [entry], change.request_id)
    return True


def vars_of(account: Account) -> dict[str, str]:
    """Return an account as it is sealed."""
    return {"holder": account.holder, "bank": account.bank, "number": account.number}


def _before(session: Session, party_id: UUID) -> str:
    found = _listed(session, party_id)
    return found[0].shown if found else ""


def _listed(session: Session, party_id: UUID) -> list[RepaymentAccount]:
    newest = (
        select(RepaymentAccount)
        .where(RepaymentAccount.party_id == party_id, RepaymentAccount.sealed != b"")
        .order_by(
            col(RepaymentAccount.valid_from).desc(),
            col(RepaymentAccount.recorded_at).desc(),
            col(RepaymentAccount.id).desc(),
        )
        .limit(200)
    )
    return list(session.exec(newest))


def accounts(
    session: Session, viewer: Viewer, party_id: UUID, *, today: date
) -> list[dict[str, Any]]:
    """Return a party's accounts, the newest first, with what may be shown of their numbers.

    The party sees all it ever had; whoever owes it sees the one in force and those to come.

    Raises:
        NotFoundError: a party that the viewer is not and owes nothing, or none.
    """
    return [_plain(row) | {"account": row.shown} for row in _to(session, viewer, party_id, today)]


def read_account(
    session: Session,
    viewer: Viewer,
    party_id: UUID,
    account_id: UUID,
    *,
    today: date,
    request_id: str = "",
) -> dict[str, Any]:
    """Return an account with its whole number; that it was read is an event of both parties.

    Raises:
        NotFoundError: as `accounts`, or the party has no such account, or had it before.
    """
    found = [row for row in _to(session, viewer, party_id, today) if row.id == account_id]
    if not found:
        raise NotFoundError("There is no such account.", "没有该账户。")
    (row,) = found
    _tell_read(
        session,
        viewer,
        AccountRead(party_id=party_id, account_id=row.id, account=row.shown),
        request_id,
    )
    return _plain(row)


def read_proposed(
    session: Session,
    viewer: Viewer,
    party_id: UUID,
    proposal_id: UUID,
    *,
    request_id: str = "",
) -> dict[str, Any]:
    """Return the account that a proposal of the viewer's party is about, with its whole number.

    As of one in force, that it was read is an event.

    Raises:
        NotFoundError: there is no such proposal, or it is another's, or about something else.
    """
    viewer.require("accounts.read")
    proposal = queries.find(session, viewer, proposal_id)
    if proposal is None or (proposal.command, proposal.party_id) != (ACCOUNT.code, party_id):
        raise NotFoundError("There is no such proposal.", "没有该申请。")
    given = arguments_of(session, proposal)
    told = AccountRead(party_id=party_id, account_id=given.id, account=shown(given.number))
    _tell_read(session, viewer, told, request_id)
    return {
        "id": given.id,
        "holder": given.holder,
        "bank": given.bank,
        "account": given.number,
        "valid_from": given.valid_from,
    }


def _tell_read(session: Session, viewer: Viewer, told: AccountRead, request_id: str) -> None:
    reader = None if viewer.party_id == told.party_id else viewer.party_id
    entry = Entry(told.party_id, told, viewer.name, viewer.party_id, reader, told.party_id)
    append(session, [entry], request_id)


def _to(
    session: Session, viewer: Viewer, party_id: UUID, today: date
) -> Sequence[RepaymentAccount]:
    """Return the accounts of a party that somebody may see, the newest first."""
    viewer.require("accounts.read")
    listed = _listed(session, party_id)
    if viewer.may("accounts.read", Whose(creditor_id=party_id, party_id=party_id)):
        return listed
    parties = {"debtor_id": viewer.party_id, "creditor_id": party_id}
    owes = session.connection().execute(_OWES, parties).scalar_one()
    debtor_id = viewer.party_id if owes else None
    if not viewer.may("accounts.read", Whose(debtor_id, party_id, party_id)):
        raise _no_party()
    past = [number for number, row in enumerate(listed) if row.valid_from <= today]
    return listed[: past[0] + 1] if past else listed


def _plain(row: RepaymentAccount) -> dict[str, Any]:
    plain = json.loads(unseal(row.sealed, of=_purpose(row.id)))
    return {
        "id": row.id,
        "holder": plain["holder"],
        "bank": plain["bank"],
        "account": plain["number"],
        "valid_from": row.valid_from,
    }
