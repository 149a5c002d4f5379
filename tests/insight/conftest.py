from tests.proof.conftest import buyer, claim, contract, ledger, operator, supplier
from tests.webhooks.conftest import _loopback, house, receiver

__all__ = [
    "_loopback",
    "buyer",
    "claim",
    "contract",
    "house",
    "ledger",
    "operator",
    "receiver",
    "supplier",
]
