"""A new secret for an endpoint, without a moment in which messages cannot be checked."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from services.events import WebhookSecretRotated
from services.ledger.access import Viewer
from services.ledger.errors import LedgerError
from services.ledger.webhooks import queries
from services.ledger.webhooks.service import add_secret, tell, too_many
from services.ledger.webhooks.signing import Scheme, Secret

MOST_SECRETS: Final = 5
LONGEST_OVERLAP: Final = timedelta(days=7)


class OverlapError(LedgerError):
    """An old secret cannot count on for so long."""

    code = "WEBHOOK_OVERLAP_INVALID"


def rotate(
    session: Session,
    viewer: Viewer,
    endpoint_id: UUID,
    *,
    scheme: Scheme,
    overlap: timedelta,
    at: datetime,
    request_id: str = "",
) -> Secret:
    """Make a new secret and return it, this once; the old ones count on for a while.

    Raises:
        NotFoundError: there is none, or none of this party.
        OverlapError: the while is negative or too long.
        TooManyWebhooksError: too many secrets count already.
    """
    endpoint = queries.get(session, viewer, endpoint_id, lock=True)
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise OverlapError(
            f"An old secret counts on for 0 to {LONGEST_OVERLAP.days * 24} hours.",
            f"旧密钥可继续有效0至{LONGEST_OVERLAP.days * 24}小时。",
            field="overlap_hours",
        )
    live = queries.live_secrets(session, endpoint_id, at=at)
    if overlap and len(live) >= MOST_SECRETS:
        raise too_many(f"{len(live)} secrets that count", f"{len(live)}个有效密钥")
    for old in live:
        ends_at = at + overlap
        old.expires_at = min(old.expires_at or ends_at, ends_at)
        session.add(old)
    secret = add_secret(session, endpoint_id, scheme)
    told = WebhookSecretRotated(scheme=scheme, old_ends_at=(at + overlap).isoformat())
    tell(session, endpoint, told, viewer.name, request_id)
    return secret
