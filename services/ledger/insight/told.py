"""Whether what only a program can read is what the log told: keys, sealed rows, the almanac."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session

from services.ledger.almanac import service as almanac
from services.ledger.almanac.table import FIRST, LAST
from services.ledger.approvals.kinds import Effect
from services.ledger.ids import id_of
from services.ledger.parties.keys import subject_of
from services.ledger.payments.accounts import number_of, shown
from services.ledger.vault import BrokenSealError

_KEYS: Final = text(
    "SELECT key_hash, prefix, role, party_id, scopes, revoked_at IS NOT NULL AS revoked"
    " FROM api_keys"
)
_TOLD: Final = text(
    "SELECT e.id, e.type, e.subject_id, e.data,"
    " EXISTS (SELECT FROM erasures x WHERE x.event_id = e.id) AS erased"
    " FROM events e WHERE e.type = ANY(:types) ORDER BY e.id"
)
_PROPOSALS: Final = text(
    """
    SELECT p.id, p.command, p.subject_id, p.amount_fen, p.currency, p.facts, p.digest,
      e.data ->> 'digest' AS told
    FROM approval_proposals p JOIN events e ON e.subject_id = p.id AND e.type = 'approval.requested'
    WHERE NOT EXISTS (SELECT FROM erasures x WHERE x.event_id = e.id AND x.field = 'data.digest')
    """
)
_ACCOUNTS: Final = text(
    "SELECT party_id, id, sealed, shown FROM repayment_accounts WHERE sealed <> ''"
)
_IMPORTS: Final = text("SELECT version, sha256, digest FROM almanac_imports ORDER BY version")
_CALENDAR: Final = text("SELECT day, rest, next_workday, provisional FROM calendar")
_SUCCESSORS: Final = text("SELECT was, became, from_on FROM region_successors")


def _told(session: Session, *types: str) -> Sequence[Row[Any]]:
    return session.connection().execute(_TOLD, {"types": list(types)}).all()


def keys(session: Session) -> Iterator[str]:
    """Yield each key that is not what was told of it, was never told of, or is gone."""
    told: dict[UUID, dict[str, Any]] = {}
    revoked = set()
    for event in _told(session, "api_key.added", "api_key.rolled", "api_key.revoked"):
        if event.type == "api_key.revoked":
            revoked.add(event.subject_id)
        else:
            told[event.subject_id] = event.data
    for key in session.connection().execute(_KEYS):
        subject = subject_of(bytes(key.key_hash))
        said, name = told.pop(subject, None), f"key {key.prefix or subject}"
        if said is None:
            yield f"{name}: never told to be made"
            continue
        is_ = {
            "role": key.role,
            "scopes": key.scopes,
            "party_id": key.party_id and str(key.party_id),
        }
        for field, value in is_.items():
            if field in said and said[field] != value:
                yield f"{name}: {field} {value}, told as {said[field]}"
        if key.revoked != (subject in revoked):
            yield f"{name}: {'revoked' if key.revoked else 'open'}, and told otherwise"
    for subject in told:
        yield f"key {subject}: told to be made, and there is none"


def proposals(session: Session) -> Iterator[str]:
    """Yield each proposal whose facts are not those that the log committed to."""
    for row in session.connection().execute(_PROPOSALS):
        effect = Effect(row.subject_id, row.facts, row.amount_fen, row.currency)
        found = {effect.digest(row.command).hex(), bytes(row.digest).hex(), row.told}
        if len(found) != 1:
            yield f"proposal {row.id}: what it would do is not what was told"


def accounts(session: Session) -> Iterator[str]:
    """Yield each repayment account that does not open, or that was not told so."""
    told = {
        (event.subject_id, event.data["account"])
        for event in _told(session, "account.changed")
        if not event.erased
    }
    for row in session.connection().execute(_ACCOUNTS):
        try:
            number = shown(number_of(row.id, bytes(row.sealed)))
        except BrokenSealError:
            yield f"account {row.id} of party {row.party_id}: it is not as it was sealed"
            continue
        if number != row.shown or (row.party_id, number) not in told:
            yield f"account {row.id} of party {row.party_id}: {row.shown}, {number} inside"


def dates_and_rates(session: Session) -> Iterator[str]:
    """Yield what of the almanac is not what its imports were told to hold, and its tables."""
    told = {event.subject_id: event.data for event in _told(session, "almanac.imported")}
    before = b""
    for row in session.connection().execute(_IMPORTS).all():
        said = told.pop(id_of("almanac", row.version), {})
        before = hashlib.sha256(before + bytes(row.sha256)).digest()
        if (said.get("sha256"), bytes(row.digest)) != (bytes(row.sha256).hex(), before):
            yield f"import {row.version}: of another file than was told"
        rows_sha256 = almanac.rows_sha256(almanac.rows_of(session, row.version))
        if said.get("rows_sha256", rows_sha256) != rows_sha256:
            yield f"import {row.version}: its rows are not those that were told"
    for said in told.values():
        yield f"import {said['almanac_version']}: told, and there is none"
    yield from _tables(session)


def _tables(session: Session) -> Iterator[str]:
    now = almanac.edition(session)
    days = {row.day: tuple(row) for row in session.connection().execute(_CALENDAR)}
    for day in now.almanac.calendar.rows(FIRST, LAST):
        if days.get(day.day) != tuple(day):
            yield f"calendar {day.day}: not what the almanac says"
    regions = {tuple(row) for row in session.connection().execute(_SUCCESSORS)}
    for was, became, from_on in regions ^ set(now.regions.successors()):
        yield f"region {was} to {became} from {from_on}: in one of both alone"
