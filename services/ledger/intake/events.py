"""Pieces of SQL that write events as the log keeps them."""


def event_id(instant: str, rank: int, cause: str) -> str:
    """Return SQL for an event's id: ordered by its instant, derived from its cause.

    The log is sealed in the order of ids within one transaction; so what a file tells is sealed
    in the order it happened in, and telling it again makes no second event.

    Args:
        instant: SQL of the instant it became known.
        rank: order among events of one instant, 0 to 9.
        cause: SQL of a text that names it.
    """
    millis = f"lpad(to_hex((extract(epoch FROM {instant}) * 1000)::bigint), 12, '0')"
    return f"({millis} || '8{rank}' || substr(md5({cause}), 1, 18))::uuid"


def yuan(fen: str) -> str:
    """Return SQL for the decimal string of an amount in fen."""
    return f"to_char({fen} * 0.01, 'FM9999999999990.00')"
