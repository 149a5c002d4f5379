"""Lawful erasure: a person's values leave the log, the log stays provable.

个人信息保护法第四十七条: "个人信息处理者应当主动删除个人信息". What the leaves hold are
commitments; without the salt, which goes too, nobody can tell a guess from the truth.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import EvidenceErased
from services.ledger.access import Viewer
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.ids import id_of, new_id
from services.ledger.log.service import Entry, append
from services.ledger.proof import erasing_rows, leaves, queries
from services.ledger.proof.ledger_verify import Suite

_BATCH: Final = 5_000
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtext('proof.grow'))")
_OUTSIDE: Final = text(
    """
    SELECT count(*) FROM events e LEFT JOIN sealed s
      ON s.subject_id = e.subject_id AND s.event_id = e.id
    WHERE (e.actor = :actor OR e.subject_id = CAST(:subject AS uuid))
      AND coalesce(s.position, :size + 1) > :size
    """
)
_SALT: Final = text("SELECT salt FROM salts WHERE owner = :owner FOR UPDATE")
_KEEP: Final = text(
    """
    INSERT INTO erasures (event_id, field, commitment)
    SELECT * FROM unnest(CAST(:events AS uuid[]), CAST(:fields AS varchar[]),
      CAST(:commitments AS bytea[]))
    """
)
_BLANK: Final = text(
    """
    UPDATE events e SET actor = x.actor, data = x.data FROM json_to_recordset(CAST(:rows AS json))
      AS x(subject_id uuid, id uuid, actor varchar, data jsonb)
    WHERE e.subject_id = x.subject_id AND e.id = x.id
    """
)
_PARTIES: Final = text(
    "SELECT debtor_id, creditor_id FROM events WHERE subject_id = :subject ORDER BY id LIMIT 1"
)
"""Whoever sees the events of a subject is told that something of them was erased."""
_FORGET: Final = text("DELETE FROM salts WHERE owner = :owner")


class NotInTreeYetError(LedgerError):
    """Events of whom is to be erased are not in the tree, which must hold their commitments."""

    code = "ERASURE_TOO_EARLY"
    status = 409


class Whose(NamedTuple):
    """Whose values: those of an actor by name, or those told in the events of a subject."""

    actor: str | None = None
    subject_id: UUID | None = None

    @property
    def owner(self) -> str:
        """The key of the salt."""
        return f"actor:{self.actor}" if self.actor else f"subject:{self.subject_id}"


class Erased(NamedTuple):
    """How much was erased: values of how many events, and of how many rows of the book."""

    values: int
    events: int
    rows: int = 0


def erase(session: Session, viewer: Viewer, suite: Suite, whose: Whose, *, basis: str) -> Erased:
    """Take a person's values out of the log and the book for good, and say so in the log.

    Args:
        session: of one transaction.
        viewer: who does it.
        suite: of the tree.
        whose: values to erase.
        basis: the ground, which stays in the log.

    Raises:
        NotAllowedError: the viewer is not the machine itself.
        NotFoundError: there is nothing to erase.
        NotInTreeYetError: the tree has not caught up with their events.
    """
    viewer.require("persons.erase")
    connection = session.connection()
    connection.execute(_ALONE)  # no leaf is made meanwhile with a salt that goes
    size = queries.tree_size(session)
    named = {"actor": whose.actor, "subject": whose.subject_id, "size": size}
    outside = connection.execute(_OUTSIDE, named).scalar_one()
    if outside:
        raise NotInTreeYetError(
            f"{outside} events of theirs are not in the tree yet; try again in a minute.",
            f"其{outside}个事件尚未进入树；请一分钟后再试。",
        )
    salt = connection.execute(_SALT, {"owner": whose.owner}).scalar_one_or_none()
    rows = (
        erasing_rows.erase_actor(session, whose.actor)
        if whose.actor
        else erasing_rows.erase_subject(session, whose.subject_id)
    )
    if salt is None and not rows:
        raise NotFoundError("There is nothing of theirs to erase.", "没有可删除的内容。")
    erased = Erased(0, 0, rows)
    if salt is not None:
        erased = _from_log(session, suite, whose, bytes(salt))._replace(rows=rows)
    said = EvidenceErased(**erased._asdict(), basis=basis)
    subject = whose.subject_id or id_of("erasure", new_id())
    of = connection.execute(_PARTIES, {"subject": whose.subject_id}).one_or_none() or (None, None)
    append(session, [Entry(subject, said, viewer.name, viewer.party_id, *of)])
    return erased


def _from_log(session: Session, suite: Suite, whose: Whose, salt: bytes) -> Erased:
    erased = Erased(0, 0)
    after = 0
    while batch := _found(session, whose, after):
        values = _erase(session, suite, batch, {whose.owner: salt})
        erased = Erased(erased.values + values, erased.events + len(batch))
        after = batch[-1].position
    session.connection().execute(_FORGET, {"owner": whose.owner})
    return erased


def _found(session: Session, whose: Whose, after: int) -> list[leaves.SealedEvent]:
    if whose.actor:
        return leaves.of_actor(session, whose.actor, after=after, limit=_BATCH)
    assert whose.subject_id is not None
    found = leaves.of_subject(session, whose.subject_id)
    return [one for one in found if one.position > after][:_BATCH]


def _erase(
    session: Session,
    suite: Suite,
    batch: list[leaves.SealedEvent],
    secrets: Mapping[str, bytes],
) -> int:
    kept: list[tuple[UUID, str, bytes]] = []
    rows: list[dict[str, Any]] = []
    for one in batch:
        assert one.event is not None
        mine = {field: said for field, (owner, said) in one.personal.items() if owner in secrets}
        for field, said in mine.items():
            (secret,) = secrets.values()
            salt = leaves.field_salt(suite, secret, one.event_id, field)
            kept.append((one.event_id, field, leaves.commitment(suite, salt, said)))
            leaves.put(one.event, field, "")
        rows.append(one.event)
    events, fields, commitments = zip(*kept, strict=True) if kept else ((), (), ())
    connection = session.connection()
    values = {"events": list(events), "fields": list(fields), "commitments": list(commitments)}
    connection.execute(_KEEP, values)
    connection.execute(_BLANK, {"rows": json.dumps(rows, ensure_ascii=False)})
    return len(kept)
