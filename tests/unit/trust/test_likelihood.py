"""How surprising a text is: the model's own text is not, another's is, whatever the places."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import Logprob, Sampling, TokenLogprob
from antiphon.trust.likelihood import PLACES_MAX, Surprise, cool, excess, sights, suits, surprise, unlikely


def told(**chances: float) -> Logprob:
    """What a reference tells of a place: each word's chance."""
    likely = [TokenLogprob(f" {word}", math.log(chance)) for word, chance in chances.items()]
    return Logprob(likely[0].token, likely[0].logprob, top_logprobs=likely)


def test_places_are_where_words_begin() -> None:
    """Never within a word, behind a stop or before a sign; none of a text of few words."""
    (first, *others) = sights("One two three, four. Five six", Random(1))
    assert (first.before, first.after) == ("One", " two three, four. Five six")
    assert [one.after.split()[0] for one in others] == ["three,", "six"]
    assert sights("One two three", Random(1)) == ()
    many = sights(" ".join(["word"] * 50), Random(1))
    assert len(many) == PLACES_MAX
    assert [one.before for one in many] == sorted(one.before for one in many)


def test_what_came_is_weighed_by_its_chance() -> None:
    """Among the words that may come; the longest that fits is the one, and what is not told is one outcome."""
    place = told(cat=0.5, category=0.25, dog=0.125)
    assert surprise(" category of", place, 1.0) == surprise(" category", place, 1.0)
    seen = surprise(" cat sat", place, 1.0)
    rest = surprise(" bird", place, 1.0)
    assert seen is not None
    assert rest is not None
    assert seen.expected == rest.expected
    assert seen.came == pytest.approx(-math.log(0.5 / 0.984375))
    assert rest.came == pytest.approx(-math.log(0.109375 / 0.984375))


def test_a_place_that_tells_little() -> None:
    """Where hardly any word may come, or only signs, nothing is known."""
    assert surprise(" cat", Logprob(".", 0.0, top_logprobs=[TokenLogprob(".", 0.0)]), 1.0) is None
    assert surprise(" cat", told(cat=0.04), 1.0) is None


def test_less_chance_makes_the_unlikely_more_surprising() -> None:
    """At a lower temperature the likeliest is expected; what machines round is not."""
    place = told(cat=0.6, dog=0.3)
    hot, cold, coldest = (surprise(" dog", place, temperature) for temperature in (1.0, 0.4, 0.0))
    assert hot is not None
    assert cold is not None
    assert coldest is not None
    assert hot.came < cold.came < coldest.came < 3.0
    tie = surprise(" dog", told(cat=0.46, dog=0.45), 0.0)
    assert tie is not None
    assert tie.came - tie.expected < 0.1


@given(st.lists(st.floats(0.01, 1.0), min_size=2, max_size=12), st.floats(0.0, 1.0), st.integers(0, 99))
def test_the_models_own_draws_are_as_surprising_as_expected(
    weights: list[float], temperature: float, seed: int
) -> None:
    """Over many draws the mean is what was expected, within what chance allows."""
    words = [f"w{chr(97 + index)}" for index in range(len(weights))]
    place = told(**{word: weight / sum(weights) for word, weight in zip(words, weights, strict=True)})
    powered = [weight ** (1 / max(0.35, temperature)) for weight in weights]
    drawn = Random(seed).choices(words, powered, k=400)
    seen = [one for word in drawn if (one := surprise(f" {word} x", place, temperature)) is not None]
    above, deviations = excess(seen)
    assert deviations < 5 or above < 0.05


def test_which_answers_suit() -> None:
    """Penalties and biases move what is drawn in ways that nobody knows."""
    assert suits(Sampling(temperature=1.0, top_p=0.5))
    assert not any(
        suits(sampling)
        for sampling in (
            Sampling(presence_penalty=0.1),
            Sampling(frequency_penalty=0.1),
            Sampling(repetition_penalty=1.1),
            Sampling(logit_bias={"7": 5.0}),
        )
    )
    assert [cool(Sampling(temperature=one)) for one in (None, 0.0, 0.6, 0.7)] == [False, True, True, False]


def test_what_is_unlikely() -> None:
    """Both by much and by more than chance; a text that is less surprising than expected never is."""
    assert unlikely(*excess([Surprise(3.0, 1.0, 1.0)] * 4))
    assert not unlikely(*excess([Surprise(1.2, 1.0, 0.001)] * 4))
    assert not unlikely(*excess([Surprise(3.0, 1.0, 40.0)] * 4))
    assert not unlikely(*excess([Surprise(0.0, 1.0, 1.0)] * 8))
    assert excess([Surprise(0.0, 0.0, 0.0)]) == (0.0, 0.0)
