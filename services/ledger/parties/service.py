"""Register parties, platforms' and people's sign-ins, and machine keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from services.events import ApiKeyAdded, PartyContactChanged, PartyRegistered, UserAdded
from services.ledger.access import OPERATOR, Viewer
from services.ledger.errors import LedgerError, NotFoundError, ReusedIdError
from services.ledger.identification import digest
from services.ledger.ids import new_id
from services.ledger.law.regions import parse_region
from services.ledger.law.uscc import parse_uscc
from services.ledger.log.service import Entry, append
from services.ledger.parties import keys, outside, passwords, users
from services.ledger.parties.models import KINDS, Party, PartyIdentifier, User
from services.ledger.policy import Whose


class PartyKindError(LedgerError):
    """A kind of party the Regulation's gate does not know."""

    code = "PARTY_KIND_INVALID"


class ContactError(LedgerError):
    """Somebody says where the notices of another party go."""

    code = "CONTACT_NOT_YOURS"
    status = 403


class IdentifierTakenError(LedgerError):
    """An identifier that another party has."""

    code = "IDENTIFIER_TAKEN"
    status = 409


@dataclass(frozen=True, slots=True)
class Registration:
    """A party about to be registered, with its identifiers by scheme ("USCC" is checked)."""

    id: UUID
    name: str
    kind: str
    domestic: bool = True
    region: str = ""
    email: str = ""
    identifiers: Mapping[str, str] = field(default_factory=dict)


def register(session: Session, viewer: Viewer, new: Registration, request_id: str = "") -> bool:
    """Register a party; return False if it was there with the same facts.

    Whoever may say where its notices go says so with the same facts again.

    Raises:
        ContactError: it is not the viewer's to say where the party's notices go.
        UsccError: a wrong 统一社会信用代码.
        RegionError: a region that is no code of GB/T 2260; one since abolished is taken.
        IdentifierTakenError: an identifier is another party's.
        ReusedIdError: the id names another party.
    """
    viewer.require("parties.register")
    if new.kind not in KINDS:
        raise PartyKindError(
            f"A party cannot be of kind {new.kind!r}; known: {', '.join(KINDS)}.",
            f"主体类型{new.kind!r}不存在；可用：{'、'.join(KINDS)}。",
            field="kind",
        )
    identifiers = {
        scheme: parse_uscc(value).code if scheme == "USCC" else value
        for scheme, value in new.identifiers.items()
    }
    known = session.get(Party, new.id)
    if known is not None:
        if (known.name, known.kind, known.domestic) != (new.name, new.kind, new.domestic):
            # Whose it is, is not said: whoever tries ids would learn who takes part.
            raise ReusedIdError(
                f"The id {new.id} already names another party; use an id of its own.",
                f"编号{new.id}已用于另一主体；请使用新编号。",
                field="id",
            )
        if new.email not in {"", known.email}:
            _check_contact(viewer, new)
            _change_contact(session, viewer, known, new.email, request_id)
        return False
    if viewer.party_id is not None:
        _check_contact(viewer, new)
    _refuse_taken(session, identifiers)
    session.add(
        Party(
            id=new.id,
            name=new.name,
            kind=new.kind,
            domestic=new.domestic,
            region=parse_region(new.region) if new.region else "",
            email=new.email,
        )
    )
    session.flush()
    for scheme, value in identifiers.items():
        session.add(PartyIdentifier(scheme=scheme, value=value, party_id=new.id))
    session.flush()
    event = PartyRegistered(
        party_id=new.id, name=new.name, roles=(new.kind,), email=new.email or None
    )
    append(
        session, [Entry(new.id, event, viewer.name, viewer.party_id, debtor_id=new.id)], request_id
    )
    return True


def _check_contact(viewer: Viewer, new: Registration) -> None:
    """Refuse an address from anybody but the party's administrator or key, or the machine itself.

    Whoever registered a party first would otherwise read what others tell it.
    """
    keeps = viewer.user_id is None or viewer.duty == "administrator"
    if new.email and not (keeps and viewer.may("contacts.keep", Whose(party_id=new.id))):
        raise ContactError(
            "Where a party's notices go is said by its own administrator or key, or by the operator"
            " who registers it; leave the e-mail address out.",
            "主体的通知邮箱由其管理员或密钥登记，或由登记该主体的运营人员登记；请去掉电子邮箱。",
            field="email",
        )


def _change_contact(
    session: Session, viewer: Viewer, party: Party, email: str, request_id: str
) -> None:
    party.email = email
    session.add(party)
    session.flush()
    told = PartyContactChanged(party_id=party.id, name=party.name, email=email)
    entry = Entry(party.id, told, viewer.name, viewer.party_id, debtor_id=party.id)
    append(session, [entry], request_id)


def _refuse_taken(session: Session, identifiers: Mapping[str, str]) -> None:
    for scheme, value in identifiers.items():
        if session.get(PartyIdentifier, (scheme, value)) is not None:
            raise IdentifierTakenError(
                f"The identifier {scheme} {value} is another party's; look that party up instead.",
                f"标识{scheme} {value}已属于另一主体；请查询该主体。",
                field="identifiers",
            )


def find(session: Session, scheme: str, value: str) -> Party:
    """Return the party with an identifier.

    Raises:
        NotFoundError: no party has it.
    """
    matching = (
        select(Party)
        .join(PartyIdentifier, col(PartyIdentifier.party_id) == col(Party.id))
        .where(PartyIdentifier.scheme == scheme, PartyIdentifier.value == value)
    )
    party = session.exec(matching).one_or_none()
    if party is None:
        raise NotFoundError(
            f"No party has the identifier {scheme} {value}; register it first.",
            f"没有标识为{scheme} {value}的主体；请先登记。",
        )
    return party


def add_user(
    session: Session,
    *,
    login: str,
    role: str,
    party_id: UUID | None,
    password: str,
    duty: str = "",
    initial: bool = False,
    by: Viewer = OPERATOR,
) -> UUID:
    """Add a person who signs in, or give one who does a new password; return the id.

    Args:
        initial: somebody else knows the password, so that it opens nothing but choosing another.

    Raises:
        WeakPasswordError: the password can be guessed.
        RoleAndPartyError: the role, duty and party do not go together, or are not the person's.
        LoginTakenError: somebody of another party signs in so.
    """
    passwords.check_strength(password, login=login)
    actor = by.user_id or by.name
    user = session.exec(select(User).where(User.login == login)).one_or_none()
    if user is not None:
        if (role, party_id) != (user.role, user.party_id) or duty not in {"", user.duty}:
            raise users.RoleAndPartyError(
                f"{login} is {user.role} {user.duty} already; a new password changes neither role"
                " nor party nor duty. Name these, or add another user.",
                f"用户{login}已是{user.role} {user.duty}；重设密码不改变角色、主体与职责。"
                "请按现有内容填写，或新增用户。",
            )
        users.set_password(session, user, passwords.hashed(password), initial=initial, actor=actor)
        return user.id
    users.check_role(role, duty, party_id)
    user = User(
        id=new_id(),
        login=login,
        role=role,
        duty=duty,
        party_id=party_id,
        password_hash=passwords.hashed(password),
        password_initial=initial,
    )
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
    except IntegrityError as error:  # Somebody's of a party whose people are not seen here.
        raise users.taken(login) from error
    outside.note(session, user, actor, added=True)
    event = UserAdded(role=role, duty=duty, party_id=party_id)
    append(session, [Entry(user.id, event, str(actor), by.party_id, debtor_id=party_id)])
    return user.id


def add_api_key(
    session: Session,
    *,
    name: str,
    role: str,
    party_id: UUID | None,
    token: str,
    by: Viewer = OPERATOR,
) -> None:
    """Let a machine in with a token; only the token's hash is kept. Again changes nothing."""
    added = session.connection().execute(
        text(
            "WITH used AS (INSERT INTO uses (digest) VALUES (:hash) ON CONFLICT DO NOTHING)"
            " INSERT INTO api_keys (key_hash, name, role, party_id)"
            " VALUES (:hash, :name, :role, :party_id) ON CONFLICT DO NOTHING"
        ),
        {"hash": digest(token), "name": name, "role": role, "party_id": party_id},
    )
    if added.rowcount:
        event = ApiKeyAdded(name=name, role=role, party_id=party_id)
        append(session, [Entry(keys.subject_of(digest(token)), event, by.name, by.party_id)])


def get(session: Session, party_id: UUID) -> Party:
    """Return a party by its id.

    Raises:
        NotFoundError: there is none.
    """
    party = session.get(Party, party_id)
    if party is None:
        raise NotFoundError("No such party.", "没有该主体。")
    return party
