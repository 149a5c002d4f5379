"""Dated facts for the law: rest days, LPR, caps and timers, sizes; each row with its source."""

from services.ledger.almanac.load import (
    calendar_of,
    limits_of,
    lpr_of,
    shipped,
    shipped_regions,
    sizes_of,
)
from services.ledger.law.values import Almanac, LimitMissingError, LprMissingError

__all__ = [
    "Almanac",
    "LimitMissingError",
    "LprMissingError",
    "calendar_of",
    "limits_of",
    "lpr_of",
    "shipped",
    "shipped_regions",
    "sizes_of",
]
