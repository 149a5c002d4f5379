"""The one kind of failure that is explained to a person: a refusal, in two languages."""

from typing import ClassVar


class LedgerError(Exception):
    """A request the ledger refuses.

    Subclasses are defined where they are raised. ``code`` is the machine's stable word, the two
    texts are the person's: what was refused, with the numbers, and what to do about it.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 422
    """The HTTP status an edge answers with."""
    retry_seconds: int = 0
    """After how many seconds the same request may succeed; 0: it is not a matter of time."""

    def __init__(self, english: str, chinese: str, *, field: str | None = None) -> None:
        super().__init__(english)
        self.english = english
        self.chinese = chinese
        self.field = field


class NotFoundError(LedgerError):
    """Nothing of that name, or nothing the asker may know of; the two are not told apart."""

    code = "NOT_FOUND"
    status = 404


class ReusedIdError(LedgerError):
    """An id already names other facts. The same facts sent again are answered, not refused."""

    code = "ID_REUSED"
    status = 409
