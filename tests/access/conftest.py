from tests.ledger.conftest import buyer, ledger, operator, supplier
from tests.web.conftest import claim, contract, person

__all__ = ["buyer", "claim", "contract", "ledger", "operator", "person", "supplier"]
