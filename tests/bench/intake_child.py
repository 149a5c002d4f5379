"""One intake as a process of its own: ``python -m tests.bench.intake_child FILE``."""

import json
import re
import sys
from pathlib import Path
from time import perf_counter

from services.ledger.access import OPERATOR
from services.ledger.clock import today
from services.ledger.db import transaction
from services.ledger.intake.loading import load_profile
from services.ledger.intake.service import Intake, commit

_LARGEST = 512 * 1024 * 1024
"""Beyond what the interfaces take, to show that memory does not follow."""


def main() -> None:
    """Take the file in and print what it cost."""
    started = perf_counter()
    profile = load_profile("standard")
    file = Intake(Path(sys.argv[1]), profile, OPERATOR, today(), max_bytes=_LARGEST)
    with transaction(long=True) as session:
        report = commit(session, file)
    told = {
        "seconds": perf_counter() - started,
        "mebibytes": _peak_kib() / 1024,
        "new": report.new.get("receivable", 0),
        "errors": [str(error) for error in report.errors[:3]],
    }
    print(json.dumps(told))  # noqa: T201


def _peak_kib() -> int:
    """Return this program's peak; `getrusage` would count that of whoever started it, too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak is not None
    return int(peak[1])


if __name__ == "__main__":
    main()
