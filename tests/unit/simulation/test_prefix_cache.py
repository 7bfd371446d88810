"""The cache of a node."""

from __future__ import annotations

from antiphon.simulation.prefix_cache import PrefixCache

A, B, C = b"a", b"b", b"c"


def test_only_a_beginning_counts() -> None:
    """A block behind one that is not there is of no use."""
    cache = PrefixCache(8)
    cache.add([A, B])
    assert [cache.match(blocks) for blocks in ([A, B, C], [C, A], [A, C, B], [])] == [2, 0, 1, 0]


def test_what_was_not_used_is_forgotten_first() -> None:
    """A match is a use."""
    cache = PrefixCache(2)
    cache.add([A, B])
    cache.match([A])
    cache.add([C])
    assert (cache.match([A]), cache.match([B]), len(cache)) == (1, 0, 2)


def test_it_can_be_emptied() -> None:
    """As a process that dies."""
    cache = PrefixCache(2)
    cache.add([A])
    cache.clear()
    assert cache.match([A]) == 0
