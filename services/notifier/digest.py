"""Which e-mail carries which message, so that nobody's mailbox is flooded.

At most `notifier_digest_above` e-mails of one type go to one recipient in one interval. What is
more goes into one digest, and while that waits for its turn everything of its kind joins it.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, func, text
from sqlmodel import Session, col, select

from services.notifier.config import Settings
from services.notifier.models import WAITING, Delivery

_NAMESPACE = UUID("7b8a9f34-5c0e-5d5f-9c1b-8f3a7e2d4b61")
Row = dict[str, object]
Group = tuple[UUID, str]
"""A recipient and a type of event."""
_DELIVERIES: Final = text("""
    INSERT INTO notifier.deliveries (id, recipient_id, type, digest, state, attempts,
      next_attempt_at, maybe_sent)
    SELECT id, recipient_id, type, digest, 'planned', 0, next_attempt_at, false
    FROM json_populate_recordset(CAST(NULL AS notifier.deliveries), CAST(:rows AS json))
    """)


def assign_deliveries(session: Session, rows: Sequence[Row], config: Settings) -> None:
    """Plan the e-mails for new messages and write each message's `delivery_id`.

    Three statements, however many messages there are. The cursor's lock is held.
    """
    groups: dict[Group, list[Row]] = defaultdict(list)
    for row in rows:
        recipient_id, type_ = row["recipient_id"], row["type"]
        if row["channel"] == "email" and row["suppressed"] is None:
            assert isinstance(recipient_id, UUID)
            assert isinstance(type_, str)
            groups[recipient_id, type_].append(row)
    if not groups:
        return
    interval = timedelta(minutes=config.notifier_digest_minutes)
    waiting = _waiting(session, groups)
    now, recent = _recent(session, groups, interval)
    deliveries: list[Row] = []
    for group, members in groups.items():
        count, last_digest_at = recent.get(group, (0, None))
        if group in waiting:
            for row in members:
                row["delivery_id"] = waiting[group]
        elif count + len(members) <= config.notifier_digest_above:
            deliveries += [_delivery(group, [row], now, digest=False) for row in members]
        else:
            due_at = last_digest_at + interval if last_digest_at else now
            deliveries.append(_delivery(group, members, due_at, digest=True))
    if deliveries:
        session.execute(_DELIVERIES, {"rows": json.dumps(deliveries, default=str)})


def _delivery(group: Group, members: Sequence[Row], due_at: datetime, *, digest: bool) -> Row:
    delivery_id = uuid5(_NAMESPACE, f"{members[0]['id']}")
    for row in members:
        row["delivery_id"] = delivery_id
    return {
        "id": delivery_id,
        "recipient_id": group[0],
        "type": group[1],
        "digest": digest,
        "next_attempt_at": due_at,
    }


def _of_recipients(groups: dict[Group, list[Row]]) -> ColumnElement[bool]:
    return col(Delivery.recipient_id) == func.any([recipient_id for recipient_id, _ in groups])


def _waiting(session: Session, groups: dict[Group, list[Row]]) -> dict[Group, UUID]:
    """Lock the digests nobody has claimed: while we hold them, nobody can send them half full."""
    found = session.exec(
        select(Delivery)
        .where(_of_recipients(groups), text(WAITING))
        .order_by(col(Delivery.id))
        .with_for_update()
    )
    return {(delivery.recipient_id, delivery.type): delivery.id for delivery in found}


def _recent(
    session: Session, groups: dict[Group, list[Row]], interval: timedelta
) -> tuple[datetime, dict[Group, tuple[int, datetime | None]]]:
    """Return the database's instant, and per group its latest e-mails and its last digest."""
    now = session.exec(select(func.now())).one()
    planned_at = col(Delivery.planned_at)
    found = session.exec(
        select(
            Delivery.recipient_id,
            Delivery.type,
            func.count(),
            func.max(planned_at).filter(col(Delivery.digest)),
        )
        .where(_of_recipients(groups), planned_at > now - interval)
        .group_by(col(Delivery.recipient_id), col(Delivery.type))
    )
    return now, {(who, type_): (count, last) for who, type_, count, last in found}
