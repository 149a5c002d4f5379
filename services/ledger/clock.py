"""The clock, read by edges only: HTTP, tasks, pages and commands. Below them a day is passed in."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def today() -> date:
    """Return the legal day it is in China now."""
    return datetime.now(SHANGHAI).date()


def now() -> datetime:
    """Return the instant it is, in UTC."""
    return datetime.now(UTC)
