"""The notifier by hand and without a broker: `python -m services.notifier.cli run`."""

import argparse
import logging
import sys
import time
from collections.abc import Sequence

from sqlalchemy.exc import OperationalError

from services.notifier import service
from services.notifier.config import settings
from services.notifier.db import transaction
from services.notifier.delivery import retry_exhausted
from services.notifier.verify import verify

log = logging.getLogger("notifier.cli")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of: catch-up (once), run (until stopped), retry (what was given up), verify."""
    parser = argparse.ArgumentParser(prog="services.notifier.cli", description=__doc__)
    parser.add_argument("command", choices=("catch-up", "run", "retry", "verify"))
    parser.add_argument("--every", type=int, default=5, metavar="SECONDS")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO)
    if chosen.command == "retry":
        with transaction(settings().database_url) as session:
            log.info("%d e-mails are due again", retry_exhausted(session))
        return
    if chosen.command == "verify":
        proof = verify(settings())
        for one in proof.findings:
            log.error("✗ %s %s (%d): %s", one.chinese, one.english, one.broken, one.examples)
        log.info("%d notices up to position %d: %s", proof.messages, proof.through, proof.mails)
        sys.exit(1 if proof.findings else 0)
    while True:
        try:
            service.catch_up(settings())
            service.tell_ledger(settings())
        except OperationalError:
            if chosen.command == "catch-up":
                raise
            log.exception("the database does not answer")
        if chosen.command == "catch-up":
            return
        time.sleep(chosen.every)


if __name__ == "__main__":
    main()
