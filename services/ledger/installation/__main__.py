"""What `ledger up --detach` runs in the background."""

import logging
import sys
from pathlib import Path

from services.ledger.installation.installation import Installation

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    Installation.open(Path(sys.argv[1])).up()
