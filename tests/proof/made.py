"""A log of many events, written by the log's own functions, in a session that rolls back."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from services.events import PartyContactChanged, ReceivableSettled, WebhookAdded
from services.ledger.access import OPERATOR
from services.ledger.config import Settings, settings
from services.ledger.ids import id_of
from services.ledger.log.service import Entry, append, seal
from services.ledger.proof import queries, service
from services.ledger.proof.erasing import Whose, erase
from services.ledger.proof.ledger_verify import SUITES, Key
from services.ledger.proof.signing import Signer, signer, signers

AT = datetime(2026, 3, 1, tzinfo=UTC)
WITNESS = signer("sha256-ed25519", "witness.example/w1", "B" * 43)
OLD_KEY, NEW_KEY = "C" * 43, "D" * 43


def subject(number: int) -> UUID:
    return id_of("test", number)


def write(session: Session, count: int, *, first: int = 0) -> None:
    """Append and seal events of forty subjects: two kinds with something personal, one without.

    They tell of nothing that would have to be in the book.
    """
    entries = []
    for number in range(first, first + count):
        who = subject(number % 40)
        kinds = (
            ReceivableSettled(invoice_number=f"{number:020}"),
            WebhookAdded(host="erp.example", types=(), description=f"李四说第{number}箱坏了"),
            PartyContactChanged(party_id=who, name="王五商行", email=f"w{number}@example.com"),
        )
        actor = f"user{number % 7}"
        entries.append(Entry(who, kinds[number % 3], actor, who, who, None))
    append(session, entries)
    seal(session)


def keys(*secrets: str) -> list[Signer]:
    return signers(Settings(ledger_log_key=",".join(secrets), ledger_log_name="test.example/log"))


def sign(session: Session, *secrets: str, minute: int = 0) -> queries.Signed:
    """Grow the tree after the log and sign it."""
    while service.grow(session, SUITES[settings().ledger_log_suite], limit=300):
        pass
    made = service.checkpoint(session, keys(*secrets), at=AT + timedelta(minutes=minute))
    assert made is not None
    return made


def cosign(session: Session, signed: queries.Signed) -> Key:
    line = WITNESS.cosign(signed.body, at=int(AT.timestamp()) + 60)
    known = [WITNESS.key.cosigner()]
    return service.accept_cosignature(session, known, size=signed.size, line=line)


def long_log(session: Session) -> None:
    """A log of 3 tiles and a bit, with five checkpoints, two keys, a witness and two erasures."""
    write(session, 200)
    sign(session, OLD_KEY)
    write(session, 400, first=200)
    cosign(session, sign(session, OLD_KEY, minute=1))
    write(session, 100, first=600)
    cosign(session, sign(session, NEW_KEY, OLD_KEY, minute=2))
    write(session, 130, first=700)
    sign(session, NEW_KEY, minute=3)
    suite = SUITES[settings().ledger_log_suite]
    whose = (Whose(actor="user3"), Whose(subject_id=subject(5)))
    for one in whose:
        erase(session, OPERATOR, suite, one, basis="个人信息保护法第四十七条")
    seal(session)
    sign(session, NEW_KEY, minute=4)
