"""The Merkle tree of RFC 9162 over the sealed positions, kept in tiles of 256 hashes.

A tile of level 0 holds leaf hashes, one of level n the roots of 256 whole tiles below. So a
tree of ten million leaves is forty thousand rows, a proof reads at most two rows of each level, and
appending rewrites only the last tile of each level.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from services.ledger.proof.ledger_verify import Suite, node_hash

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
HASH_BYTES: Final = 32


class At(NamedTuple):
    """Where a tile stands."""

    level: int
    number: int


class Span(NamedTuple):
    """The leaves from one index up to below another."""

    first: int
    end: int


Tiles = Mapping[At, bytes]


def grown(suite: Suite, size: int, last: Tiles, leaves: Sequence[bytes]) -> dict[At, bytes]:
    """Return the tiles that change when leaf hashes are added to a tree.

    Args:
        suite: whose hash the tree has.
        size: leaves before.
        last: the unfinished tile of each level, as `last_tiles` names them.
        leaves: the new leaf hashes.
    """
    changed: dict[At, bytes] = {}
    level, added = 0, list(leaves)
    while added:
        held = size >> (HEIGHT * level)
        number, inside = held >> HEIGHT, held % WIDTH
        hashes = (last[At(level, number)] if inside else b"") + b"".join(added)
        added = []
        for start in range(0, len(hashes), WIDTH * HASH_BYTES):
            tile = hashes[start : start + WIDTH * HASH_BYTES]
            changed[At(level, number)] = tile
            if len(tile) == WIDTH * HASH_BYTES:
                added.append(folded(suite, tile))
            number += 1
        level += 1
    return changed


def last_tiles(size: int) -> list[At]:
    """Return where the unfinished tiles of a tree are."""
    levels = range(-(-size.bit_length() // HEIGHT))
    held = [(level, size >> (HEIGHT * level)) for level in levels]
    return [At(level, count >> HEIGHT) for level, count in held if count % WIDTH]


def folded(suite: Suite, hashes: bytes) -> bytes:
    """Return the root over a power of two of hashes."""
    row = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [
            node_hash(suite, left, right) for left, right in zip(row[::2], row[1::2], strict=True)
        ]
    return row[0]


def inclusion(index: int, span: Span) -> list[Span]:
    """Return the subtrees whose roots prove a leaf, lowest first (RFC 9162, 2.1.3.1)."""
    if span.end - span.first == 1:
        return []
    middle = span.first + _half(span.end - span.first)
    left, right = Span(span.first, middle), Span(middle, span.end)
    if index < middle:
        return [*inclusion(index, left), right]
    return [*inclusion(index, right), left]


def consistency(old: int, span: Span, *, whole: bool = True) -> list[Span]:
    """Return the subtrees whose roots prove an earlier size (RFC 9162, 2.1.4.1)."""
    if old == span.end:
        return [] if whole else [span]
    middle = span.first + _half(span.end - span.first)
    left, right = Span(span.first, middle), Span(middle, span.end)
    if old <= middle:
        return [*consistency(old, left, whole=whole), right]
    return [*consistency(old, right, whole=False), left]


def needed(spans: Iterable[Span]) -> set[At]:
    """Return the tiles from which the roots of these subtrees can be computed."""
    return {
        At(height // HEIGHT, index << height % HEIGHT >> HEIGHT)
        for span in spans
        for height, index in _perfect(span)
    }


def root(suite: Suite, span: Span, tiles: Tiles) -> bytes:
    """Return the root of a subtree; of the whole tree for the span of its size."""
    if span == Span(0, 0):
        return suite.hash(b"")
    result: bytes | None = None
    for height, index in reversed(list(_perfect(span))):
        one = _node(suite, height, index, tiles)
        result = one if result is None else node_hash(suite, one, result)
    assert result is not None
    return result


def _node(suite: Suite, height: int, index: int, tiles: Tiles) -> bytes:
    level, rest = divmod(height, HEIGHT)
    first = index << rest
    tile = tiles[At(level, first >> HEIGHT)]
    start = first % WIDTH * HASH_BYTES
    return folded(suite, tile[start : start + (HASH_BYTES << rest)])


def _perfect(span: Span) -> Iterator[tuple[int, int]]:
    """Yield the height and index of the whole subtrees of a span, from left to right.

    A span of the proofs begins at a multiple of its size rounded up to a power of two, so these
    get smaller to the right, and its root is folded from there.
    """
    first = span.first
    while first < span.end:
        height = (span.end - first).bit_length() - 1
        yield height, first >> height
        first += 1 << height


def _half(size: int) -> int:
    """Return the largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1
