"""A small book whose log is sealed, grown into the tree and signed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.ledger import db
from services.ledger.config import settings
from services.ledger.log.service import seal
from services.ledger.proof import queries, service
from services.ledger.proof.ledger_verify import SUITES
from services.ledger.proof.signing import signers
from tests.ledger.conftest import (
    BUYER,
    STRANGER,
    SUPPLIER,
    Client,
    buyer,
    contract,
    invoice,
    ledger,
    opened,
    operator,
    supplier,
)

__all__ = ["BUYER", "STRANGER", "SUPPLIER", "buyer", "contract", "ledger", "operator", "supplier"]
PERSON = "张三（13800000000）"
AT = datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)


def sign_the_log(at: datetime = AT) -> queries.Signed:
    """Do at once what sealing and the tick do by and by, and return the newest checkpoint."""
    with db.transaction() as session:
        seal(session)
        service.grow(session, SUITES[settings().ledger_log_suite])
        made = service.checkpoint(session, signers(settings()), at=at)
        return made or queries.checkpoints(session)[0]


@pytest.fixture
def claim(buyer: Client, supplier: Client, contract: str) -> str:
    """A receivable with a life of four events, among others' events."""
    identifier = opened(supplier, invoice(contract))
    for number in (1, 2, 3):
        other = invoice(contract, invoice_number=f"2531200000000000009{number}")
        opened(supplier, other)
        body = {"amount": "10.00", "reason": f"{PERSON}说少了{number}箱"}
        answer = buyer.post(f"/v1/receivables/{identifier}/disputes", json=body)
        assert answer.status_code == 200, answer.text
    return identifier


def bundle(client: Client, claim: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/v1/receivables/{claim}/proof", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
