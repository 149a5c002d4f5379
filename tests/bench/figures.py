"""What a part of the bench measured, and whether it holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Figure:
    """One ratio with the two numbers it stands on, and the bound it must keep."""

    name: str
    ours: str
    theirs: str
    value: float
    bound: float
    at_least: bool = True
    """False: the value must stay below the bound."""

    @property
    def passes(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value < self.bound

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<"
        verdict = "pass" if self.passes else "FAIL"
        return (
            f"{self.name}\n    ours   {self.ours}\n    theirs {self.theirs}\n"
            f"    {self.value:.2f}, gate {sign} {self.bound:g}: {verdict}"
        )


def say(line: str) -> None:
    """Print a line at once, so that a long run shows where it is."""
    print(line, flush=True)  # noqa: T201


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    started = perf_counter()
    work()
    return perf_counter() - started


def middle(values: Sequence[float]) -> float:
    """Return the median, which one noisy neighbour does not move."""
    return median(values)
