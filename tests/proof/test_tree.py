"""The tree in tiles against RFC 9162's own recursive definition, and R-15: a thousand proofs."""

import random
from collections.abc import Sequence

import pytest

from services.ledger.proof import ledger_verify as v
from services.ledger.proof.tree import (
    HASH_BYTES,
    At,
    Span,
    consistency,
    grown,
    inclusion,
    last_tiles,
    needed,
    root,
)

SUITES = sorted(v.SUITES.values())


def leaf(suite: v.Suite, number: int) -> bytes:
    return v.leaf_hash(suite, str(number).encode())


def by_definition(suite: v.Suite, hashes: Sequence[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not hashes:
        return suite.hash(b"")
    if len(hashes) == 1:
        return hashes[0]
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    left, right = by_definition(suite, hashes[:half]), by_definition(suite, hashes[half:])
    return suite.hash(b"\x01" + left + right)


class Tree:
    """A tree grown in chunks, as sealing grows it, reading only what `last_tiles` names."""

    def __init__(self, suite: v.Suite) -> None:
        self.suite = suite
        self.tiles: dict[At, bytes] = {}
        self.leaves: list[bytes] = []

    def grow(self, count: int) -> None:
        size = len(self.leaves)
        new = [leaf(self.suite, number) for number in range(size, size + count)]
        last = {at: self.tiles[at] for at in last_tiles(size)}
        self.tiles |= grown(self.suite, size, last, new)
        self.leaves += new

    def roots(self, spans: Sequence[Span]) -> list[bytes]:
        held = {at: self.tiles[at] for at in needed(spans)}
        return [root(self.suite, span, held) for span in spans]


def test_the_root_is_that_of_the_rfc_at_every_size() -> None:
    tree = Tree(SUITES[0])
    for size in range(1, 600):
        tree.grow(1)
        assert tree.roots([Span(0, size)]) == [by_definition(tree.suite, tree.leaves)], size


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_growing_in_any_steps_gives_the_same_tree(suite: v.Suite) -> None:
    chance = random.Random(7)
    steps, at_once = Tree(suite), Tree(suite)
    while len(steps.leaves) < 70_000:
        steps.grow(chance.choice((1, 2, 255, 256, 257, 5_000, 9_000)))
    at_once.grow(len(steps.leaves))
    assert steps.tiles == at_once.tiles
    assert {at.level for at in steps.tiles} == {0, 1, 2}
    assert steps.roots([Span(0, 66_000)]) == [by_definition(suite, steps.leaves[:66_000])]


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Tree(SUITES[0]).roots([Span(0, 0)]) == [SUITES[0].hash(b"")]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 255, 256, 257, 511])
def test_every_leaf_is_proven_in_every_tree(size: int) -> None:
    tree = Tree(SUITES[0])
    tree.grow(size)
    (whole,) = tree.roots([Span(0, size)])
    for index in range(size):
        path = tree.roots(inclusion(index, Span(0, size)))
        assert v.root_of_inclusion(tree.suite, index, size, tree.leaves[index], path) == whole


def try_proofs(suite: v.Suite, *, leaves: int, count: int) -> None:
    """Check proofs of both kinds at random places, and each once more with one thing wrong."""
    seed = random.randrange(10**9)
    chance = random.Random(seed)
    tree = Tree(suite)
    tree.grow(leaves)
    for _ in range(count):
        size = chance.randint(2, len(tree.leaves))
        index, old = chance.randrange(size), chance.randrange(1, size)
        new_root, old_root = tree.roots([Span(0, size), Span(0, old)])

        path = tree.roots(inclusion(index, Span(0, size)))
        assert v.root_of_inclusion(suite, index, size, tree.leaves[index], path) == new_root, seed
        broken, wrong = mutated(chance, path, index, size)
        assert v.root_of_inclusion(suite, wrong, size, tree.leaves[index], broken) != new_root, seed

        path = tree.roots(consistency(old, Span(0, size)))
        sizes, roots = (old, size), (old_root, new_root)
        assert v.is_consistent(suite, sizes, roots, path), seed
        broken, wrong = mutated(chance, path, old, size)
        assert not v.is_consistent(suite, (wrong, size), roots, broken), (seed, old, size)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_thousand_random_proofs_hold_and_a_thousand_broken_ones_do_not(suite: v.Suite) -> None:
    try_proofs(suite, leaves=70_001, count=500)


def agreeable(*_: object) -> bool:
    return True


def short_of_one(
    suite: v.Suite, index: int, size: int, leaf_hash: bytes, path: Sequence[bytes]
) -> bytes | None:
    return ROOT_OF_INCLUSION(suite, index, size, leaf_hash, path[:-1])


def taking_what_fits(
    suite: v.Suite, index: int, size: int, leaf_hash: bytes, path: Sequence[bytes]
) -> bytes | None:
    """Ignore what is left over of a path."""
    every = range(len(path), -1, -1)
    found = (ROOT_OF_INCLUSION(suite, index, size, leaf_hash, path[:end]) for end in every)
    return next((root_ for root_ in found if root_ is not None), None)


ROOT_OF_INCLUSION = v.root_of_inclusion


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("is_consistent", agreeable),
        ("root_of_inclusion", short_of_one),
        ("root_of_inclusion", taking_what_fits),
    ],
)
def test_a_verifier_that_is_broken_is_seen(
    name: str, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of R-15: it agrees to all, stops before the last hash, or takes too many."""
    monkeypatch.setattr(v, name, broken)
    with pytest.raises(AssertionError):
        try_proofs(SUITES[0], leaves=1_001, count=200)


def mutated(
    chance: random.Random, path: Sequence[bytes], index: int, size: int
) -> tuple[list[bytes], int]:
    """Return a proof with one thing wrong: a bit, a hash too many or too few, an order, a place."""
    wrong = list(path)
    at = chance.randrange(len(path)) if path else 0
    kind = chance.choice(["bit", "cut", "more", "twice", "place"]) if path else "more"
    if kind == "bit":
        bit = 1 << chance.randrange(8)
        place = chance.randrange(HASH_BYTES)
        wrong[at] = bytes(
            byte ^ (bit if number == place else 0) for number, byte in enumerate(path[at])
        )
    elif kind == "cut":
        del wrong[at]
    elif kind == "more":
        wrong.insert(at, chance.randbytes(HASH_BYTES))
    elif kind == "twice":
        wrong.insert(at, wrong[at])
    else:
        return wrong, index - 1 if index > 1 else index + 1 if index + 1 < size else 0
    return wrong, index
