"""The secrets of one installation, made on first use and kept for good."""

import secrets
from collections.abc import Mapping

from services.ledger.installation.home import Home

NAMES = (
    "LEDGER_IDENTITY_KEY",
    "LEDGER_LOG_KEY",
    "NOTIFIER_LEDGER_KEY",
    "NOTIFIER_API_KEY",
)


def keys(home: Home, environment: Mapping[str, str]) -> dict[str, str]:
    """Return every secret: the environment's where it has one, else this home's own.

    The identity key makes the digests by which the same invoice is known again; an installation
    that lost it could finance an invoice twice. So it is made once, and never anew.
    """
    with home.lock("secrets"):
        kept = home.read("secrets.json")
        missing = {name: secrets.token_urlsafe(32) for name in NAMES if name not in kept}
        if missing:
            kept.update(missing)
            home.write_json("secrets.json", kept)
    return {name: environment.get(name) or str(kept[name]) for name in NAMES}
