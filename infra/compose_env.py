"""Write `.env` for docker compose, with new secrets: `python -m infra.compose_env`."""

import os
import secrets
import sys
from pathlib import Path

NAMES = (
    "POSTGRES_PASSWORD",
    "LEDGER_DATABASE_PASSWORD",
    "APP_DATABASE_PASSWORD",
    "NOTIFIER_DATABASE_PASSWORD",
    "REDIS_PASSWORD",
    "LEDGER_IDENTITY_KEY",
    "LEDGER_LOG_KEY",
    "NOTIFIER_LEDGER_KEY",
    "NOTIFIER_API_KEY",
)


def write(file: Path) -> None:
    """Write every secret; one that exists is never replaced, for the books depend on it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.writelines(f"{name}={secrets.token_urlsafe(32)}\n" for name in NAMES)


if __name__ == "__main__":
    try:
        write(Path(".env"))
    except FileExistsError:
        sys.exit(".env exists and is left alone; the identity key in it must never change.")
