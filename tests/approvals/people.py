"""People of a party, signed in with their authenticators, as tests of approvals need them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text
from sqlmodel import Session

from services.events import UserAdded
from services.ledger import db
from services.ledger.access import Viewer
from services.ledger.clock import now
from services.ledger.identification import start_session
from services.ledger.ids import new_id
from services.ledger.log.service import Entry, append
from services.ledger.parties.models import User, UserLink
from tests.web.signing import Authenticator, with_code


def a_user(
    session: Session,
    party_id: UUID | None,
    duty: str = "",
    *,
    role: str = "core_enterprise",
    login: str | None = None,
) -> Viewer:
    user = User(
        id=new_id(),
        login=login or f"{duty or role} {new_id()}",
        role=role,
        party_id=party_id,
        duty=duty,
        password_hash="nobody has this password",
    )
    session.add(user)
    session.flush()
    told = UserAdded(role=role, duty=duty, party_id=party_id)
    append(session, [Entry(user.id, told, "tests", debtor_id=party_id)])
    return Viewer(user.login, role, party_id, user_id=user.id, duty=duty)


def linked(session: Session, user: Viewer, subject: str) -> None:
    assert user.user_id
    session.add(UserLink(issuer="https://sso.example", subject=subject, user_id=user.user_id))
    session.flush()


def unlinked(session: Session, user: Viewer) -> None:
    gone = text("DELETE FROM user_links WHERE user_id = :id")
    session.connection().execute(gone, {"id": user.user_id})


@dataclass
class Person:
    """Somebody who asks over HTTP by a session of their own."""

    viewer: Viewer
    client: TestClient
    phone: Authenticator | None

    def code(self) -> str:
        """Return a code that was not used, however many were."""
        assert self.phone
        with db.transaction() as session:
            again = text("UPDATE users SET totp_step = 0 WHERE id = :id")
            session.connection().execute(again, {"id": self.viewer.user_id})
        return self.phone.code()

    def get(self, address: str, **query: Any) -> Any:
        answer = self.client.get(address, params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def approve(self, shown: dict[str, Any], **changes: Any) -> Response:
        body = {"digest": shown["digest"], "code": self.code(), **changes}
        return self.client.post(f"{shown['address']}/approval", json=body)

    def reject(self, shown: dict[str, Any], reason: str = "金额不符") -> Response:
        body = {"digest": shown["digest"], "code": self.code(), "reason": reason}
        return self.client.post(f"{shown['address']}/rejection", json=body)


def waits(answer: Response) -> dict[str, Any]:
    """Return the proposal that a command became."""
    assert answer.status_code == 202, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def arrive(
    app: Any, party_id: UUID | None, duty: str = "", *, with_phone: bool = True, **more: Any
) -> Person:
    with db.transaction() as session:
        viewer = a_user(session, party_id, duty, **more)
        assert viewer.user_id
        token = start_session(session, viewer.user_id, at=now() - timedelta(minutes=1))
    phone = with_code(viewer.user_id) if with_phone else None
    headers = {"authorization": f"Bearer {token}"}
    return Person(viewer, TestClient(app, headers=headers, raise_server_exceptions=False), phone)
