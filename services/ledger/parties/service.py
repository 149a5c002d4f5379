"""Register parties, platforms' and people's sign-ins, and machine keys."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import text
from sqlmodel import Session, col, select

from services.events import ApiKeyAdded, PartyRegistered, UserAdded, UserPasswordSet
from services.ledger.access import OPERATOR, NotSignedInError, Viewer, digest
from services.ledger.errors import LedgerError, NotFoundError, ReusedIdError
from services.ledger.ids import id_of, new_id
from services.ledger.law.uscc import parse_uscc
from services.ledger.log.service import Entry, append
from services.ledger.parties.models import KINDS, Party, PartyIdentifier, User

_HASHER: Final = PasswordHasher()


class PartyKindError(LedgerError):
    """A kind of party the Regulation's gate does not know."""

    code = "PARTY_KIND_INVALID"


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

    Raises:
        UsccError: a wrong 统一社会信用代码.
        IdentifierTakenError: an identifier is another party's.
        ReusedIdError: the id names another party.
    """
    viewer.require("operator", "core_enterprise")
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
        return False
    _refuse_taken(session, identifiers)
    session.add(
        Party(
            id=new.id,
            name=new.name,
            kind=new.kind,
            domestic=new.domestic,
            region=new.region,
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
    by: Viewer = OPERATOR,
) -> UUID:
    """Add a person who signs in, or change the password of one who does; return the id."""
    user = session.exec(select(User).where(User.login == login)).one_or_none()
    told = UserAdded if user is None else UserPasswordSet
    if user is None:
        user = User(id=new_id(), login=login, role=role, party_id=party_id, password_hash="")
    user.password_hash = _HASHER.hash(password)
    session.add(user)
    session.flush()
    event = told(role=user.role, party_id=user.party_id)
    append(session, [Entry(user.id, event, by.name, by.party_id)])
    return user.id


@cache
def _nobody() -> str:
    """The hash checked for an unknown login, which so takes as long as a wrong password."""
    return _HASHER.hash(secrets.token_urlsafe(16))


def check_password(session: Session, login: str, password: str) -> User:
    """Return who signs in with a login and password.

    Raises:
        NotSignedInError: one of the two is wrong; which is not said.
    """
    user = session.exec(select(User).where(User.login == login)).one_or_none()
    try:
        _HASHER.verify(user.password_hash if user else _nobody(), password)
    except VerificationError:
        user = None
    if user is None:
        raise NotSignedInError("The name or password is wrong.", "用户名或密码错误。")
    return user


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
            "INSERT INTO api_keys (key_hash, name, role, party_id)"
            " VALUES (:hash, :name, :role, :party_id) ON CONFLICT DO NOTHING"
        ),
        {"hash": digest(token), "name": name, "role": role, "party_id": party_id},
    )
    if added.rowcount:
        # Derived from the hash, which it does not give away: it is a hash of that.
        subject_id = id_of("api_key", digest(token).hex())
        event = ApiKeyAdded(name=name, role=role, party_id=party_id)
        append(session, [Entry(subject_id, event, by.name, by.party_id)])


def get(session: Session, party_id: UUID) -> Party:
    """Return a party by its id.

    Raises:
        NotFoundError: there is none.
    """
    party = session.get(Party, party_id)
    if party is None:
        raise NotFoundError("No such party.", "没有该主体。")
    return party
