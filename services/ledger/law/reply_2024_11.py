"""法释 (2024) 11号, the Supreme People's Court on pay-when-paid clauses, in force 2024-08-27."""

from decimal import Decimal

from services.ledger.law.interest import Rate, yearly_rate


def court_rate(lpr_percent: Decimal, *, day_basis: int) -> Rate:
    """Art. 2: "约定违法或者没有约定的，按照…一年期贷款市场报价利率计息".

    Reading: the LPR in force at signing, as for the floor; the reply names no day. A lawful
    agreed rate comes first: "双方对欠付款项利息计付标准有约定的，按约定处理".
    """
    return yearly_rate(lpr_percent, day_basis=day_basis)
