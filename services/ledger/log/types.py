"""Types of events as readers name them: one, or a group by its first word."""

from services.events import DATA
from services.ledger.errors import LedgerError


class EventTypeError(LedgerError):
    """A filter names a type of event that there is none of."""

    code = "EVENT_TYPE_UNKNOWN"


def is_type(named: str) -> bool:
    """Say whether there is such a type, or such a group.

    >>> [is_type(one) for one in ("receivable.opened", "receivable.*", "receivable", "*")]
    [True, True, False, False]
    """
    return named in DATA or named in {f"{type_.partition('.')[0]}.*" for type_ in DATA}


def check_type(named: str) -> None:
    """Refuse a type that there is none of.

    Raises:
        EventTypeError: it is misspelt, or a newer ledger's.
    """
    if not is_type(named):
        raise EventTypeError(
            f"There is no event type {named!r}; name one such as receivable.opened, or a group such"
            " as receivable.*.",
            f"没有事件类型{named!r}；请填写如receivable.opened的类型，或如receivable.*的一组。",
            field="type",
        )
