"""People's sign-ins: who may add and change whose, and what becomes of open sessions.

Three administrators have separate duties: the operator keeps tenants, the security administrator
people and keys, the audit administrator reads the log. None acts for a tenant: of a party's people
the security administrator keeps its administrators only, and what it does to them waits: `outside`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, select

from services.events import UserPasswordSet
from services.ledger.access import NotAllowedError, Viewer
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.log.service import Entry, append
from services.ledger.parties import outside, passwords, second_factor, sessions
from services.ledger.parties.models import User, UserLink
from services.ledger.policy import FOR_A_PARTY, FOR_PEOPLE, Relation

DUTIES: Final = ("", "maker", "checker", "administrator")


class LoginTakenError(LedgerError):
    """A name somebody else signs in with."""

    code = "LOGIN_TAKEN"
    status = 409


class OwnAccountError(LedgerError):
    """An administrator changes their own rights, which another one has to."""

    code = "OWN_ACCOUNT"
    status = 409


class RoleAndPartyError(LedgerError):
    """A role that acts for a party without one, one that acts for nobody with one, or a duty."""

    code = "ROLE_AND_PARTY"


@dataclass(frozen=True, slots=True)
class Person:
    """A person as administrators see them."""

    id: UUID
    login: str
    role: str
    duty: str
    party_id: UUID | None
    outside_at: datetime | None
    has_second_factor: bool
    has_password: bool
    disabled_at: datetime | None


def check_role(role: str, duty: str, party_id: UUID | None) -> None:
    """Refuse a role, duty and party that do not go together.

    Raises:
        RoleAndPartyError: they do not.
    """
    if role not in FOR_PEOPLE:
        raise RoleAndPartyError(f"No person is of the role {role}.", f"用户不能是角色{role}。")
    if (party_id is not None) != (role in FOR_A_PARTY):
        raise RoleAndPartyError(
            f"The role {role} acts for {'a party; name it' if party_id is None else 'nobody'}.",
            f"角色 {role} {'须指明所代表的主体' if party_id is None else '不代表任何主体'}。",
        )
    if duty not in DUTIES or (duty and party_id is None):
        raise RoleAndPartyError(
            f"The duty {duty!r} is none of a party's: {', '.join(DUTIES[1:])}.",
            f"职责{duty!r}不存在；主体内的职责为：{'、'.join(DUTIES[1:])}。",
        )


def check_administers(viewer: Viewer, *, role: str, duty: str, party_id: UUID | None) -> None:
    """Refuse unless a viewer keeps people (or, without a duty, keys) of a role and party.

    A key never administers: what one leaks could then make others.

    Raises:
        NotAllowedError: the viewer does not.
    """
    person = viewer.user_id is not None
    own_party = viewer.party_id is not None and viewer.party_id == party_id
    if person and own_party and viewer.duty == "administrator" and viewer.role == role:
        return
    nobodys = party_id is None or duty == "administrator"
    if person and _keeps_nobodys(viewer) and nobodys:
        return
    raise NotAllowedError(
        "People and keys of a party are kept by its administrator; those of nobody's party, and the"
        " administrators of a party, by the security administrator.",
        "主体的用户与密钥由其管理员管理；其余用户及主体的管理员由安全管理员管理。",
    )


_PEOPLE: Final = text(
    """
    SELECT id, login, role, duty, party_id, outside_at, disabled_at,
      totp_secret IS NOT NULL AS has_second_factor, password_hash <> '' AS has_password
    FROM users
    WHERE CASE WHEN CAST(:party_id AS uuid) IS NULL
      THEN party_id IS NULL OR duty = 'administrator' ELSE party_id = :party_id END
    ORDER BY disabled_at IS NOT NULL, role, login
    """
)


def _keeps_nobodys(viewer: Viewer) -> bool:
    return viewer.relation("people.keep") is Relation.NOBODYS


def may_administer(viewer: Viewer) -> bool:
    """Say whether a viewer keeps anybody's sign-in."""
    keeps = _keeps_nobodys(viewer) or viewer.duty == "administrator"
    return viewer.user_id is not None and keeps


def people(session: Session, viewer: Viewer) -> list[Person]:
    """Return the people whose sign-ins a viewer keeps.

    Raises:
        NotAllowedError: the viewer keeps none.
    """
    check_administers(viewer, role=viewer.role, duty="administrator", party_id=viewer.party_id)
    rows = session.connection().execute(_PEOPLE, {"party_id": viewer.party_id})
    return [Person(**row) for row in rows.mappings()]


def kept_by(session: Session, viewer: Viewer, user_id: UUID) -> User:
    """Return a person for a change by somebody who keeps their sign-in, and is not the same.

    Raises:
        NotFoundError: there is none, or somebody else keeps it.
        OwnAccountError: it is the viewer's own.
    """
    user = session.get(User, user_id, with_for_update=True)
    try:
        if user is not None:
            check_administers(viewer, role=user.role, duty=user.duty, party_id=user.party_id)
    except NotAllowedError:
        user = None
    if user is None:
        raise NotFoundError("There is no such user.", "没有该用户。")
    if user.id == viewer.user_id:
        raise OwnAccountError(
            "Nobody changes their own rights; another administrator has to.",
            "不得更改自己的权限；须由另一名管理员办理。",
        )
    return user


def own(session: Session, viewer: Viewer) -> User:
    """Return the row of a signed-in person, held for a change of their own.

    Raises:
        NotAllowedError: it is a machine.
    """
    user = (
        None if viewer.user_id is None else session.get(User, viewer.user_id, with_for_update=True)
    )
    if user is None:
        raise NotAllowedError("Only a person has an account.", "仅用户有账户。")
    return user


def check_free(session: Session, login: str) -> None:
    """Refuse a name that somebody signs in with; administrators may know that one is taken.

    Raises:
        LoginTakenError: somebody does.
    """
    if session.exec(select(User.id).where(User.login == login)).one_or_none() is not None:
        raise taken(login)


def taken(login: str) -> LoginTakenError:
    """Return the refusal of a name that somebody has."""
    return LoginTakenError(
        f"Somebody signs in as {login}; choose another name.",
        f"用户名{login}已被使用；请另选。",
        field="login",
    )


def by_login(session: Session, login: str) -> User:
    """Return a person by the name they sign in with.

    Raises:
        NotFoundError: there is none.
    """
    user = session.exec(select(User).where(User.login == login)).one_or_none()
    if user is None:
        raise NotFoundError(f"Nobody signs in as {login}.", f"没有用户{login}。")
    return user


def set_password(
    session: Session,
    user: User,
    password_hash: str,
    *,
    initial: bool,
    actor: UUID | str,
    keep_token: str = "",
    keep_browser: str = "",
) -> None:
    """Give a person a new password; all their sign-ins end, but the one given.

    Args:
        initial: somebody else knows it, so that it opens nothing but choosing another.
    """
    user.password_hash, user.password_initial = password_hash, initial
    session.add(user)
    session.flush()
    sessions.end_others(
        session, user.id, cause="password_set", but_token=keep_token, but_browser=keep_browser
    )
    outside.note(session, user, actor)
    event = UserPasswordSet(role=user.role, party_id=user.party_id)
    of = outside.party_of(session, actor)
    append(session, [Entry(user.id, event, str(actor), of, debtor_id=user.party_id)])


def reset_password(session: Session, user: User, *, actor: UUID | str) -> str:
    """Give a person a password that is good for choosing another, and return it."""
    made = passwords.made_password()
    set_password(session, user, passwords.hashed(made), initial=True, actor=actor)
    return made


def set_duty(session: Session, user: User, duty: str, *, actor: UUID | str) -> None:
    """Give a person another duty within the party; open sign-ins have it at once.

    Raises:
        RoleAndPartyError: there is no such duty, or no party.
    """
    check_role(user.role, duty, user.party_id)
    user.duty = duty
    session.add(user)
    session.flush()
    if second_factor.is_required(user) and user.totp_secret is None:
        sessions.end_others(session, user.id, cause="duty_set")
    second_factor.told(session, user, "duty_set", actor=actor)


def set_disabled(session: Session, user: User, *, at: datetime | None, actor: UUID | str) -> None:
    """Close or open somebody's account; every sign-in of a closed one ends at once."""
    user.disabled_at = at
    session.add(user)
    session.flush()
    outside.note(session, user, actor, closed=at is not None)
    if at is not None:
        sessions.end_others(session, user.id, cause="disabled")
    second_factor.told(session, user, "enabled" if at is None else "disabled", actor=actor)


def link(session: Session, user: User, issuer: str, subject: str, *, actor: UUID | str) -> None:
    """Let a person of the single sign-on in as an existing user; one is never made by it.

    Raises:
        LoginTakenError: that person is somebody else here.
    """
    known = session.get(UserLink, (issuer, subject))
    if known is not None and known.user_id != user.id:
        raise LoginTakenError(
            "That identity is linked to another user; unlink it there first.",
            "该身份已关联其他用户；请先解除关联。",
        )
    if known is None:
        session.add(UserLink(issuer=issuer, subject=subject, user_id=user.id))
        session.flush()
        second_factor.told(session, user, "linked", actor=actor)


def linked(session: Session, issuer: str, subject: str) -> User | None:
    """Return whom a person of the single sign-on is here, if anyone whose account is open."""
    known = session.get(UserLink, (issuer, subject))
    user = session.get(User, known.user_id) if known else None
    return None if user is None or user.disabled_at is not None else user


def links(session: Session, user: User, issuer: str) -> int:
    """Return how many identities at the single sign-on a person is here."""
    mine = select(UserLink).where(UserLink.user_id == user.id, UserLink.issuer == issuer)
    return len(session.exec(mine).all())


def unlink(session: Session, user: User) -> None:
    """Let no identity of the single sign-on in as a person any more."""
    gone = text("DELETE FROM user_links WHERE user_id = :id")
    if session.connection().execute(gone, {"id": user.id}).rowcount:
        second_factor.told(session, user, "unlinked", actor=user.id)
