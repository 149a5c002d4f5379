"""How secrets are planted, by the commands that people and machines give, and used."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.credentials import COOKIE
from services.ledger.financing.platforms import register_platform
from services.ledger.ids import new_id
from services.ledger.parties import second_factor, users
from services.ledger.parties.models import User
from services.ledger.parties.service import add_user
from services.ledger.web import cookies
from services.ledger.webhooks import delivering, planning, queries
from services.ledger.webhooks.addresses import Rules
from services.ledger.webhooks.models import WebhookSecret
from services.ledger.webhooks.sending import Sender
from services.notifier import pull
from services.notifier import service as notifier
from services.notifier.config import Settings as NotifierSettings
from services.notifier.db import engine as notifier_engine
from tests.access.making import a_key
from tests.access.signing import Signer
from tests.ledger.conftest import STRANGER, SUPPLIER, SignIn, invoice, opened
from tests.notifier.fakes import a_catcher
from tests.procedures.canaries import Canaries, unpacked
from tests.procedures.estate import FAR
from tests.procedures.house import seal_all
from tests.web.browser import Browser
from tests.web.provider import provider, settle, vouched
from tests.webhooks.receiver import Receiver, answer

NEXT_FILE = "\n--- the next file ---\n"
FORMATS = ("csv", "csv-gb18030", "xlsx", "tsin001")


def a_browser() -> Browser:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    return Browser(TestClient(app, raise_server_exceptions=False))


def a_person(canaries: Canaries) -> tuple[str, str]:
    """Somebody with a password and an authenticator."""
    secret, login = canaries.plant("password"), f"user-{new_id().hex[-8:]}"
    password = f"a password {secret}"
    with db.transaction() as session:
        user_id = add_user(
            session, login=login, role="supplier", party_id=SUPPLIER, password=password
        )
    with db.transaction() as session:
        user = session.get_one(User, user_id)
        offered = second_factor.offer(session, user).secret
        codes = second_factor.confirm(session, user, pyotp.TOTP(offered).now(), at=now())
        assert codes
        user.totp_step = 0
        session.add(user)
    canaries.plant("TOTP secret", offered)
    for n, code in enumerate(codes):
        canaries.plant(f"recovery code {n}", code)
    return login, password


def signed_in(canaries: Canaries, login: str, password: str) -> Browser:
    """A browser at which a person has come in, by both factors."""
    browser, token = a_browser(), str(canaries.planted["TOTP secret"])
    assert browser.sign_in(login, password).url.path == "/sign-in/code"
    canaries.plant("half-sign-in token", browser.client.cookies[cookies.HALF])
    code = pyotp.TOTP(token).now()
    assert browser.press("/sign-in/code", "/sign-in/code", code=code).url.path == "/console"
    canaries.plant("session cookie", browser.client.cookies[COOKIE])
    canaries.plant("browser cookie", browser.client.cookies[cookies.BROWSER])
    return browser


def single_sign_on(
    canaries: Canaries,
    login: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The same person comes in by the single sign-on."""
    with provider() as issuer:
        settle(monkeypatch, issuer)
        secret = canaries.plant("single sign-on client secret")
        monkeypatch.setenv("LEDGER_OIDC_CLIENT_SECRET", secret)
        settings.cache_clear()
        with db.transaction() as session:
            user = users.by_login(session, login)
            users.link(session, user, issuer, "subject", actor=user.id)
        browser = a_browser()
        browser.client.follow_redirects = False
        sent = browser.see("/sign-in/single").headers["location"]
        canaries.plant("what a browser keeps", browser.client.cookies[cookies.SINGLE])
        browser.client.follow_redirects = True
        with caplog.at_level(logging.ERROR):  # What the test does there itself.
            back = vouched(sent, "subject")
        canaries.plant("single sign-on code", str(httpx2.URL(back).params["code"]))
        assert browser.see(back).url.path == "/sign-in/code"


def machines(canaries: Canaries, supplier: TestClient) -> None:
    for n in range(2):
        canaries.plant(f"API key {n}", a_key("supplier", SUPPLIER).token)
    signing = a_key("supplier", SUPPLIER, signs=True)
    canaries.plant("API key that signs", signing.token)
    canaries.plant("signing secret", bytes.fromhex(signing.signing_secret or ""))
    assert Signer(signing).send("GET", "/v1/events").status_code == 200
    number = "6222" + str(secrets.randbelow(10**15)).zfill(15)
    account = supplier.post(
        f"/v1/parties/{SUPPLIER}/repayment-accounts",
        json={
            "holder": "小企业乙",
            "bank": "中国银行",
            "number": canaries.plant("account", number),
        },
        headers={"idempotency-key": "account"},
    )
    assert account.status_code == 201, account.text


def webhooks(canaries: Canaries, supplier: TestClient, receiver: Receiver) -> None:
    """Three endpoints, one of them rotated, and events delivered to all of them, or not."""
    ids = []
    for n, signature in enumerate(("v1", "v1a", "v1")):
        token = canaries.plant(f"webhook address {n}")
        made = supplier.post(
            "/v1/webhooks",
            json={"url": f"{receiver.url}?token={token}", "signature": signature, "after": 0},
            headers={"idempotency-key": f"hook-{n}"},  # its answer, which is kept, holds the secret
        )
        assert made.status_code == 201, made.text
        ids.append(made.json()["id"])
    rotated = supplier.post(f"/v1/webhooks/{ids[0]}/secrets", json={"overlap_hours": 1})
    assert rotated.status_code in {200, 201}, rotated.text
    with db.transaction() as session:
        for one in session.exec(select(WebhookSecret)):
            raw = queries.opened(one).raw
            canaries.plant(f"webhook secret {one.scheme} {one.id}", raw)
    assert len([name for name in canaries.planted if name.startswith("webhook secret")]) == 4


def addressed(supplier: TestClient) -> None:
    """The supplier says where its notices go, so that there are some."""
    own = {"id": str(SUPPLIER), "name": "小企业乙", "kind": "SMALL", "email": "a@yi.example"}
    assert supplier.post("/v1/parties", json=own).status_code == 200


def delivered(receiver: Receiver) -> None:
    """Send what is due to each endpoint, the last time to a receiver that refuses."""
    seal_all()
    planning.catch_up(now)
    sender = Sender(Rules.of(settings()), seconds=2)
    with db.transaction() as session:
        due = delivering.due(session, at=now())
    assert len(due) >= 1
    for number, one in enumerate(due, 1):
        receiver.answering = answer(204 if number < len(due) else 500)
        assert delivering.serve(one, sender, now) > 0
    assert receiver.got


def notified(canaries: Canaries, ledger: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The notifier reads the log and sends, at a mail server that first wants no password."""
    client = ledger("service", None)

    @contextmanager
    def asking(_: NotifierSettings) -> Iterator[Any]:
        yield client

    monkeypatch.setattr(pull, "ledger", asking)
    with a_catcher() as catcher:
        password = canaries.plant("password of the mail server")
        url = catcher.url.replace("//", f"//user:{password}@")
        config = NotifierSettings(
            database_url=settings().database_url,
            notifier_ledger_key=canaries.plant("notifier's key to the ledger"),
            notifier_from="notice@ledger.example",
        )
        for smtp in (url, catcher.url):
            notifier.catch_up(config.model_copy(update={"notifier_smtp_url": smtp}))
        assert catcher.mails
    notifier_engine(config.database_url).dispose()
    notifier_engine.cache_clear()


def exported(ledger: SignIn, buyer: TestClient, supplier: TestClient, contract: str) -> str:
    """Offer a receivable to a platform, and read the file in each format."""
    opened(buyer, invoice(contract, agreed_due_on=FAR))
    with db.transaction() as session:
        register_platform(session, OPERATOR, code="PF-1", name="平台", party_id=STRANGER)
    platform = ledger("platform", STRANGER)
    made = supplier.post("/v1/exports", json={"platform": "PF-1"})
    assert made.status_code == 201, made.text
    read = [f"{made.json()}"]
    for one in FORMATS:
        path = f"/v1/exports/{made.json()['reference']}/file"
        answer = platform.get(path, params={"format": one})
        assert answer.status_code == 200, answer.text
        read.append(unpacked(answer.content))
    assert all("25312000000000000001" in one for one in read[1:])
    return NEXT_FILE.join(read)


def refused(canaries: Canaries, supplier: TestClient) -> str:
    """What is answered to those who send secrets where they do not belong."""
    told = []
    for n in range(3):
        one = canaries.plant(f"sent astray {n}")
        body = {"url": f"ftp://example.com/{one}", "password": one}
        url = {"url": f"ftp://example.com/{one}"}
        asked = (
            supplier.post("/v1/webhooks", json=body),
            supplier.post("/v1/webhooks", json=url),
            supplier.post("/v1/payments", json={"reference": [one], "amount": one}),
            supplier.get(f"/v1/events?after={one}"),
            supplier.get("/v1/events", headers={"authorization": f"Bearer {one}"}),
        )
        assert {answer.status_code for answer in asked} == {401, 422}
        told += [answer.text for answer in asked]
    wrong = f"a wrong password {canaries.plant('wrong password')}"
    told.append(a_browser().sign_in("nobody", wrong).text)
    return "\n".join(told)
