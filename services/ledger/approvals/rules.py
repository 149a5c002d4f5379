"""Which commands need whose approval: dated rules of a party, and what holds without one."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.events import ApprovalRuleSet, ApprovalSubstituteSet
from services.ledger.access import NotAllowedError, Viewer
from services.ledger.approvals.gate import require
from services.ledger.approvals.kinds import EVERY, KINDS, RULE, SUBSTITUTE, Effect
from services.ledger.approvals.models import RuleRow, SubstituteRow
from services.ledger.errors import LedgerError, NotFoundError, ReusedIdError
from services.ledger.log.service import Entry, append
from services.ledger.money import format_fen
from services.ledger.parties.models import User
from services.ledger.policy import Whose

MOST_APPROVERS: Final = 5


class RuleInvalidError(LedgerError):
    """A rule that cannot be."""

    code = "APPROVAL_RULE_INVALID"


@dataclass(frozen=True, slots=True)
class NewRule:
    """A rule about to be set, from a day on."""

    id: UUID
    command: str
    valid_from: date | None
    """None: from the day it is approved."""
    holds_for: str
    steps: tuple[tuple[int, int], ...]
    """(above how many fen, how many approvers), the first above 0."""
    expiry_hours: int
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class NewSubstitute:
    """Who may stand in for whom, the days included."""

    id: UUID
    principal_id: UUID
    stand_in_id: UUID
    from_on: date
    to_on: date
    request_id: str = ""


def administers(viewer: Viewer) -> None:
    """Refuse unless a viewer keeps the rules of a party, or of the installation.

    Raises:
        NotAllowedError: it does not; a key never does.
    """
    own = viewer.duty == "administrator" or viewer.party_id is None
    may = viewer.may("approvals.decide", Whose(party_id=viewer.party_id))
    if viewer.user_id is None or not (own and may):
        raise NotAllowedError(
            "Rules of approval are kept by a party's administrators, those of the installation by"
            " its operators.",
            "审批规则由主体的管理员维护；平台自身的规则由运营人员维护。",
        )


def _check(rule: NewRule) -> None:
    if rule.command != EVERY and rule.command not in KINDS:
        raise RuleInvalidError(
            f"There is no command {rule.command!r}; known: {EVERY}, {', '.join(KINDS)}.",
            f"没有操作{rule.command!r}；可用：{EVERY}、{'、'.join(KINDS)}。",
            field="command",
        )
    amounts = [above for above, _ in rule.steps]
    counts = [count for _, count in rule.steps]
    ascending = amounts == sorted(set(amounts)) and counts == sorted(counts)
    if not amounts or amounts[0] != 0 or not ascending or not min(counts) >= 1:
        raise RuleInvalidError(
            "Steps begin above 0.00, go up, and never ask for fewer approvers above.",
            "阶梯须自0.00起、金额递增，且较高金额所需复核人数不得减少。",
            field="steps",
        )
    if max(counts) > MOST_APPROVERS:
        raise RuleInvalidError(
            f"A step asks for at most {MOST_APPROVERS} approvers.",
            f"每级至多{MOST_APPROVERS}名复核人。",
            field="steps",
        )


def set_rule(session: Session, viewer: Viewer, rule: NewRule, *, today: date) -> None:
    """Add a rule of the viewer's party, or of the installation; the same again changes nothing.

    Raises:
        NotAllowedError: the viewer does not keep rules.
        RuleInvalidError: the rule cannot be, or would begin in the past.
        ReusedIdError: the id names another rule.
    """
    administers(viewer)
    _check(rule)
    row = RuleRow(
        id=rule.id,
        party_id=viewer.party_id,
        command=rule.command,
        valid_from=rule.valid_from or today,
        holds_for=rule.holds_for,
        steps=[list(step) for step in rule.steps],
        expiry_hours=rule.expiry_hours,
    )
    known = session.get(RuleRow, rule.id)
    if known is not None and rule.valid_from is None:
        row.valid_from = known.valid_from
    if _known(known, row):
        return
    if row.valid_from < today:
        raise RuleInvalidError(
            f"A rule cannot begin on {row.valid_from}, which has passed.",
            f"规则不得自已过去的{row.valid_from}起生效。",
            field="valid_from",
        )
    said = "；".join(f">{format_fen(above)}: {count}" for above, count in rule.steps)
    effect = Effect(
        rule.id,
        {
            "command": rule.command,
            "valid_from": rule.valid_from.isoformat() if rule.valid_from else "",
            "holds_for": rule.holds_for,
            "steps": said,
            "expiry_hours": str(rule.expiry_hours),
        },
    )
    require(session, viewer, RULE, effect)
    session.add(row)
    session.flush()
    told = ApprovalRuleSet(
        command=rule.command,
        valid_from=row.valid_from.isoformat(),
        holds_for=rule.holds_for,
        steps=tuple((format_fen(above), count) for above, count in rule.steps),
        expiry_hours=rule.expiry_hours,
    )
    entry = Entry(rule.id, told, viewer.name, viewer.party_id, debtor_id=viewer.party_id)
    append(session, [entry], rule.request_id)


def set_substitute(session: Session, viewer: Viewer, new: NewSubstitute, *, today: date) -> None:
    """Let somebody stand in for an approver; of a pair the last row counts, so it also ends one.

    Raises:
        NotAllowedError: the viewer does not keep rules.
        NotFoundError: one of the two is nobody of the party.
        RuleInvalidError: the days have passed or do not ascend, or both are one user.
        ReusedIdError: the id names another.
    """
    administers(viewer)
    row = SubstituteRow(
        id=new.id,
        party_id=viewer.party_id,
        principal_id=new.principal_id,
        stand_in_id=new.stand_in_id,
        from_on=new.from_on,
        to_on=new.to_on,
    )
    if _known(session.get(SubstituteRow, new.id), row):
        return
    if not today <= new.to_on or new.from_on > new.to_on or new.principal_id == new.stand_in_id:
        raise RuleInvalidError(
            "One stands in for somebody else, on days that ascend and have not passed.",
            "替代人须为他人；起止日须先后有序且未过去。",
            field="to_on",
        )
    names = [_of_party(session, viewer, one) for one in (new.principal_id, new.stand_in_id)]
    effect = Effect(
        new.principal_id,
        {
            "principal": names[0],
            "stand_in": names[1],
            "from_on": new.from_on.isoformat(),
            "to_on": new.to_on.isoformat(),
        },
    )
    require(session, viewer, SUBSTITUTE, effect)
    session.add(row)
    session.flush()
    told = ApprovalSubstituteSet(
        principal_id=new.principal_id,
        stand_in_id=new.stand_in_id,
        from_on=new.from_on.isoformat(),
        to_on=new.to_on.isoformat(),
    )
    entry = Entry(new.id, told, viewer.name, viewer.party_id, debtor_id=viewer.party_id)
    append(session, [entry], new.request_id)


def _known(known: RuleRow | SubstituteRow | None, row: RuleRow | SubstituteRow) -> bool:
    if known is None:
        return False
    if known.model_dump(exclude={"recorded_at"}) != row.model_dump(exclude={"recorded_at"}):
        raise ReusedIdError(
            f"The id {row.id} already names something else; use an id of its own.",
            f"编号{row.id}已用于其他内容；请使用新编号。",
            field="id",
        )
    return True


def _of_party(session: Session, viewer: Viewer, user_id: UUID) -> str:
    user = session.get(User, user_id)
    if user is None or user.party_id != viewer.party_id or user.disabled_at is not None:
        raise NotFoundError("There is no such user.", "没有该用户。")
    return user.login


_SUBSTITUTES: Final = text(
    """
    SELECT s.id, s.principal_id, p.login AS principal, s.stand_in_id, i.login AS stand_in,
      s.from_on, s.to_on
    FROM (
      SELECT DISTINCT ON (principal_id, stand_in_id) * FROM approval_substitutes
      WHERE party_id IS NOT DISTINCT FROM CAST(:party_id AS uuid)
      ORDER BY principal_id, stand_in_id, recorded_at DESC, id DESC
    ) s JOIN users p ON p.id = s.principal_id JOIN users i ON i.id = s.stand_in_id
    ORDER BY s.from_on DESC, s.id LIMIT 500
    """
)


def rules(session: Session, viewer: Viewer) -> list[RuleRow]:
    """Return the rules of the viewer's party, of each command the newest first."""
    if not viewer.may("approvals.read", Whose(party_id=viewer.party_id)):
        return []
    found = (
        select(RuleRow)
        .where(col(RuleRow.party_id).is_not_distinct_from(viewer.party_id))
        .order_by(
            col(RuleRow.command),
            col(RuleRow.valid_from).desc(),
            col(RuleRow.recorded_at).desc(),
            col(RuleRow.id).desc(),
        )
        .limit(500)
    )
    return list(session.exec(found))


def substitutes(session: Session, viewer: Viewer) -> list[dict[str, object]]:
    """Return who may stand in for whom in the viewer's party: of each pair what counts."""
    if not viewer.may("approvals.read", Whose(party_id=viewer.party_id)):
        return []
    rows = session.connection().execute(_SUBSTITUTES, {"party_id": viewer.party_id})
    return [dict(row) for row in rows.mappings()]
