"""Uninstall all that an image does not need: `python keep_only.py "receivables-ledger[ledger]"`.

There is one lock for development, embedding and production, so an image installs all of it with
its hashes and then drops what none of the named requirements leads to.
"""

import subprocess
import sys
from importlib.metadata import distributions, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

KEPT_ALWAYS = {"pip"}


def needed(wanted: list[Requirement]) -> set[str]:
    """Return the names of everything the requirements lead to."""
    found: set[tuple[str, str]] = set()
    waiting = list(wanted)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if (name, extra) in found:
                continue
            found.add((name, extra))
            inner = (Requirement(line) for line in requires(name) or ())
            waiting += [r for r in inner if not r.marker or r.marker.evaluate({"extra": extra})]
    return {name for name, _ in found} | KEPT_ALWAYS


def main() -> None:
    """Uninstall what is not needed."""
    kept = needed([Requirement(argument) for argument in sys.argv[1:]])
    installed = {canonicalize_name(found.metadata["Name"]) for found in distributions()}
    print("keeping", *sorted(kept & installed))
    # Names come from this environment's own metadata.
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", *sorted(installed - kept)],
        check=True,
    )


if __name__ == "__main__":
    main()
