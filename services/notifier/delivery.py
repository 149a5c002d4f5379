"""From planned e-mails to sent ones: claim, commit, send, record.

A worker that dies between claim and record leaves the outcome unknown. After the lease the e-mail
goes again, with the same Message-ID and the words 可能重复: nobody is left out, and whoever gets it
twice is told so.
"""

import logging
import time
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import ColumnElement, case, func, update
from sqlmodel import Session, col, select

from services.notifier.channels.smtp import Outcome, Parcel, open_line
from services.notifier.config import TURN_NANOSECONDS, Settings
from services.notifier.db import transaction
from services.notifier.messages import LISTED, Words, merged, witnessed
from services.notifier.models import Delivery, Message, Recipient
from services.notifier.pull import newest_checkpoint
from services.notifier.reporting import queue_mailed

RETRY_MINUTES = (1, 5, 30, 120, 300, 600)
"""Wait after the first, second ... failed attempt; after the last one there is one more attempt."""
log = logging.getLogger("notifier.delivery")


def deliver_due(config: Settings) -> int:
    """Send the e-mails that are due, for one turn; return how many were sent.

    The mail server is asked first and e-mails are claimed one by one, so that neither a server
    that is down nor a killed worker uses up more than one attempt of one e-mail.
    """
    url = config.database_url
    with transaction(url) as session:
        free_expired(session, lease_seconds=config.notifier_lease_seconds)
        if not is_any_due(session):
            return 0
    sent = 0
    checkpoint: str | None = None
    ends_at = time.monotonic_ns() + TURN_NANOSECONDS
    try:
        with open_line(config) as mailer:
            while time.monotonic_ns() < ends_at:
                with transaction(url) as session:
                    parcel = claim(session)
                if parcel is None:
                    break
                if parcel.digest:
                    checkpoint = newest_checkpoint(config) if checkpoint is None else checkpoint
                    parcel = replace(parcel, words=witnessed(parcel.words, checkpoint))
                outcome = mailer.send(parcel) if parcel.address else Outcome(error="no address")
                with transaction(url) as session:
                    record(session, parcel, outcome)
                sent += outcome.sent
                if outcome.line_lost:
                    break
    except OSError as error:
        log.warning("the mail server does not let us in: %s", error)
    return sent


def _is_due() -> ColumnElement[bool]:
    waits = col(Delivery.state).in_(("planned", "failed"))
    return waits & (col(Delivery.next_attempt_at) <= func.now())


def is_any_due(session: Session) -> bool:
    """Tell whether an e-mail is due."""
    return session.exec(select(Delivery.id).where(_is_due()).limit(1)).first() is not None


def free_expired(session: Session, *, lease_seconds: int) -> None:
    """Let go of e-mails whose worker fell silent: due again, and marked as perhaps sent."""
    session.exec(
        update(Delivery)
        .where(
            col(Delivery.state) == "claimed",
            col(Delivery.claimed_at) < func.now() - timedelta(seconds=lease_seconds),
        )
        .values(
            state=case((col(Delivery.attempts) > len(RETRY_MINUTES), "exhausted"), else_="failed"),
            next_attempt_at=func.now(),
            maybe_sent=True,
            error="the worker died between claiming and recording",
        )
    )


def claim(session: Session) -> Parcel | None:
    """Take the e-mail that has been due longest; after the commit it is ours for one lease."""
    oldest = (
        select(Delivery.id)
        .where(_is_due())
        .order_by(col(Delivery.next_attempt_at), col(Delivery.id))
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    address = select(Recipient.email).where(Recipient.party_id == Delivery.recipient_id)
    found = session.exec(
        update(Delivery)
        .where(col(Delivery.id) == oldest)
        .values(
            state="claimed",
            claimed_at=func.now(),
            attempts=col(Delivery.attempts) + 1,
            address=address.scalar_subquery(),
        )
        .returning(Delivery)
    ).scalar_one_or_none()
    return None if found is None else _parcel(session, found)


def _parcel(session: Session, delivery: Delivery) -> Parcel:
    assert delivery.planned_at is not None
    name = session.exec(
        select(Recipient.name).where(Recipient.party_id == delivery.recipient_id)
    ).one()
    return Parcel(
        id=delivery.id,
        attempt=delivery.attempts,
        name=name,
        address=delivery.address or "",
        words=_words(session, delivery),
        planned_at=delivery.planned_at,
        maybe_sent=delivery.maybe_sent,
        digest=delivery.digest,
    )


def _words(session: Session, delivery: Delivery) -> Words:
    of_delivery = Message.delivery_id == delivery.id
    total = session.exec(select(func.count()).select_from(Message).where(of_delivery)).one()
    first = session.exec(
        select(Message).where(of_delivery).order_by(col(Message.event_position)).limit(LISTED)
    ).all()
    if total == 1:
        return Words(first[0].subject, first[0].body)
    return merged(delivery.type, [message.subject for message in first], total)


def record(session: Session, parcel: Parcel, outcome: Outcome) -> None:
    """Write down what an attempt came to.

    That it was sent is true whoever says so. A failure counts only for the attempt it ended: a
    worker taken for dead must not overwrite what its successor found.
    """
    delivery = col(Delivery.id) == parcel.id
    if outcome.sent:
        session.exec(
            update(Delivery)
            .where(delivery, col(Delivery.state) != "sent")
            .values(state="sent", delivered_at=func.clock_timestamp(), error=None)
        )
        queue_mailed(session, parcel.id)
        return
    log.warning("e-mail %s, attempt %d: %s", parcel.id, parcel.attempt, outcome.error)
    is_last = parcel.attempt > len(RETRY_MINUTES)
    wait = timedelta(minutes=0 if is_last else RETRY_MINUTES[parcel.attempt - 1])
    session.exec(
        update(Delivery)
        .where(
            delivery,
            col(Delivery.state) == "claimed",
            col(Delivery.attempts) == parcel.attempt,
        )
        .values(
            state="exhausted" if is_last else "failed",
            next_attempt_at=func.now() + wait,
            maybe_sent=parcel.maybe_sent or outcome.unknown,
            error=outcome.error,
        )
    )


def retry_exhausted(session: Session) -> int:
    """Give every e-mail that was given up a whole new schedule; return how many."""
    found = session.exec(
        update(Delivery)
        .where(col(Delivery.state) == "exhausted")
        .values(state="failed", attempts=0, next_attempt_at=func.now())
    )
    return found.rowcount
