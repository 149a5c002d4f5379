"""``python -m tests.bench``: the ratios the README states, each measured side by side."""

import argparse
import sys
from collections.abc import Callable
from time import perf_counter

from tests.bench import assess, cost, export, intake, law, proof, write
from tests.bench.figures import Figure, say
from tests.bench.place import Place, opened

PARTS: dict[str, Callable[..., list[Figure]]] = {
    "write": write.measure,
    "cost": cost.measure,
    "intake": intake.measure,
    "assess": assess.measure,
    "export": export.measure,
    "law": law.measure,
    "proof": proof.measure,
}


def main() -> int:
    """Run the parts asked for and return 1 if a gate is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=sorted(PARTS), action="append")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    options = parser.parse_args()
    figures: list[Figure] = []
    with opened() as place:
        for name in options.only or PARTS:
            figures += _run(name, place, quick=options.quick)
    say("")
    for figure in figures:
        say(str(figure))
    missed = [figure.name for figure in figures if not figure.passes]
    say(f"\n{len(figures) - len(missed)} of {len(figures)} gates hold")
    return 1 if missed else 0


def _run(name: str, place: Place, *, quick: bool) -> list[Figure]:
    say(f"{name} ...")
    started = perf_counter()
    found = PARTS[name](place, quick=quick)
    say(f"  {perf_counter() - started:.0f} s")
    return found


if __name__ == "__main__":
    sys.exit(main())
