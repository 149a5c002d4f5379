"""What regulators are appointed to, as a part of the pages of people and of keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from services.ledger.access import AREAS, Viewer
from services.ledger.clock import today
from services.ledger.parties import scopes
from services.ledger.policy import Relation, relation
from services.ledger.web import words, words_access
from services.ledger.web.words import Word


@dataclass(frozen=True, slots=True)
class Appointments:
    """The appointments of those on a page, and the regulators there who may get another."""

    path: str
    rows: Sequence[scopes.Appointment]
    regulators: Sequence[tuple[str, str]]
    """What names each, and what is shown of it."""
    areas: Mapping[str, Word]
    today: date
    no_end: date = scopes.NO_END


def is_regulator(role: str) -> bool:
    """Say whether a role sees what lies in its regions."""
    return relation("book.read", role) is Relation.REGION


def appointments_of(
    session: Session, viewer: Viewer, page: str, regulators: Sequence[tuple[str, str]]
) -> Appointments | None:
    """Return the appointments of a page's regulators; None: the viewer keeps a party's people."""
    if viewer.party_id is not None:
        return None
    shown = {code for code, _ in regulators}
    rows = [one for one in scopes.listed(session, viewer) if one.who in shown]
    areas = {area: words.of(words_access.SCOPES, area) for area in AREAS}
    return Appointments(f"{page}/appointments", rows, regulators, areas, today())
