"""Prove that what is kept beside the facts equals what the facts add up to, over the whole book.

And that the log is what was signed: its events, its tree, its checkpoints.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DataError
from sqlmodel import Session

from services.ledger.insight import answers, told
from services.ledger.insight.checks import MONEY, Check
from services.ledger.insight.checks_facts import FACTS
from services.ledger.insight.checks_log import LOGGED
from services.ledger.insight.checks_people import DIRECTORY
from services.ledger.proof.check import check_log
from services.ledger.proof.signed import Place
from services.ledger.protection import unprotected

BOOK: Final = MONEY + FACTS + LOGGED + DIRECTORY
_EXAMPLES: Final = 5
LOG: Final = (
    Check(
        "answers",
        "each answer stored under an Idempotency-Key is as it was given, of what was written",
        "按幂等键保存的应答均未被改动，且与已登记的内容对应",
        "",
    ),
    Check("keys", "each key is what was told of it", "各密钥与日志所述一致", ""),
    Check(
        "proposals",
        "each proposal would do what the log committed to",
        "各复核申请的内容与日志承诺一致",
        "",
    ),
    Check(
        "accounts",
        "each repayment account opens and is the one told",
        "各收款账户可启封且与日志所述一致",
        "",
    ),
    Check(
        "almanac",
        "the almanac and its tables are what its imports were told to hold",
        "历书及日历、区划表与导入记录一致",
        "",
    ),
    Check("leaves", "each sealed event is what its leaf says", "每个已封存事件与其树叶一致", ""),
    Check("tree", "each node is the hash of those below it", "树中每个节点为其下层之哈希", ""),
    Check(
        "checkpoints",
        "each checkpoint is signed and is the tree of its size",
        "每个检查点签名有效且与树一致",
        "",
    ),
    Check(
        "protection",
        "each table that has a party shows each role its own rows",
        "每张含当事人的表均按行限制可见范围",
        "",
    ),
)
CHECKS: Final = BOOK + LOG
_AT_ONE_INSTANT: Final = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
_READ: Final[tuple[tuple[str, Callable[[Session], Iterator[str]]], ...]] = (
    ("answers", answers.broken),
    ("keys", told.keys),
    ("proposals", told.proposals),
    ("accounts", told.accounts),
    ("almanac", told.dates_and_rates),
)
"""What a program reads, row by row."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant, in how many places it is broken, and the first of them."""

    check: str
    english: str
    chinese: str
    broken: int
    examples: list[str]


def at_one_instant(session: Session) -> None:
    """Let a transaction that has read nothing yet see the book as it is now, to its end.

    So what is sealed and signed while the log is read through is no contradiction.
    """
    session.connection().execute(_AT_ONE_INSTANT)


def verify(
    session: Session,
    *,
    witnessed: Sequence[str] = (),
    progress: Progress = lambda *_: None,
) -> list[Finding]:
    """Return the invariants that are broken; an empty list is the proof that none is.

    Args:
        session: of one transaction.
        witnessed: checkpoints that others keep, as they got them; the log must continue each.
        progress: told what is looked at, how much of it is done, and how much there is.
    """
    findings = []
    for number, check in enumerate(BOOK):
        progress(check.name, number, len(BOOK))
        counted = text(
            f"WITH broken(id, place) AS MATERIALIZED ({check.sql}) SELECT count(*) AS n,"
            " (SELECT array_agg(concat(id, ': ', place)) FROM (SELECT id, place FROM broken"
            f" ORDER BY id, place LIMIT {_EXAMPLES}) x) AS examples FROM broken"
        )
        try:
            with session.begin_nested():
                n, examples = session.connection().execute(counted).one()
        except DataError as error:  # what was changed is not even of its kind any more
            n, examples = 1, [f"this cannot be computed any more: {error.orig}"]
        if n:
            findings.append(Finding(check.name, check.english, check.chinese, n, examples))
    for number, (name, _) in enumerate(_READ):
        progress(name, number, len(_READ))
    found = (Place(name, where) for name, read in _READ for where in read(session))
    log = check_log(
        session, witnessed=witnessed, progress=lambda done, all_: progress("log", done, all_)
    )
    open_ = (Place("protection", where) for where in unprotected(session))
    return findings + _gathered(chain(found, log, open_))


def _gathered(places: Iterable[Place]) -> list[Finding]:
    broken: dict[str, list[str]] = {check.name: [] for check in LOG}
    counts: Counter[str] = Counter()
    for place in places:
        counts[place.check] += 1
        if counts[place.check] <= _EXAMPLES:
            broken[place.check].append(place.where)
    return [
        Finding(check.name, check.english, check.chinese, counts[check.name], broken[check.name])
        for check in LOG
        if counts[check.name]
    ]
