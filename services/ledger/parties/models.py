"""Enterprises and public bodies, how they are identified, and who signs in for them."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlmodel import Field, SQLModel

KINDS = (
    "GOV",
    "INSTITUTION",
    "FISCAL_GROUP",
    "LARGE_SOE",
    "LARGE",
    "MEDIUM",
    "SMALL",
    "MICRO",
    "INDIVIDUAL",
    "MILITARY",
    "FINANCIER",
    "UNKNOWN",
)


class Party(SQLModel, table=True):
    """An enterprise, public body or financier; its kind at a signing is kept by the contract."""

    __tablename__ = "parties"
    __table_args__ = (CheckConstraint("name <> ''"),)

    id: UUID = Field(primary_key=True)
    name: str
    kind: str
    domestic: bool
    """Established in China, so that the Regulation can apply (decree 802, art. 2)."""
    region: str = ""
    """GB/T 2260 code; a regulator's scope is a prefix of it."""
    email: str = ""
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class PartyIdentifier(SQLModel, table=True):
    """A party's name in a scheme: its 统一社会信用代码, or its number in someone's system."""

    __tablename__ = "party_identifiers"
    __table_args__ = (Index("party_identifiers_party", "party_id"),)

    scheme: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    party_id: UUID = Field(foreign_key="parties.id")


class User(SQLModel, table=True):
    """A person who signs in for a party, or for nobody (operators, administrators, regulators)."""

    __tablename__ = "users"
    __table_args__ = (
        Index("users_checkers", "party_id", postgresql_where=text("duty = 'checker'")),
    )

    id: UUID = Field(primary_key=True)
    login: str = Field(unique=True)
    role: str
    party_id: UUID | None = Field(default=None, foreign_key="parties.id")
    region: str = ""
    """Nothing reads it: `RegulatorScope` says where a regulator looks. It goes with the next
    release, since the one before this still reads it."""
    password_hash: str
    """Empty: this person signs in elsewhere only."""
    duty: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """What the person does within the party: maker, checker or administrator; none said: ''."""
    password_initial: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Somebody else knows it; it must be changed before anything else."""
    totp_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Sealed (vault.py); set once a first code has shown that the person holds it."""
    totp_offered: bytes | None = Field(default=None, sa_type=LargeBinary)
    totp_step: int = Field(
        default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")}
    )
    """The time step of the last code taken; a code of this or an earlier one is a replay."""
    outside_at: AwareDatetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When somebody outside the party made or reset it and the party has not admitted it since."""
    disabled_at: AwareDatetime | None = Field(default=None, sa_type=DateTime(timezone=True))


def _stamped() -> Any:  # noqa: ANN401 (a column)
    return Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class SignIn(SQLModel, table=True):
    """A browser that is signed in; only the hash of its token is kept."""

    __tablename__ = "sessions"
    __table_args__ = (Index("sessions_user", "user_id"),)

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    user_id: UUID = Field(foreign_key="users.id")
    expires_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    started_at: AwareDatetime = _stamped()
    verified_at: AwareDatetime = _stamped()
    """When the person last proved who they are; administering needs it to be recent."""
    browser: str = Field(default="", sa_column_kwargs={"server_default": ""})
    address: str = Field(default="", sa_column_kwargs={"server_default": ""})


class Use(SQLModel, table=True):
    """When a key or sign-in was last used, nearly; apart, so that using one never keeps it."""

    __tablename__ = "uses"

    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    at: AwareDatetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class HalfSignIn(SQLModel, table=True):
    """A browser whose person has shown one factor of two; its token opens nothing else."""

    __tablename__ = "half_sign_ins"

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    user_id: UUID = Field(foreign_key="users.id")
    first_factor: str
    second_factor: bool
    """The code was shown; what is missing is a password of the person's own."""
    back: str
    expires_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))


class KnownBrowser(SQLModel, table=True):
    """A browser somebody has signed in from before: strangers' failures do not close its gate."""

    __tablename__ = "known_browsers"
    __table_args__ = (Index("known_browsers_user", "user_id"),)

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    user_id: UUID = Field(primary_key=True, foreign_key="users.id")
    seen_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))


class RecoveryCode(SQLModel, table=True):
    """A code in place of a lost second factor, once; it is deleted when it is used."""

    __tablename__ = "recovery_codes"

    user_id: UUID = Field(primary_key=True, foreign_key="users.id")
    code_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)


class Gate(SQLModel, table=True):
    """Failures of one login, browser or address, and until when it has to wait."""

    __tablename__ = "gates"

    bucket: bytes = Field(primary_key=True, sa_type=LargeBinary)
    """A hash: neither names nor addresses are kept."""
    failures: int
    failed_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    closed_until: AwareDatetime = Field(sa_type=DateTime(timezone=True))


class UserLink(SQLModel, table=True):
    """Who a person is at the single sign-on."""

    __tablename__ = "user_links"
    __table_args__ = (Index("user_links_user", "user_id"),)

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="users.id")
    linked_at: AwareDatetime = _stamped()


class ApiKey(SQLModel, table=True):
    """A machine's key; only its hash is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("prefix", name="api_keys_prefix"),)

    key_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    name: str
    role: str
    party_id: UUID | None = Field(default=None, foreign_key="parties.id")
    region: str = ""
    """As `User.region`."""
    recorded_at: AwareDatetime = _stamped()
    revoked_at: AwareDatetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    prefix: str | None = None
    """What of it may be shown, and how a signed request names it; none: a key of the machine."""
    scopes: list[str] | None = Field(default=None, sa_type=ARRAY(String))
    """Areas it may read or write, such as ``receivables:write``; none: all of its role."""
    networks: list[str] | None = Field(default=None, sa_type=ARRAY(String))
    """Where it may come from, in CIDR; none: anywhere."""
    expires_at: AwareDatetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    signing_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Sealed (vault.py); what its requests are signed with."""
    signed_only: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})


class RegulatorScope(SQLModel, table=True):
    """What a regulator sees of the book: debtors of a region, for one part of the ledger or all.

    A regulator sees what those rows say that hold today, and without any nothing.
    """

    __tablename__ = "regulator_scopes"
    __table_args__ = (
        CheckConstraint("region ~ '^[0-9]{0,6}$'"),
        CheckConstraint("from_on <= until_on"),
    )

    holder: bytes = Field(primary_key=True, sa_type=LargeBinary)
    """A key's hash, or a person's id in 16 bytes."""
    id: UUID = Field(primary_key=True)
    region: str
    """What a GB/T 2260 code starts with; '': the whole country."""
    function: str
    """One of `access.AREAS`; '': all of them, and the console."""
    from_on: date
    until_on: date
    ended_at: AwareDatetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """Taken back before its last day."""


class RequestNonce(SQLModel, table=True):
    """A signed request that has come; the same again is a replay."""

    __tablename__ = "request_nonces"

    key_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    nonce: str = Field(primary_key=True)
    expires_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
