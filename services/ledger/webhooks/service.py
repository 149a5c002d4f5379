"""What a party does with its endpoints; each act is an event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import Session, select

from services.events import (
    Data,
    WebhookAdded,
    WebhookChanged,
    WebhookRemoved,
)
from services.ledger.access import Viewer
from services.ledger.errors import LedgerError, ReusedIdError
from services.ledger.ids import new_id
from services.ledger.log.models import Sealed
from services.ledger.log.service import Entry, append
from services.ledger.log.types import is_type
from services.ledger.vault import seal
from services.ledger.webhooks import queries
from services.ledger.webhooks.addresses import Rules, checked_url
from services.ledger.webhooks.models import WebhookEndpoint, WebhookSecret
from services.ledger.webhooks.signing import Scheme, Secret, new_secret

MOST_ENDPOINTS: Final = 20


_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('webhooks'), hashtext(:party))")
"""Two at once would both count one too few, or both make the same id."""


class WebhookTypeError(LedgerError):
    """A type of event that there is not."""

    code = "WEBHOOK_TYPE_UNKNOWN"


class TooManyWebhooksError(LedgerError):
    """More endpoints, or secrets of one, than anybody needs."""

    code = "WEBHOOK_TOO_MANY"
    status = 409


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be sent, and where."""

    url: str
    types: tuple[str, ...] = ()
    """Types or groups such as ``receivable.*``; none: all."""
    description: str = ""


def is_wanted(types: Sequence[str], type_: str) -> bool:
    """Say whether a filter lets a type of event through.

    >>> [is_wanted(one, "receivable.opened") for one in ([], ["receivable.*"], ["payment.*"])]
    [True, True, False]
    """
    return not types or type_ in types or f"{type_.partition('.')[0]}.*" in types


def _check_types(types: Sequence[str]) -> list[str]:
    for one in types:
        if not is_type(one):
            raise WebhookTypeError(
                f"There is no event type {one!r}; name one such as receivable.opened, or a group"
                " such as receivable.*.",
                f"没有事件类型{one!r}；请使用如receivable.opened的类型或如receivable.*的分组。",
                field="types",
            )
    return sorted(set(types))


def head(session: Session) -> int:
    """Return the last position of the log; 0 if nothing is sealed."""
    return session.exec(select(func.coalesce(func.max(Sealed.position), 0))).one()


def register(
    session: Session,
    viewer: Viewer,
    wanted: Wanted,
    *,
    endpoint_id: UUID,
    scheme: Scheme,
    rules: Rules,
    after: int | None = None,
    request_id: str = "",
) -> tuple[WebhookEndpoint, Secret | None]:
    """Register an endpoint and return it with its secret, which is shown this once.

    The same again under its id changes nothing and shows no secret.

    Args:
        session: the transaction.
        viewer: who registers it for its party.
        wanted: what and where.
        endpoint_id: its name from now on.
        scheme: of the first secret.
        rules: where webhooks may go.
        after: the position after which events are sent; None: only those from now on.
        request_id: the request's.

    Raises:
        NotAllowedError: the viewer keeps no endpoints.
        WebhookUrlError, WebhookTypeError: it cannot be sent so.
        TooManyWebhooksError: the party has as many as it may.
        ReusedIdError: the id names something else.
    """
    party_id = queries.check_keeps(viewer)
    url = str(checked_url(wanted.url, rules))
    types = _check_types(wanted.types)
    session.connection().execute(_ONE_AT_A_TIME, {"party": str(party_id)})
    known = session.get(WebhookEndpoint, endpoint_id)
    if known is not None:
        _check_same(known, viewer, Wanted(url, tuple(types), wanted.description))
        return known, None
    if len(queries.of_party(session, viewer)) >= MOST_ENDPOINTS:
        raise too_many(f"{MOST_ENDPOINTS} webhooks", f"{MOST_ENDPOINTS}个Webhook")
    newest = head(session)
    endpoint = WebhookEndpoint(
        id=endpoint_id,
        party_id=party_id,
        role=viewer.role,
        sealed_url=seal(url.encode(), of=f"webhook {endpoint_id}"),
        description=wanted.description,
        types=types,
        position=newest if after is None else min(after, newest),
    )
    secret = _store(session, endpoint, scheme)
    told = WebhookAdded(
        host=queries.host_of(endpoint), types=tuple(types), description=wanted.description
    )
    tell(session, endpoint, told, viewer.name, request_id)
    return endpoint, secret


def _store(session: Session, endpoint: WebhookEndpoint, scheme: Scheme) -> Secret:
    session.add(endpoint)
    session.flush()
    secret = add_secret(session, endpoint.id, scheme)
    session.refresh(endpoint)
    return secret


def _check_same(known: WebhookEndpoint, viewer: Viewer, wanted: Wanted) -> None:
    mine = (known.party_id, known.role) == (viewer.party_id, viewer.role)
    if not mine or Wanted(queries.url_of(known), tuple(known.types), known.description) != wanted:
        raise ReusedIdError(
            f"The id {known.id} already names another webhook; use an id of its own.",
            f"编号{known.id}已用于另一个Webhook；请使用新编号。",
            field="id",
        )


def too_many(english: str, chinese: str) -> TooManyWebhooksError:
    """Return the refusal of one more."""
    return TooManyWebhooksError(
        f"There are {english} already; remove one, or wait until one has ended.",
        f"已有{chinese}；请先删除，或等待其失效。",
    )


def add_secret(session: Session, endpoint_id: UUID, scheme: Scheme) -> Secret:
    """Make a secret of an endpoint, keep it sealed, and return it."""
    secret, secret_id = new_secret(scheme), new_id()
    session.add(
        WebhookSecret(
            id=secret_id,
            endpoint_id=endpoint_id,
            scheme=scheme,
            sealed=seal(secret.raw, of=f"webhook secret {secret_id}"),
            public_key="" if scheme == "v1" else secret.shown,
        )
    )
    session.flush()
    return secret


def tell(
    session: Session, endpoint: WebhookEndpoint, data: Data, actor: str, request_id: str = ""
) -> None:
    """Append what happened to an endpoint, for its party to see."""
    entry = Entry(endpoint.id, data, actor, endpoint.party_id, debtor_id=endpoint.party_id)
    append(session, [entry], request_id)


@dataclass(frozen=True, slots=True)
class Change:
    """What of an endpoint is to be otherwise; None: as it is."""

    url: str | None = None
    types: tuple[str, ...] | None = None
    description: str | None = None
    enabled: bool | None = None


def change(
    session: Session,
    viewer: Viewer,
    endpoint_id: UUID,
    wanted: Change,
    *,
    rules: Rules,
    at: datetime,
    request_id: str = "",
) -> WebhookEndpoint:
    """Change an endpoint. Switched on again, it goes on where it stopped: nothing was lost.

    Args:
        session: the transaction.
        viewer: who changes it.
        endpoint_id: of the endpoint.
        wanted: what is to be otherwise.
        rules: where webhooks may go.
        at: now.
        request_id: the request's.

    Raises:
        NotFoundError: there is none, or none of this party.
        WebhookUrlError, WebhookTypeError: it cannot be sent so.
    """
    endpoint = queries.get(session, viewer, endpoint_id, lock=True)
    before = _state(endpoint)
    _apply(endpoint, wanted, rules=rules, at=at)
    if _state(endpoint) != before:
        endpoint.version += 1
        told = WebhookChanged(
            host=queries.host_of(endpoint),
            types=tuple(endpoint.types),
            description=endpoint.description,
            enabled=endpoint.disabled_at is None,
        )
        tell(session, endpoint, told, viewer.name, request_id)
    session.add(endpoint)
    session.flush()
    return endpoint


def _apply(endpoint: WebhookEndpoint, wanted: Change, *, rules: Rules, at: datetime) -> None:
    if wanted.url is not None:
        url = str(checked_url(wanted.url, rules))
        if url != queries.url_of(endpoint):
            endpoint.sealed_url = seal(url.encode(), of=f"webhook {endpoint.id}")
            _start_afresh(endpoint)
    if wanted.types is not None:
        endpoint.types = _check_types(wanted.types)
    if wanted.description is not None:
        endpoint.description = wanted.description
    if wanted.enabled is True:
        endpoint.disabled_at, endpoint.disabled_because = None, ""
        _start_afresh(endpoint)
    elif wanted.enabled is False and endpoint.disabled_at is None:
        endpoint.disabled_at, endpoint.disabled_because = at, "OWNER"


def _start_afresh(endpoint: WebhookEndpoint) -> None:
    endpoint.failures, endpoint.failing_since, endpoint.rests_until = 0, None, None


def _state(of: WebhookEndpoint) -> tuple[object, ...]:
    return of.sealed_url, tuple(of.types), of.description, of.disabled_because


def remove(session: Session, viewer: Viewer, endpoint_id: UUID, request_id: str = "") -> None:
    """Remove an endpoint with what it was sent; the log keeps that it was there.

    Raises:
        NotFoundError: there is none, or none of this party.
    """
    endpoint = queries.get(session, viewer, endpoint_id, lock=True)
    told = WebhookRemoved(host=queries.host_of(endpoint))
    tell(session, endpoint, told, viewer.name, request_id)
    session.delete(endpoint)
    session.flush()
