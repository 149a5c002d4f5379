"""Prove that what is kept beside the facts equals what the facts add up to, over the whole book.

And that the log is what was signed: its events, its tree, its checkpoints.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.insight.checks import CHECKS as BOOK
from services.ledger.insight.checks import Check
from services.ledger.proof.check import check_log

_EXAMPLES: Final = 5
LOG: Final = (
    Check("leaves", "each sealed event is what its leaf says", "每个已封存事件与其树叶一致", ""),
    Check("tree", "each node is the hash of those below it", "树中每个节点为其下层之哈希", ""),
    Check(
        "checkpoints",
        "each checkpoint is signed and is the tree of its size",
        "每个检查点签名有效且与树一致",
        "",
    ),
)
CHECKS: Final = BOOK + LOG
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant, how many subjects or places break it, and the first of them."""

    check: str
    english: str
    chinese: str
    broken: int
    examples: list[str]


def verify(session: Session, *, progress: Progress = lambda *_: None) -> list[Finding]:
    """Return the invariants that are broken; an empty list is the proof that none is.

    Args:
        session: of one transaction.
        progress: told what is looked at, how much of it is done, and how much there is.
    """
    findings = []
    for number, check in enumerate(BOOK):
        progress(check.name, number, len(BOOK))
        counted = text(
            f"WITH broken(id) AS ({check.sql}) SELECT count(*) AS n,"
            f" (SELECT array_agg(id::varchar) FROM (SELECT id FROM broken LIMIT {_EXAMPLES}) x)"
            " AS examples FROM broken"
        )
        row = session.connection().execute(counted).one()
        if row.n:
            findings.append(Finding(check.name, check.english, check.chinese, row.n, row.examples))
    return findings + _verify_log(session, progress)


def _verify_log(session: Session, progress: Progress) -> list[Finding]:
    broken: dict[str, list[str]] = {check.name: [] for check in LOG}
    counts = dict.fromkeys(broken, 0)
    for place in check_log(session, progress=lambda done, all_: progress("log", done, all_)):
        counts[place.check] += 1
        if counts[place.check] <= _EXAMPLES:
            broken[place.check].append(place.where)
    return [
        Finding(check.name, check.english, check.chinese, counts[check.name], broken[check.name])
        for check in LOG
        if counts[check.name]
    ]
