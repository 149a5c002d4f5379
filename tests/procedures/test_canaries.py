"""R-29: secrets that were planted by the real commands are nowhere to be read afterwards."""

import base64
import logging
import re
import secrets
from uuid import UUID

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.ledger import db
from services.ledger.clock import now
from services.ledger.ids import new_id
from services.ledger.parties import second_factor
from services.ledger.parties.models import User
from services.ledger.parties.service import add_user
from tests.access.making import a_key
from tests.ledger.conftest import SUPPLIER, SignIn, invoice, opened
from tests.procedures.house import seal_all
from tests.web.browser import Browser

_BYTES = re.compile(r"\\\\x((?:[0-9a-f]{2})+)")
_TABLES = text("SELECT quote_ident(relname) FROM pg_stat_user_tables WHERE schemaname = 'public'")


def _canary() -> str:
    return secrets.token_hex(12)


def everything_kept() -> str:
    """Every row of every table as text, and once more with its bytes as the characters they are."""
    with db.transaction() as session:
        run = session.connection().execute
        kept = []
        for table in run(_TABLES).scalars().all():
            for (row,) in run(text(f"SELECT t::text FROM {table} t")):
                kept.append(row)
                kept += [bytes.fromhex(one).decode("latin-1") for one in _BYTES.findall(row)]
        return "\n".join(kept)


def _forms(canary: str) -> set[str]:
    raw = canary.encode()
    coded = base64.b64encode(raw).decode().rstrip("=")
    return {canary, canary.upper(), raw.hex(), coded, base64.urlsafe_b64encode(raw).decode()}


def found(canaries: dict[str, str], where: str) -> list[str]:
    return [name for name, one in canaries.items() if any(f in where for f in _forms(one))]


def _ours(record: logging.LogRecord) -> bool:
    return not record.name.startswith("httpx2")  # the client of the test


def _person(canaries: dict[str, str]) -> str:
    """Somebody with a password and an authenticator, who signs in by the page."""
    password, login = f"a password {_canary()}", f"user-{new_id().hex[-8:]}"
    with db.transaction() as session:
        user_id = add_user(
            session, login=login, role="supplier", party_id=SUPPLIER, password=password
        )
    with db.transaction() as session:
        user = session.get_one(User, user_id)
        offered = second_factor.offer(session, user).secret
        codes = second_factor.confirm(session, user, pyotp.TOTP(offered).now(), at=now())
        assert codes
    canaries |= {"password": password, "TOTP secret": offered}
    canaries |= {f"recovery code {n}": code for n, code in enumerate(codes)}
    return login


def _machine(canaries: dict[str, str], supplier: TestClient) -> None:
    for n in range(3):
        canaries[f"API key {n}"] = a_key("supplier", SUPPLIER).token
    for n, signature in enumerate(("v1", "v1", "v1")):
        path = _canary()
        made = supplier.post(
            "/v1/webhooks",
            json={"url": f"https://example.com/{path}", "signature": signature},
            headers={"idempotency-key": f"hook-{n}"},  # its answer, which is kept, holds the secret
        )
        assert made.status_code == 201, made.text
        secret = made.json()["secret"].removeprefix("whsec_")
        plain = base64.b64decode(secret).decode("latin-1")
        canaries |= {f"webhook address {n}": path, f"webhook secret {n}": secret}
        canaries[f"webhook secret {n} in bytes"] = plain
    number = "6222" + str(secrets.randbelow(10**15)).zfill(15)
    holder = {"holder": "小企业乙", "bank": "中国银行", "number": number}
    account = supplier.post(
        f"/v1/parties/{SUPPLIER}/repayment-accounts",
        json=holder,
        headers={"idempotency-key": "account"},
    )
    assert account.status_code == 201, account.text
    canaries["bank account"] = number


def _refusals(canaries: dict[str, str], supplier: TestClient, login: str) -> str:
    """What is answered to those who send secrets where they do not belong."""
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    told = []
    for n in range(6):
        one = canaries[f"sent astray {n}"] = _canary()
        body = {"url": f"ftp://example.com/{one}", "password": one}
        told += [
            supplier.post("/v1/webhooks", json=body).text,
            supplier.post("/v1/payments", json={"reference": [one], "amount": one}).text,
            supplier.get(f"/v1/events?after={one}").text,
            supplier.get("/v1/events", headers={"authorization": f"Bearer {one}"}).text,
        ]
    with TestClient(app, raise_server_exceptions=False) as http:
        wrong = canaries["wrong password"] = f"a wrong password {_canary()}"
        told.append(Browser(http).sign_in(login, wrong).text)
    return "\n".join(told)


def test_planted_secrets_are_nowhere_to_be_read(
    ledger: SignIn, supplier: TestClient, contract: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canaries: dict[str, str] = {}
    login = _person(canaries)
    _machine(canaries, supplier)
    claim = opened(supplier, invoice(contract))
    told = _refusals(canaries, supplier, login)
    seal_all()
    assert len(canaries) >= 30

    reads = ["/v1/events", "/v1/webhooks", f"/v1/parties/{SUPPLIER}/repayment-accounts"]
    reads += [f"/v1/receivables/{claim}", f"/v1/receivables/{claim}/history", "/v1/receivables"]
    shown = "\n".join(supplier.get(path).text for path in reads)
    addresses = {name for name in canaries if name.startswith("webhook address")}

    assert found(canaries, everything_kept()) == []
    assert found(canaries, told) == []
    logged = [r.getMessage() + (r.exc_text or "") for r in caplog.records if _ours(r)]
    assert found(canaries, "\n".join(logged)) == []
    assert set(found(canaries, shown)) <= addresses  # its own party may read where it goes


def test_a_secret_in_a_table_or_in_bytes_is_found(ledger: SignIn, supplier: TestClient) -> None:
    """The control: two secrets that are kept in the open."""
    plain, inside = _canary(), _canary()
    with db.transaction() as session:
        run = session.connection().execute
        run(text("UPDATE parties SET name = :name WHERE id = :id"), {"name": plain, "id": SUPPLIER})
        values = {"id": UUID(int=1), "body": inside.encode()}
        run(
            text(
                "INSERT INTO idempotency_keys (principal, route, key, fingerprint, status, body,"
                " recorded_at) VALUES ('x', 'x', :id, :body, 200, :body, now())"
            ),
            values,
        )
    assert found({"plain": plain, "inside": inside}, everything_kept()) == ["plain", "inside"]
