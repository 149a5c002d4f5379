"""Financing platforms: who may be offered receivables, and whose each one is."""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import PlatformRegistered
from services.ledger.access import Viewer
from services.ledger.errors import LedgerError
from services.ledger.ids import new_id
from services.ledger.log.service import Entry, append


class PlatformOfAnotherError(LedgerError):
    """A platform of one party would become another's, with all that was offered to it."""

    code = "PLATFORM_OF_ANOTHER"
    status = 409

    def __init__(self, code: str, known_id: UUID, party_id: UUID | None) -> None:
        super().__init__(
            f"The platform {code} is of the party {known_id} and cannot become one of {party_id};"
            " register another code.",
            f"平台{code}属于主体{known_id}，不得改属主体{party_id}；请以新代码登记。",
            field="party_id",
        )


_PLATFORM_AS: Final = text(
    """
    INSERT INTO platforms (id, code, name, party_id) VALUES (:id, :code, :name, :party_id)
    ON CONFLICT (code) DO UPDATE SET name = excluded.name,
      party_id = coalesce(platforms.party_id, excluded.party_id)
    WHERE (platforms.name, platforms.party_id) IS DISTINCT FROM
        (excluded.name, coalesce(platforms.party_id, excluded.party_id))
      AND coalesce(platforms.party_id = excluded.party_id, true)
    RETURNING id, party_id
    """
)
"""Whose a platform is, once said, stays: with it would go all that was offered to the platform."""
_PARTY_OF: Final = text("SELECT party_id FROM platforms WHERE code = :code")


def register_platform(
    session: Session,
    viewer: Viewer,
    *,
    code: str,
    name: str,
    party_id: UUID | None = None,
    request_id: str = "",
) -> None:
    """Register a financing platform; the same code again gives it the new name, and a first party.

    Raises:
        PlatformOfAnotherError: it is another party's already.
    """
    viewer.require("platforms.register")
    values = {"id": new_id(), "code": code, "name": name, "party_id": party_id}
    changed = session.connection().execute(_PLATFORM_AS, values).one_or_none()
    if changed is None:
        known_id = session.connection().execute(_PARTY_OF, {"code": code}).scalar_one()
        if party_id not in {None, known_id}:
            raise PlatformOfAnotherError(code, known_id, party_id)
        return
    told = PlatformRegistered(code=code, name=name, party_id=changed.party_id)
    entry = Entry(changed.id, told, viewer.name, viewer.party_id, platform_id=changed.id)
    append(session, [entry], request_id)
