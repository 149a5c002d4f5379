from tests.ledger.conftest import buyer, contract, ledger, operator, supplier
from tests.procedures.probe import probe

__all__ = ["buyer", "contract", "ledger", "operator", "probe", "supplier"]
