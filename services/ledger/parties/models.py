"""Enterprises and public bodies, how they are identified, and who signs in for them."""

from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, func
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
    """A person who signs in for a party, or for nobody (operators, regulators)."""

    __tablename__ = "users"

    id: UUID = Field(primary_key=True)
    login: str = Field(unique=True)
    role: str
    party_id: UUID | None = Field(default=None, foreign_key="parties.id")
    region: str = ""
    password_hash: str


class SignIn(SQLModel, table=True):
    """A browser that is signed in; only the hash of its token is kept."""

    __tablename__ = "sessions"
    __table_args__ = (Index("sessions_user", "user_id"),)

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    user_id: UUID = Field(foreign_key="users.id")
    expires_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))


class ApiKey(SQLModel, table=True):
    """A machine's key; only its hash is kept."""

    __tablename__ = "api_keys"

    key_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    name: str
    role: str
    party_id: UUID | None = Field(default=None, foreign_key="parties.id")
    region: str = ""
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )
    revoked_at: AwareDatetime | None = Field(default=None, sa_type=DateTime(timezone=True))
