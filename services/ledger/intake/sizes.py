"""What a contract's row says of the creditor's size: figures, their source, what shows them."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import RowMapping

from services.ledger.law.sme_standard import SizeStandard
from services.ledger.orders.terms import Size, known_size, size_at_signing

KEYS: Final = (
    "industry",
    "employees",
    "revenue_wan",
    "assets_wan",
    "data_year",
    "source",
    "declared",
    "controlled_by_large",
    "evidence_sha256",
)
"""The evidence as HTTP takes it; the field of a row is each with ``creditor_`` before it."""
SAID: Final = f"""nullif(jsonb_strip_nulls(jsonb_build_object(
    {", ".join(f"'{key}', s.creditor_{key}" for key in KEYS)})), '{{}}')"""
"""The evidence of row ``s``, or NULL where it says none."""
UNSOUND: Final = (
    ("creditor_data_year", "YEAR_INVALID", "s.creditor_data_year NOT BETWEEN 1990 AND 2199"),
    (
        "creditor_evidence_sha256",
        "DIGEST_INVALID",
        "s.creditor_evidence_sha256 !~ '^[0-9a-f]{64}$'",
    ),
)


def size_of(row: RowMapping, sizes: SizeStandard) -> Size:
    """Return the creditor's size at signing: as `register_contract` finds it from the same words.

    Raises:
        IndustryError: an industry that is neither of the standard nor of GB/T 4754.
        SizeContradictedError: the figures given make it another size.
    """
    given: Mapping[str, Any] | None = row["evidence"]
    if given is not None and row["stated_size"] is not None:
        stated = known_size(row["stated_size"])
        given = {**({"size": stated} if stated else {}), **given}
    return size_at_signing(given, known=row["creditor_size"], sizes=sizes)
