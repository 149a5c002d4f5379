"""Proofs over HTTP: checkpoints, what connects them, what an event's place is, whole bundles."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, status
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.ledger.clock import now, today
from services.ledger.config import settings
from services.ledger.edges import ApiModel, AskedBy, Day, DbSession, Instant, Router
from services.ledger.errors import NotFoundError
from services.ledger.identification import as_machine
from services.ledger.log.queries import page_after
from services.ledger.proof import bundle, leaves, queries, service
from services.ledger.proof.canonical import canonical
from services.ledger.proof.ledger_verify import leaf_hash
from services.ledger.proof.signing import signers, witnesses

router = Router(prefix="/v1", tags=["proof"])
_LARGEST = 2**53
Size = Annotated[int, Path(ge=1, le=_LARGEST)]


class CheckpointOut(BaseModel):
    """What the log signed of itself."""

    size: int
    root: str
    """Base64, as in the note."""
    signed_at: AwareDatetime
    note: str
    """The signed note (c2sp.org/tlog-checkpoint), with the lines of witnesses."""


class CheckpointPage(BaseModel):
    """Checkpoints, newest first."""

    checkpoints: list[CheckpointOut]
    next_before: int | None
    """Ask again with ``before`` of this; null when there are no older ones."""


class KeyOut(BaseModel):
    """A public key of the log, and the note by which the key before it hands over."""

    key: str
    fingerprint: str
    note: str


class ConsistencyOut(BaseModel):
    """That a tree begins with an earlier one (RFC 9162, 2.1.4)."""

    first_size: int
    second_size: int
    path: list[str]


class InclusionOut(BaseModel):
    """That an event is in a tree at its position (RFC 9162, 2.1.3)."""

    position: int
    tree_size: int
    leaf: dict[str, Any]
    leaf_hash: str
    path: list[str]


class CosignatureIn(ApiModel):
    """A witness's signature line (c2sp.org/tlog-cosignature)."""

    line: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class CosignatureOut(BaseModel):
    """Whose line was kept."""

    size: int
    witness: str


@router.get("/checkpoints")
def get_checkpoints(
    viewer: AskedBy,
    session: DbSession,
    before: Annotated[
        int | None, Query(ge=1, le=_LARGEST, description="smaller sizes only")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> CheckpointPage:
    """List the signed checkpoints of the log, newest first; keep one, and the log is held to it."""
    viewer.require("law.read")  # they tell a size and a hash
    found = queries.checkpoints(session, before=before, limit=limit + 1)
    page = found[:limit]
    return CheckpointPage(
        checkpoints=[_checkpoint(one) for one in page],
        next_before=page[-1].size if len(found) > limit else None,
    )


@router.get("/checkpoints/{size}")
def get_checkpoint(size: Size, viewer: AskedBy, session: DbSession) -> CheckpointOut:
    """Return the checkpoint of one size."""
    viewer.require("law.read")
    return _checkpoint(queries.checkpoint_at(session, size))


@router.get("/checkpoints/{size}/consistency")
def get_consistency(
    size: Size,
    viewer: AskedBy,
    session: DbSession,
    first: Annotated[int, Query(alias="from", ge=1, le=_LARGEST)],
) -> ConsistencyOut:
    """Prove that the log of this size begins with the log of an earlier one, unchanged."""
    viewer.require("law.read")
    path = queries.consistency_path(session, queries.suite_of(session), first, size=size)
    return ConsistencyOut(first_size=first, second_size=size, path=_text(path))


@router.post("/checkpoints/{size}/cosignatures", status_code=status.HTTP_201_CREATED)
def post_cosignature(
    size: Size, body: CosignatureIn, viewer: AskedBy, session: DbSession
) -> CosignatureOut:
    """Keep a known witness's cosignature; its signature is what counts, not who sends it."""
    viewer.require("law.read")
    known = witnesses(settings())
    witness = service.accept_cosignature(session, known, size=size, line=body.line)
    return CosignatureOut(size=size, witness=witness.name)


@router.get("/log-keys")
def get_log_keys(viewer: AskedBy, session: DbSession) -> list[KeyOut]:
    """Return the log's public keys, oldest first, each signed for by the one before it."""
    viewer.require("law.read")
    keys = [(queries.key_of(note), note) for note in queries.log_keys(session)]
    return [KeyOut(key=str(key), fingerprint=key.fingerprint, note=note) for key, note in keys]


@router.get("/events/{position}/proof")
def get_event_proof(
    position: Annotated[int, Path(ge=1, le=_LARGEST)],
    viewer: AskedBy,
    session: DbSession,
    size: Annotated[
        int | None, Query(ge=1, le=_LARGEST, description="the newest if absent")
    ] = None,
) -> InclusionOut:
    """Prove that an event is in the log at its position, in the tree of a checkpoint."""
    if not _sees(session, viewer, position):
        raise NotFoundError(f"No event at position {position}.", f"第{position}位没有事件。")
    suite = queries.suite_of(session)
    tree_size = size or queries.checkpoints(session)[0].size
    if size is None and position > tree_size:
        raise bundle.NotProvenYetError(
            f"The newest checkpoint has {tree_size} events; ask again in a minute.",
            f"最新检查点含{tree_size}个事件；请一分钟后再试。",
        )
    path = queries.inclusion_path(session, suite, position, size=tree_size)
    with as_machine(session):  # a leaf is made of rows and of positions that not everybody sees
        (one,) = leaves.sealed_events(session, after=position - 1, until=position)
        leaf = leaves.leaf(suite, one, leaves.salts(session, [one]))
    if leaf is None:
        raise service.damaged(position)
    return InclusionOut(
        position=position,
        tree_size=tree_size,
        leaf=leaf,
        leaf_hash=_text([leaf_hash(suite, canonical(leaf))])[0],
        path=_text(path),
    )


@router.get("/receivables/{receivable_id}/proof")
def get_bundle(
    receivable_id: UUID,
    viewer: AskedBy,
    session: DbSession,
    as_of: Annotated[Day | None, Query(description="the day of the reasoning; today")] = None,
    known_at: Annotated[Instant | None, Query(description="what was known; now")] = None,
    since: Annotated[
        list[Annotated[int, Field(ge=1, le=_LARGEST)]] | None,
        Query(max_length=20, description="sizes of earlier checkpoints to connect to"),
    ] = None,
    disclose: Annotated[bool, Query(description="say what commitments commit to")] = False,  # noqa: FBT002 (a query)
) -> dict[str, Any]:
    """Return events, proofs, checkpoint and reasoning, for `ledger-verify` to check offline."""
    asked = bundle.Asked(receivable_id, as_of or today(), known_at or now(), since or (), disclose)
    return bundle.bundle(session, viewer, asked, signers(settings()))


def _sees(session: DbSession, viewer: AskedBy, position: int) -> bool:
    page = page_after(session, viewer, after=position - 1, limit=1)
    return bool(page.events) and page.events[0].position == position


def _checkpoint(one: queries.Signed) -> CheckpointOut:
    return CheckpointOut(
        size=one.size,
        root=_text([one.root])[0],
        signed_at=datetime.fromtimestamp(one.signed_at, UTC),
        note=one.note,
    )


def _text(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(one).decode() for one in hashes]
