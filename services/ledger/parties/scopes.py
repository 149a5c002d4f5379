"""What regulators are appointed to: a region, an area of the interface, a first and a last day.

A regulator without any sees nothing. A region is one of today: parties written under codes that
were merged into it belong to it (`RegionTable.successors`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from services.events import (
    ApiKeyAppointed,
    ApiKeyAppointmentEnded,
    Data,
    UserAppointed,
    UserAppointmentEnded,
)
from services.ledger.access import AREAS, Viewer
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.ids import new_id
from services.ledger.law.regions import parse_scope
from services.ledger.log.service import Entry, append
from services.ledger.parties.keys import subject_of
from services.ledger.parties.models import RegulatorScope
from services.ledger.parties.users import check_administers
from services.ledger.policy import MACHINE, Relation, relation

NO_END: Final = date.max


class AppointmentError(LedgerError):
    """An area that there is not, days that do not ascend, or somebody who is no regulator."""

    code = "APPOINTMENT_INVALID"


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment as administrators see it."""

    id: UUID
    who: str
    """The login of a person, or what is shown of a key."""
    region: str
    """What a GB/T 2260 code starts with; '': the whole country."""
    area: str
    """One of `access.AREAS`; '': all of them, and the console."""
    from_on: date
    until_on: date
    ended_at: datetime | None

    def holds(self, *, on: date) -> bool:
        """Say whether it shows anything on a day."""
        return self.ended_at is None and self.from_on <= on <= self.until_on


_HOLDERS: Final = """
    SELECT key_hash AS holder, prefix AS who, name, role, revoked_at IS NULL AS open
    FROM api_keys WHERE prefix IS NOT NULL
    UNION ALL SELECT uuid_send(id), login, '', role, true FROM users
"""
_HOLDER: Final = text(
    f"SELECT * FROM ({_HOLDERS}) h WHERE h.who = :who AND h.open ORDER BY h.name = '' LIMIT 1"
)
_LIST: Final = text(
    f"""
    SELECT s.id, h.who, s.region, s.function AS area, s.from_on, s.until_on, s.ended_at
    FROM regulator_scopes s JOIN ({_HOLDERS}) h ON h.holder = s.holder
    WHERE CAST(:who AS varchar) IS NULL OR h.who = :who
    ORDER BY h.who, s.from_on, s.id
    """
)
_END: Final = text(
    f"""
    WITH ended AS (
      UPDATE regulator_scopes SET ended_at = :at WHERE id = :id AND ended_at IS NULL
      RETURNING holder)
    SELECT h.* FROM ended e JOIN ({_HOLDERS}) h ON h.holder = e.holder ORDER BY h.who
    """
)


def _check(by: Viewer) -> None:
    if by.role != MACHINE:
        check_administers(by, role="regulator", duty="", party_id=None)


def _entry(holder: RowMapping, of_person: Data, of_key: Data, by: Viewer) -> Entry:
    is_key = bool(holder["name"])
    subject = subject_of(holder["holder"]) if is_key else UUID(bytes=holder["holder"])
    return Entry(subject, of_key if is_key else of_person, str(by.user_id or by.name))


def appoint(
    session: Session,
    by: Viewer,
    who: str,
    *,
    region: str,
    area: str,
    from_on: date,
    until_on: date = NO_END,
) -> Appointment:
    """Let a regulator see debtors of a region, from the first to the last day; it counts at once.

    Args:
        who: the login of a person, or what is shown of a key.
        region: what a GB/T 2260 code starts with, of up to six digits; '': the whole country.
        area: one of `access.AREAS`; '': all of them, and the console.

    Raises:
        NotAllowedError: the security administrator does this, and the machine.
        NotFoundError: there is no such person or key.
        RegionError: no region starts so.
        AppointmentError: an unknown area, days that do not ascend, or no regulator.
    """
    _check(by)
    prefix = parse_scope(region)
    _check_fields(area, from_on, until_on)
    holder = _regulator(session, who)
    made = Appointment(new_id(), who, prefix, area, from_on, until_on, None)
    session.add(
        RegulatorScope(
            holder=holder["holder"],
            id=made.id,
            region=prefix,
            function=area,
            from_on=from_on,
            until_on=until_on,
        )
    )
    session.flush()
    said = {
        "appointment_id": made.id,
        "region": prefix,
        "area": area,
        "from_on": from_on,
        "until_on": until_on,
    }
    of_key = ApiKeyAppointed(name=holder["name"] or who, **said)
    append(session, [_entry(holder, UserAppointed(**said), of_key, by)])
    return made


def _check_fields(area: str, from_on: date, until_on: date) -> None:
    if area not in ("", *AREAS):
        raise AppointmentError(
            f"There is no area {area[:40]!r}; there are: {', '.join(AREAS)}.",
            f"职能范围{area[:40]!r}不存在；可用：{'、'.join(AREAS)}。",
            field="area",
        )
    if from_on > until_on:
        raise AppointmentError(
            f"The last day {until_on} lies before the first, {from_on}; change one of them.",
            f"截止日{until_on}早于起始日{from_on}；请更改其一。",
            field="until_on",
        )


def _regulator(session: Session, who: str) -> RowMapping:
    holder = session.connection().execute(_HOLDER, {"who": who}).mappings().one_or_none()
    if holder is None:
        raise NotFoundError(
            f"Nobody signs in as {who[:200]}, and no key that counts is shown so.",
            f"没有用户或有效密钥{who[:200]}。",
        )
    if relation("book.read", holder["role"]) is not Relation.REGION:
        raise AppointmentError(
            f"{who} is of the role {holder['role']}; only regulators are appointed to regions.",
            f"{who}的角色是{holder['role']}；仅监管角色有辖区。",
            field="who",
        )
    return holder


def end(session: Session, by: Viewer, appointment_id: UUID, *, at: datetime) -> None:
    """End an appointment at once and for good, also of keys that a rolled key has become.

    Raises:
        NotAllowedError: the security administrator does this, and the machine.
        NotFoundError: there is none, or it has been ended.
    """
    _check(by)
    ended = session.connection().execute(_END, {"id": appointment_id, "at": at}).mappings().all()
    if not ended:
        raise NotFoundError(
            "There is no such appointment, or it has been ended.", "没有该任命，或已提前终止。"
        )
    of_person = UserAppointmentEnded(appointment_id=appointment_id)
    append(
        session,
        [
            _entry(
                holder,
                of_person,
                ApiKeyAppointmentEnded(name=holder["name"], appointment_id=appointment_id),
                by,
            )
            for holder in ended
        ],
    )


def listed(session: Session, by: Viewer, who: str | None = None) -> list[Appointment]:
    """Return the appointments of one person or key, or of all, also those that are over.

    Raises:
        NotAllowedError: the security administrator reads these, and the machine.
    """
    _check(by)
    rows = session.connection().execute(_LIST, {"who": who}).mappings()
    return [Appointment(**row) for row in rows]
