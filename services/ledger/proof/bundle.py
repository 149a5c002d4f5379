"""A bundle: one file by which somebody far away can check what the ledger says of a receivable."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.arrears.reasoning import reason
from services.ledger.errors import LedgerError
from services.ledger.identification import as_machine
from services.ledger.log.visible import names_actor
from services.ledger.proof import leaves, queries
from services.ledger.proof.canonical import canonical
from services.ledger.proof.ledger_verify import FORMAT, Suite, leaf_hash, statement_of
from services.ledger.proof.service import introduce
from services.ledger.proof.signing import Signer
from services.ledger.proof.tree import Span, inclusion, needed
from services.ledger.proof.tree import root as root_of

Json = dict[str, Any]


class NotProvenYetError(LedgerError):
    """The receivable is younger than the newest checkpoint."""

    code = "PROOF_NOT_YET"
    status = 409


class Asked(NamedTuple):
    """What a bundle shall hold."""

    receivable_id: UUID
    as_of: date
    known_at: datetime
    since: Sequence[int] = ()
    """Sizes of earlier checkpoints, to which it shall prove that nothing changed since."""
    disclose: bool = False
    """Say what the commitments commit to: people, contacts, accounts, reasons."""


def bundle(session: Session, viewer: Viewer, asked: Asked, signers: Sequence[Signer]) -> Json:
    """Return a bundle: events, proofs, checkpoint, keys, and the reasoning of the day, signed.

    Raises:
        NotFoundError: there is no such receivable, or none for this viewer.
        NotProvenYetError: no checkpoint has its events yet.
        SizeUnknownError: of an earlier checkpoint.
    """
    reasoning = reason(
        session, viewer, asked.receivable_id, as_of=asked.as_of, known_at=asked.known_at
    )
    newest = queries.checkpoints(session)
    size = newest[0].size if newest else 0
    seen = {one.position for one in leaves.of_subject(session, asked.receivable_id)}
    with as_machine(session):  # a leaf is made of rows and of positions that not everybody sees
        found = leaves.of_subject(session, asked.receivable_id)
    proven = [one for one in found if one.position <= size]
    if not any(one.position in seen for one in proven):
        raise NotProvenYetError(
            "No checkpoint covers this receivable yet; ask again in a minute.",
            "尚无检查点覆盖该应收账款；请一分钟后再试。",
        )
    suite = queries.suite_of(session)
    signer = introduce(session, signers)
    made: Json = {
        "format": FORMAT,
        "suite": suite.name,
        "receivable_id": str(asked.receivable_id),
        "keys": queries.log_keys(session),
        "key_fingerprint": signer.key.fingerprint,
        "checkpoint": newest[0].note,
        "consistency": {
            str(old): _text(queries.consistency_path(session, suite, old, size=size))
            for old in asked.since
        },
        "events": [
            one if one["position"] in seen else withheld(suite, one)
            for one in _events(session, suite, proven, size, viewer if asked.disclose else None)
        ],
        "later_events": len(found) - len(proven),
        "reasoning": json.loads(json.dumps(reasoning, default=_plain)),
    }
    made["statement"] = signer.sign(statement_of(made))
    return made


def withheld(suite: Suite, event: Json) -> Json:
    """Return an event of the receivable that whoever asks may not read: its place, and no word."""
    hashed = leaf_hash(suite, canonical(event["leaf"]))
    return {
        "position": event["position"],
        "withheld": _text([hashed])[0],
        "path": event["path"],
    }


def _events(
    session: Session,
    suite: Suite,
    events: Sequence[leaves.SealedEvent],
    size: int,
    disclosed_to: Viewer | None,
) -> list[Json]:
    secrets = leaves.salts(session, events)
    whole = Span(0, size)
    paths = [inclusion(one.position - 1, whole) for one in events]
    held = queries.tiles(session, needed([span for path in paths for span in path]))
    return [
        {
            "position": one.position,
            "leaf": leaves.leaf(suite, one, secrets),
            "path": _text([root_of(suite, span, held) for span in path]),
            **(_openings(suite, one, secrets, disclosed_to) if disclosed_to else {}),
        }
        for one, path in zip(events, paths, strict=True)
    ]


def _openings(
    suite: Suite, one: leaves.SealedEvent, secrets: Mapping[str, bytes], viewer: Viewer
) -> dict[str, Json]:
    """Return what the commitments of an event commit to, but for the login of another's people."""
    said = dict(one.personal)
    by = (one.event or {}).get("actor_party_id")
    if not names_actor(viewer, UUID(by) if by else None):
        said.pop(leaves.ACTOR, None)
    openings = {
        field: {
            "salt": leaves.field_salt(suite, secrets[owner], one.event_id, field).hex(),
            "value": value,
        }
        for field, (owner, value) in said.items()
    }
    return {"openings": openings}


def _text(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(one).decode() for one in hashes]


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    assert isinstance(value, UUID | Decimal), f"{type(value)} has no place in a bundle"
    return str(value)
