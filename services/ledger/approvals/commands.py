"""How a command is done, later, from its arguments: each package says it of its own commands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals.kinds import Kind
from services.ledger.edges import ApiModel


class Arguments(ApiModel):
    """A command as the API took it: all its service needs, and the caller's id for it."""

    id: UUID | None = None


Given = TypeVar("Given", bound=Arguments)
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Command(Generic[Given, Done]):
    """A kind of command with what it takes and the service function that does it."""

    kind: Kind
    takes: type[Given]
    run: Callable[[Session, Viewer, Given, str], Done]
    """Called with the arguments and the id of the request; it asks the `gate` of this kind."""


COMMANDS: Final[dict[str, Command[Any, Any]]] = {}


def command(
    kind: Kind, takes: type[Given], run: Callable[[Session, Viewer, Given, str], Done]
) -> Command[Given, Done]:
    """Return a command and let it be done after approval."""
    assert kind.code not in COMMANDS, kind.code
    made = Command(kind, takes, run)
    COMMANDS[kind.code] = made
    return made
