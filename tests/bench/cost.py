"""What policy, row-level security, idempotency and the event cost the single write together."""

from tests.bench.figures import Figure, middle, say
from tests.bench.place import Place
from tests.bench.write import CLIENTS, WORKERS, crew, deal_in, serving

KEPT = 0.65
"""Of the throughput without them; they cost at most 35 % of it."""
_ROUNDS = 5


def measure(place: Place, *, quick: bool) -> list[Figure]:
    """Return the rate with all of them against that without, round by round."""
    count = 800 if quick else 3_200
    with (
        place.database() as url,
        serving(url, WORKERS) as whole,
        serving(url, WORKERS, made_by="tests.bench.naked:stripped") as naked,
    ):
        deal = deal_in(url)
        first = 0
        rates: list[tuple[float, float]] = []
        for number in range(-1, _ROUNDS):
            ours = count / crew("keyed", whole, deal, count, first, processes=1)
            first += count
            theirs = count / crew("http", naked, deal, count, first, processes=1)
            first += count
            if number >= 0:  # the first round only warms up
                rates.append((ours, theirs))
                say(f"  round {number + 1}: {ours:.0f} and {theirs:.0f} a second")
    ours, theirs = (middle(column) for column in zip(*rates, strict=True))
    return [
        Figure(
            f"cost: the same write under an idempotency key, {CLIENTS} clients, {WORKERS} API"
            f" processes, {_ROUNDS} x {count}",
            f"{ours:.0f} a second",
            f"{theirs:.0f} a second without policy, row-level security, idempotency and event",
            middle([one / other for one, other in rates]),
            KEPT,
        )
    ]
