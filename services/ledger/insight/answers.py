"""Whether the answers stored under Idempotency-Keys are those that were given, of what was written.

An answer is sealed for its sender, route and key, so one that was changed or moved does not open.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session

from services.ledger.idempotency import opened
from services.ledger.vault import BrokenSealError

_PAGE: Final = 5_000
_STORED: Final = text(
    """
    SELECT principal, route, key, status, body FROM idempotency_keys
    WHERE (principal, route, key) > (:principal, :route, :key)
    ORDER BY principal, route, key LIMIT :limit
    """
)
_WRITTEN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "POST /v1/parties": "parties",
        "POST /v1/contracts": "contracts",
        "POST /v1/orders": "orders",
        "POST /v1/receivables": "receivables",
        "POST /v1/payments": "payments",
    }
)
"""Where the ``id`` is that the answer of a route names."""
_TABLES: Final = (*_WRITTEN.values(), "approval_proposals")
_MISSING: Final = text(
    " UNION ALL ".join(
        f"SELECT '{table}' AS held, n.id FROM unnest(CAST(:{table} AS uuid[])) n(id)"
        f" LEFT JOIN {table} x ON x.id = n.id WHERE x.id IS NULL"
        for table in _TABLES
    )
)


def broken(session: Session) -> Iterator[str]:
    """Yield each stored answer that is not what was given, or is of something not written."""
    last = {"principal": "", "route": "", "key": ""}
    while page := session.connection().execute(_STORED, {**last, "limit": _PAGE}).all():
        yield from _of_page(session, page)
        last = {name: getattr(page[-1], name) for name in last}


def _of_page(session: Session, page: Sequence[Row[Any]]) -> Iterator[str]:
    names: dict[str, dict[UUID, str]] = {table: {} for table in _TABLES}
    for one in page:
        name = f"{one.route}, key {one.key} of {one.principal}"
        try:
            said = json.loads(opened(one.principal, one.route, one.key, one.body) or b"null")
        except BrokenSealError:
            yield f"{name}: the stored answer was changed"
            continue
        if not 200 <= one.status < 300:  # noqa: PLR2004 (what HTTP calls done)
            yield f"{name}: status {one.status} is stored, of a write that was done"
        table, field = _WRITTEN.get(one.route, ""), "id"
        if isinstance(said, dict) and "proposal" in said:
            table, field = "approval_proposals", "proposal"
        if table and isinstance(said, dict) and field in said:
            names[table][UUID(said[field])] = name
    values = {table: list(ids) for table, ids in names.items()}
    for table, identifier in session.connection().execute(_MISSING, values):
        yield f"{names[table][identifier]}: {identifier} is not in {table}"
