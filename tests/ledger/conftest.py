from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from services.ledger import config, db
from services.ledger.ids import new_id
from services.ledger.parties.service import add_api_key

Client = TestClient
SignIn = Callable[[str, UUID | None], Client]


@pytest.fixture
def ledger(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignIn]:
    """The application on a database of its own; call it with a role and party to sign in."""
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    config.settings.cache_clear()
    db.engine.cache_clear()
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    def sign_in(role: str, party_id: UUID | None = None) -> Client:
        token = str(new_id())
        with db.transaction() as session:
            add_api_key(session, name=role, role=role, party_id=party_id, token=token)
        return TestClient(
            app, headers={"authorization": f"Bearer {token}"}, raise_server_exceptions=False
        )

    yield sign_in
    db.engine().dispose()
    db.engine.cache_clear()
    config.settings.cache_clear()
