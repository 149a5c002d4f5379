"""The command line `ledger`: everything an operator does on the machine itself."""

from services.ledger.cli.program import main

__all__ = ["main"]
