"""法释 (2024) 11号, the Supreme People's Court on pay-when-paid clauses, in force 2024-08-27."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.ledger.law.interest import Rate, yearly_rate
from services.ledger.law.values import LprSeries

_SCALE = 1_000_000
"""A percentage has at most four places, so this many parts of one hold any of them exactly."""


def court_rate(lpr_percent: Decimal, *, day_basis: int) -> Rate:
    """Art. 2: "约定违法或者没有约定的，按照…一年期贷款市场报价利率计息".

    Reading: the LPR in force at signing, as for the floor; the reply names no day. A lawful
    agreed rate comes first: "双方对欠付款项利息计付标准有约定的，按约定处理".
    """
    return yearly_rate(lpr_percent, day_basis=day_basis)


def published_rate(series: LprSeries, since_on: date, percent: Decimal, *, day_basis: int) -> Rate:
    """建工解释一 第二十六条: "同期贷款市场报价利率"; of the reply's Art. 2 the other reading.

    The rate of a day, and from each later publication the one then published.
    """
    changes = tuple(
        (day, int(Fraction(later) * _SCALE / 100)) for day, later in series.changes_after(since_on)
    )
    return Rate(int(Fraction(percent) * _SCALE / 100), _SCALE * day_basis, changes)
