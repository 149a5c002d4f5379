"""The words: Chinese first, then English, from one template per event type."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import JsonValue

from services.notifier.rules import RULES

LISTED = 100
"""Lines of a digest; the inbox has every message."""
_LONGEST = 200
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*",
    re.ASCII,
)
_BREAKING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Words:
    """A subject of one line and a body."""

    subject: str
    body: str


def one_line(value: str) -> str:
    r"""Return a text that cannot start a header, a line or a change of direction.

    >>> one_line("ACME\r\nBcc: x@example.com")
    'ACME Bcc: x@example.com'
    """
    kept = "".join(" " if unicodedata.category(c) in _BREAKING else c for c in value)
    return " ".join(kept.split())[:_LONGEST]


def usable_address(value: str | None) -> str | None:
    """Return an address that mail can be sent to, or None.

    >>> usable_address("a@example.com, b@example.com") is None
    True
    """
    value = (value or "").strip()
    return value if len(value) <= 254 and _ADDRESS.fullmatch(value) else None  # noqa: PLR2004 (RFC 5321)


@cache
def _template(type_: str) -> tuple[str, str]:
    text = files("services.notifier").joinpath("templates", f"{type_}.txt").read_text("utf-8")
    head, _, body = text.partition("\n\n")
    return " | ".join(head.splitlines()), body


def _spoken(value: JsonValue) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, list):
        return ", ".join(_spoken(part) for part in value)
    return one_line(str(value))


def words(type_: str, data: Mapping[str, JsonValue], *, debtor: str, creditor: str) -> Words:
    """Return what an event says to people.

    Args:
        type_: of the event; it has a template.
        data: a whole `events.Data`, dumped as JSON.
        debtor: name of the side that owes.
        creditor: name of the side that is owed.
    """
    subject, body = _template(type_)
    values = {key: _spoken(value) for key, value in data.items()}
    values |= {"debtor": _spoken(debtor), "creditor": _spoken(creditor)}
    return Words(subject.format_map(values), body.format_map(values))


def merged(type_: str, subjects: Sequence[str], total: int) -> Words:
    """Return the words of one e-mail for many messages of one type.

    Args:
        type_: of all the events.
        subjects: of the first messages, enough to list.
        total: how many messages there are.
    """
    rule = RULES[type_]
    listed = "\n".join(f"- {subject}" for subject in subjects[:LISTED])
    more = total - min(len(subjects), LISTED)
    rest = f"\n……另有{more}条，见站内信。 {more} more in the inbox." if more else ""
    return Words(
        f"{rule.chinese}：共{total}条 | {total} notices: {rule.english}",
        f"以下{total}条通知合并为一封邮件。\n{total} notices in one e-mail.\n\n{listed}{rest}\n",
    )


def witnessed(words: Words, checkpoint: str) -> Words:
    """Return words with the log's newest checkpoint under them, so that the recipient is a witness.

    Args:
        words: of a digest.
        checkpoint: a signed note, printed to the letter.
    """
    if not checkpoint:
        return words
    return Words(
        words.subject,
        f"{words.body}\n台账日志此刻的检查点。请保留：此后的证明必须与之相接"
        "（ledger-verify --checkpoint）。\n"
        "The ledger's log as signed now. Keep it: a later proof must continue it.\n\n"
        f"{checkpoint}",
    )
