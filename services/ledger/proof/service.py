"""Writes of the proof: the tree grows after the sealed positions, and what it is gets signed."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.errors import LedgerError
from services.ledger.proof import leaves, queries
from services.ledger.proof.ledger_verify import Key, Refused, Suite, open_note
from services.ledger.proof.signing import LogKeyError, Signer
from services.ledger.proof.tree import Span, grown, last_tiles

_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(hashtext('proof.grow'))")
_ADD_SALTS: Final = text(
    """
    INSERT INTO salts (owner, salt) SELECT * FROM unnest(CAST(:owners AS varchar[]),
      CAST(:salts AS bytea[])) ON CONFLICT DO NOTHING
    """
)
_ADD_TILES: Final = text(
    """
    INSERT INTO tiles (level, number, hashes) SELECT * FROM unnest(CAST(:levels AS smallint[]),
      CAST(:numbers AS bigint[]), CAST(:hashes AS bytea[]))
    ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes
    """
)
_ADD_CHECKPOINT: Final = text(
    """
    INSERT INTO checkpoints (number, size, note)
    SELECT coalesce(max(number), 0) + 1, :size, :note FROM checkpoints
    """
)
_ADD_KEY: Final = text(
    "INSERT INTO log_keys (number, note) SELECT count(*) + 1, :note FROM log_keys"
)
_ADD_COSIGNATURE: Final = text(
    """
    INSERT INTO cosignatures (size, witness, line) VALUES (:size, :witness, :line)
    ON CONFLICT (size, witness) DO NOTHING
    """
)


class CosignatureError(LedgerError):
    """A line is no cosignature of this checkpoint by a witness this installation knows."""

    code = "COSIGNATURE_INVALID"


def grow(session: Session, suite: Suite, *, limit: int = 20_000) -> int:
    """Make leaves of the next sealed events and return how many.

    One at a time: the others return 0. Set-based: five statements, however many events.

    Raises:
        queries.LogDamagedError: a sealed position or its event is gone.
    """
    connection = session.connection()
    if not connection.execute(_LOCK).scalar_one():
        return 0
    size = queries.tree_size(session)
    events = leaves.sealed_events(session, after=size, until=size + limit)
    if not events:
        return 0
    held = leaves.salts(session, events)
    new = leaves.owners(events) - held.keys()
    if new:
        made = {owner: secrets.token_bytes(32) for owner in new}
        connection.execute(_ADD_SALTS, {"owners": list(made), "salts": list(made.values())})
        held |= made
    hashes = []
    for position, one in enumerate(events, size + 1):
        digest = leaves.leaf_digest(suite, one, held)
        if digest is None or one.position != position:
            raise damaged(position)
        hashes.append(digest)
    changed = grown(suite, size, queries.tiles(session, last_tiles(size)), hashes)
    values = {
        "levels": [at.level for at in changed],
        "numbers": [at.number for at in changed],
        "hashes": list(changed.values()),
    }
    connection.execute(_ADD_TILES, values)
    return len(hashes)


def damaged(position: int) -> queries.LogDamagedError:
    """Return the refusal to go on over a position that is not what it was."""
    return queries.LogDamagedError(
        f"The sealed event of position {position} is missing or changed; run `ledger verify`.",
        f"第{position}位的已封存事件缺失或被改动；请运行 `ledger verify`。",
    )


def checkpoint(
    session: Session, signers: Sequence[Signer], *, at: datetime
) -> queries.Signed | None:
    """Sign what the tree is now and return it; None if the newest checkpoint says so already.

    Args:
        session: of one transaction.
        signers: the key that signs, then keys before it, one of which may hand over to it.
        at: the instant signed along.

    Raises:
        queries.LogDamagedError: the tree does not continue the newest checkpoint.
        LogKeyError: the log was signed by a key that is not among these.
    """
    connection = session.connection()
    if not connection.execute(_LOCK).scalar_one():
        return None
    size = queries.tree_size(session)
    last = queries.checkpoints(session)
    if size == 0 or (last and last[0].size == size):
        return None
    signer = introduce(session, signers)
    suite = signer.key.suite
    # A log must never sign a tree that does not continue what it signed before.
    if last:
        if last[0].size > size:
            raise damaged(size + 1)
        (before,) = queries.roots(session, suite, [Span(0, last[0].size)])
        if before != last[0].root:
            raise damaged(last[0].size)
    (root,) = queries.roots(session, suite, [Span(0, size)])
    body = f"{signer.key.name}\n{size}\n{base64.b64encode(root).decode()}\n"
    note = signer.sign(body, at=int(at.timestamp()))
    connection.execute(_ADD_CHECKPOINT, {"size": size, "note": note})
    return queries.Signed(size, root, note)


def introduce(session: Session, signers: Sequence[Signer]) -> Signer:
    """Return who signs from now on, under the log's own name, and keep its public key.

    The first key signs for itself, each later one is signed for by the key before it.
    """
    notes = queries.log_keys(session)
    if not notes:
        return _hand_over(session, signers[0], signers[0])
    known = queries.key_of(notes[-1])
    named = [one.named(known.name) for one in signers]
    if known == named[0].key:
        return named[0]
    before = next((one for one in named if one.key == known), None)
    if before is None:
        raise LogKeyError(
            f"The log is signed by the key {known.fingerprint}, which LEDGER_LOG_KEY does not have."
            " Restore it; to change keys, write the new one, a comma, and the old one.",
            f"日志由公钥 {known.fingerprint} 签署，而 LEDGER_LOG_KEY 中没有该密钥。请恢复；"
            "更换密钥时依次写新密钥、逗号、旧密钥。",
        )
    return _hand_over(session, before, named[0])


def _hand_over(session: Session, before: Signer, to: Signer) -> Signer:
    note = before.sign(f"{to.key.name}/key\n{to.key}\n")
    session.connection().execute(_ADD_KEY, {"note": note})
    return to


def accept_cosignature(session: Session, witnesses: Sequence[Key], *, size: int, line: str) -> Key:
    """Keep a witness's line under a checkpoint and return whose it is; the same again is nothing.

    Raises:
        NotFoundError: no checkpoint of that size.
        CosignatureError: the line is no known witness's, or does not fit.
    """
    signed = queries.checkpoint_at(session, size)
    line = line.removesuffix("\n") + "\n"
    for witness in witnesses:
        # One line: with another behind it, nobody could open the checkpoint any more.
        if line.count("\n") == 1 and _opened(f"{signed.body}\n{line}", witness):
            values: dict[str, Any] = {"size": size, "witness": str(witness), "line": line}
            session.connection().execute(_ADD_COSIGNATURE, values)
            return witness
    raise CosignatureError(
        f"This line is not a known witness's signature of checkpoint {size}; LEDGER_WITNESSES"
        " names the witnesses.",
        f"该行不是已知见证人对检查点{size}的有效签名；LEDGER_WITNESSES列出见证人。",
        field="line",
    )


def _opened(note: str, witness: Key) -> bool:
    try:
        return note.count("\n\n") == 1 and open_note(note, witness) is not None
    except Refused:
        return False
