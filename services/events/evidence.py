"""What was done to the evidence itself."""

from typing import ClassVar

from services.events.envelope import Data


class EvidenceErased(Data):
    """Personal values of a person or subject were erased from the log; what they were stays fixed.

    The leaves keep commitments to them, which tell nothing any more.
    """

    type: ClassVar[str] = "evidence.erased"
    values: int
    events: int
    rows: int = 0
    """Rows of the book that said the same."""
    basis: str
    """Why it had to be, such as 个人信息保护法第四十七条; nothing about the person."""
