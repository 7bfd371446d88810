"""Log-probabilities beside a reference's: the same, a little off, another model's, and lists of different lengths."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import Logprob, TokenLogprob
from antiphon.trust.scoring import APART_MAX, TOLERANCE, apart, middle, places


def entry(token: str, *likely: tuple[str, float], own: float | None = None) -> Logprob:
    """A drawn token and the likeliest at its place."""
    listed = dict(likely)
    value = listed.get(token, -9.0) if own is None else own
    return Logprob(token, value, list(token.encode()), [TokenLogprob(*one) for one in likely])


RIVER = entry(" river", (" river", -0.7), (" lake", -1.2), (" sea", -2.5))


def test_the_same_numbers_are_not_apart() -> None:
    """Whatever was drawn in the end."""
    assert apart(RIVER, RIVER) == 0
    assert apart(entry(" lake", *[(one.token, one.logprob) for one in RIVER.top_logprobs]), RIVER) == 0


def test_rounding_is_within_the_tolerance() -> None:
    """Another machine's numbers differ in the third decimal."""
    other = entry(" river", (" river", -0.703), (" lake", -1.195), (" sea", -2.51))
    told = apart(other, RIVER)
    assert told is not None
    assert told < TOLERANCE / 3


def test_another_model_is_far_apart() -> None:
    """It likes other words, or the same ones otherwise."""
    for other in (
        entry(" boat", (" boat", -0.3), (" ship", -1.5)),
        entry(" river", (" river", -0.1), (" lake", -3.0), (" sea", -3.5)),
    ):
        told = apart(other, RIVER)
        assert told is not None
        assert told > 3 * TOLERANCE


def test_a_short_list_is_no_difference() -> None:
    """A node that tells of three tokens where the reference tells of twenty has told nothing wrong."""
    long = entry(" river", (" river", -0.7), (" lake", -1.2), (" sea", -2.5), (" pond", -3.0))
    assert apart(RIVER, long) == 0
    assert apart(long, RIVER) == 0


def test_a_token_that_should_be_on_the_list() -> None:
    """What a node calls likely, and the reference does not know at all, counts as much as anything can."""
    invented = entry(" xyz", (" xyz", -0.01))
    told = apart(invented, entry(" river", (" river", 0.0), (" lake", -6.0)))
    assert told is not None
    assert APART_MAX / 3 < told <= APART_MAX


def test_an_unlikely_draw_tells_nothing() -> None:
    """Where nothing likely is listed there is nothing to hold against it."""
    assert apart(entry(" a", own=-8.0), entry(" b", own=-7.0)) is None


def test_one_place_does_not_decide() -> None:
    """Two of six may be far apart, behind a token that was cut otherwise; four may not."""
    assert middle([]) is None
    assert middle([0.0, 3.0, 0.0, 0.1, 0.0, 2.0]) == pytest.approx(0.05)
    told = middle([1.0, 3.0, 0.0, 0.1, 1.5, 2.0])
    assert told is not None
    assert told > TOLERANCE


def test_places_are_where_the_text_is_known() -> None:
    """Each has exactly the text before it; half a character ends what is known."""
    entries = [entry("A", ("A", -0.1)), entry(" b", (" b", -0.1)), entry(" c", (" c", -0.1))]
    found = places(entries, "A b c", Random(1), most=9)
    assert [place.before for place in found] == ["", "A", "A b"]
    half = Logprob("\ufffd", -0.1, [0xC3], [TokenLogprob("\ufffd", -0.1)])
    assert len(places([entries[0], half, entries[1]], "Aé b", Random(1))) == 1


def test_places_of_a_text_that_the_tokens_do_not_make() -> None:
    """The node made one of them up; a stop text that was cut off is another matter."""
    entries = [entry("A", ("A", -1.0)), entry("B", ("B", -1.0)), entry("C", ("C", -1.0))]
    assert places(entries, "X", Random(1)) == places(entries, "AX", Random(1)) == ()
    assert [place.before for place in places(entries, "AB", Random(1))] == ["", "A"]


@given(st.integers(0, 30), st.integers(0, 2**32))
def test_places_are_drawn_at_random_and_bounded(count: int, seed: int) -> None:
    """No node knows which; in order, each at most once."""
    entries = [entry("a", ("a", -0.1)) for _ in range(count)]
    found = places(entries, "a" * count, Random(seed), most=4)
    sizes = [len(place.before) for place in found]
    assert len(sizes) == min(4, count)
    assert sizes == sorted(set(sizes))


@given(st.floats(-3.5, 0), st.floats(-3.5, 0))
def test_being_apart_is_mutual(one: float, other: float) -> None:
    """It does not matter who is the reference where both list the same."""
    first, second = entry("a", ("a", one), ("b", -1.0)), entry("a", ("a", other), ("b", -1.0))
    assert apart(first, second) == pytest.approx(apart(second, first))
