import threading

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.errors import LedgerError
from services.ledger.financing.exporting import reserve
from services.ledger.financing.platforms import register_platform
from services.ledger.insight.verify import verify
from services.ledger.receivables.queries import Claim
from tests.ledger.conftest import SignIn
from tests.ledger.test_financing import DAY, confirmed, export, now_of, paid


def test_many_at_once_never_offer_a_receivable_twice(ledger: SignIn) -> None:
    ledger("operator", None)
    with db.transaction() as session:
        for code in ("PLATFORM-A", "PLATFORM-B"):
            register_platform(session, OPERATOR, code=code, name=code)
        claims = [confirmed(session) for _ in range(5)]
    won: list[int] = []
    refused: list[str] = []

    def one(platform: str) -> None:
        try:
            with db.transaction() as session:
                made = reserve(session, OPERATOR, platform=platform, currency="CNY", as_of=DAY)
                won.append(made.count)
        except LedgerError as error:
            refused.append(error.code)

    threads = [
        threading.Thread(target=one, args=(f"PLATFORM-{'AB'[number % 2]}",)) for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert won == [5]
    assert set(refused) == {"NOTHING_ELIGIBLE"}
    with db.transaction() as session:
        assert {now_of(session, claim).reserved_fen for claim in claims} == {1_000_00}
        assert verify(session) == []


def test_payments_racing_an_export_never_pay_or_offer_too_much(ledger: SignIn) -> None:
    ledger("operator", None)
    with db.transaction() as session:
        register_platform(session, OPERATOR, code="PLATFORM-A", name="A")
        claims = [confirmed(session) for _ in range(8)]
    problems: list[BaseException] = []

    def pay(claim: Claim) -> None:
        for _ in range(3):
            try:
                with db.transaction() as session:
                    paid(session, claim, 400_00, DAY)
            except LedgerError:
                continue
            except BaseException as problem:  # noqa: BLE001 (told by the test)
                problems.append(problem)

    def offer() -> None:
        try:
            with db.transaction() as session:
                export(session)
        except BaseException as problem:  # noqa: BLE001 (told by the test)
            problems.append(problem)

    threads = [threading.Thread(target=pay, args=(claim,)) for claim in claims]
    threads.insert(4, threading.Thread(target=offer))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    with db.transaction() as session:
        assert {now_of(session, claim).open_fen for claim in claims} == {200_00}
        assert verify(session) == []
