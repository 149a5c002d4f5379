"""One way to ask the API for what is another's, and what is answered to whom."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ask:
    """One way to ask an operation for what is another's."""

    operation: str
    action: str
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    """What stands in the path where it is not `$` and the name."""
    hidden: int = 404
    """What a stranger is told who may do this to their own."""
    checker: int = 0
    """What a checker of another party is told, if not that; a person may do what no key may."""
    administrator: int = 0
    """And an administrator of another party."""
    person: int = 0
    """And a maker of another party, or a person of a platform."""
    public: bool = False
    """What it answers anybody signed in may read."""
    refused: int = 403
    """What a role is told that may not do it to anything."""
    file: str = ""
    cursor: bool = False
    """It goes by a cursor, which another may have been given."""


def of_book(operation: str, **more: Any) -> Ask:
    """A read of what has a buyer and a supplier: nobody is refused, there is just nothing."""
    return Ask(operation, "book.read", **{"refused": more.get("hidden", 404), **more})
