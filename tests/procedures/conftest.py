from tests.ledger.conftest import buyer, contract, ledger, operator, supplier

__all__ = ["buyer", "contract", "ledger", "operator", "supplier"]
