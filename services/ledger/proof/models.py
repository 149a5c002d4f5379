"""The tables of the proof: the tree, what is signed of it, and what can be forgotten."""

from uuid import UUID

from sqlalchemy import BigInteger, SmallInteger
from sqlmodel import Field, SQLModel


class TileRow(SQLModel, table=True):
    """Up to 256 hashes of the tree, side by side; see `tree`."""

    __tablename__ = "tiles"

    level: int = Field(primary_key=True, sa_type=SmallInteger)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    hashes: bytes


class LogKey(SQLModel, table=True):
    """A public key of the log, in a note signed by the key before it; the first signs itself."""

    __tablename__ = "log_keys"

    number: int = Field(primary_key=True)
    note: str


class Checkpoint(SQLModel, table=True):
    """What the log signed of itself at a size; root and time are in the note alone."""

    __tablename__ = "checkpoints"

    number: int = Field(primary_key=True)
    """Gapless from 1, so that one left out is missed."""
    size: int = Field(unique=True, sa_type=BigInteger)
    note: str


class Cosignature(SQLModel, table=True):
    """A witness's line under a checkpoint."""

    __tablename__ = "cosignatures"

    size: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="checkpoints.size")
    witness: str = Field(primary_key=True)
    """The witness's public key, by which the line can be checked for ever."""
    line: str


class Salt(SQLModel, table=True):
    """What makes a person's values in the leaves unguessable; deleted with them."""

    __tablename__ = "salts"

    owner: str = Field(primary_key=True)
    """``actor:NAME`` or ``subject:UUID``."""
    salt: bytes


class Erasure(SQLModel, table=True):
    """What a leaf has in place of a value that was erased."""

    __tablename__ = "erasures"

    event_id: UUID = Field(primary_key=True)
    field: str = Field(primary_key=True)
    commitment: bytes
