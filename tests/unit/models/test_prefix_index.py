"""The prefix index: who read the beginning of a prompt before, and never more of it than it may keep."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.models.prefix_index import HOLDERS_MAX, PrefixIndex


def test_the_longest_beginning_counts() -> None:
    """Each engine is named with as much as it has read; who has read nothing of it is not named."""
    index = PrefixIndex(100)
    index.add((1, 2, 3), "a")
    index.add((1, 2, 9), "b")
    index.add((7, 8), "c")
    assert index.find((1, 2, 3, 4)) == {"a": 3, "b": 2}
    assert index.find((1, 5)) == {"b": 1, "a": 1}
    assert index.find((5,)) == index.find(()) == {}


def test_a_beginning_is_of_the_engines_that_had_it_last() -> None:
    """A system prompt that all have read does not fill the index."""
    index = PrefixIndex(100)
    for number in range(9):
        index.add((1,), str(number))
    assert set(index.find((1,))) == {"5", "6", "7", "8"}
    assert len(index) == HOLDERS_MAX


def test_what_is_not_used_is_forgotten_first() -> None:
    """A beginning that comes again stays."""
    index = PrefixIndex(8)
    for numbers in ((1, 2), (3, 4), (5,), (1,), (6, 7), (8,)):
        index.add(numbers, "a")
    assert [number for number in range(9) if index.find((number,))] == [1, 5, 6, 7, 8]


@given(
    added=st.lists(st.tuples(st.lists(st.integers(0, 30), max_size=8, unique=True), st.sampled_from("abcdefgh"))),
    size_max=st.integers(2 * HOLDERS_MAX, 20),
)
def test_it_is_bounded(added: list[tuple[list[int], str]], size_max: int) -> None:
    """Whatever comes, it keeps no more pairs than it may, and knows how many these are."""
    index = PrefixIndex(size_max)
    for numbers, engine in added:
        index.add(tuple(numbers), engine)
        held = [*index._young.values(), *index._old.values()]
        assert len(index) == sum(map(len, held)) <= size_max
        assert all(len(set(holders)) == len(holders) <= HOLDERS_MAX for holders in held)
        assert index.find(tuple(numbers)).get(engine, 0) == len(numbers)
