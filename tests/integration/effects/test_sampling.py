"""Each sampling field moves the distribution of tokens where it should, on the real engine with fixed seeds."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.conformance.answers import content
from tests.conformance.client import Client

from .lab import COMMA, STORY, Distribution, distribution, draw, entropy, settle

DRAWS = 64
MANY = 160
HOT = {"temperature": 2}


@pytest.fixture(scope="module", name="first")
def first_token(client: Client) -> Distribution:
    """The distribution that the draws come from."""
    return distribution(client)


def test_temperature_raises_the_entropy(client: Client) -> None:
    """From one token at 0 to ever more of them, each step by a clear margin."""
    spread = [entropy(draw(client, DRAWS, temperature=heat)) for heat in (0, 0.3, 1, 2)]
    assert spread[0] == 0
    assert all(more > less + 0.4 for less, more in pairwise(spread)), spread


def test_temperature_bends_the_probabilities(client: Client, first: Distribution) -> None:
    """At one half the likelier of two is drawn as often as the square of its odds says."""
    drawn = draw(client, MANY, temperature=0.5, top_k=2)
    likelier, other = first.best(2)
    odds = (first.probabilities[likelier] / first.probabilities[other]) ** 2
    expected = odds / (1 + odds)
    assert set(drawn) == {likelier, other}
    assert drawn[likelier] / MANY == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / MANY))


@pytest.mark.parametrize(
    ("field", "allowed"),
    [
        ({"top_k": 1}, lambda first: set(first.best(1))),
        ({"top_k": 3}, lambda first: set(first.best(3))),
        ({"top_k": 7}, lambda first: set(first.best(7))),
        ({"top_p": 0.3}, lambda first: first.nucleus(0.3)),
        ({"top_p": 0.525}, lambda first: first.nucleus(0.525)),
        ({"min_p": 0.5}, lambda first: first.likely(0.5)),
        ({"min_p": 0.18}, lambda first: first.likely(0.18)),
    ],
)
def test_the_support_shrinks(
    client: Client, first: Distribution, field: dict[str, float], allowed: Callable[[Distribution], set[str]]
) -> None:
    """However hot: nothing but what the field leaves is ever drawn, and most of that is."""
    inside = allowed(first)
    drawn = draw(client, DRAWS, **HOT, **field)
    assert set(drawn) <= inside
    assert len(drawn) >= max(1, len(inside) // 2)


def test_without_them_the_support_is_wide(client: Client, first: Distribution) -> None:
    """So that it is the field that narrows it."""
    drawn = draw(client, DRAWS, **HOT)
    assert len(set(drawn) - set(first.best(7))) > DRAWS // 4


@pytest.mark.parametrize(
    "field",
    [{"top_k": -1}, {"top_k": 0}, {"top_p": 1}, {"min_p": 0}, {"presence_penalty": 0}, {"repetition_penalty": 1}],
)
def test_neutral_values_change_nothing(client: Client, field: dict[str, float]) -> None:
    """The same draws come with the value that means nothing as without the field."""
    settle(client)
    assert draw(client, 16, **HOT, **field) == draw(client, 16, **HOT)


def test_a_bias_moves_the_odds(client: Client) -> None:
    """Up to always and down to never, and by degrees between them."""
    shares = [draw(client, DRAWS, logit_bias={COMMA: bias})[","] / DRAWS for bias in (-100, 12, 15, 100)]
    assert (shares[0], shares[-1]) == (0, 1)
    assert 0 <= shares[1] < shares[2] < 1, shares


def test_a_ban_takes_the_likeliest_away(client: Client) -> None:
    """What was said first is said no more; the rest moves up."""
    (token,) = client.ask(STORY, max_tokens=1, temperature=0, logit_bias={COMMA: 100})["choices"]
    assert token["message"]["content"] == ","
    assert content(client.ask(STORY, max_tokens=8, temperature=0, logit_bias={COMMA: -100})).count(",") == 0


def repeats(client: Client, **fields: float) -> int:
    """How many tokens of three answers had come before in them, where one token is mildly favoured."""
    again = 0
    for seed in range(3):
        answer = client.ask(
            STORY, max_tokens=32, temperature=0.8, seed=seed, logit_bias={COMMA: 7}, logprobs=True, **fields
        )
        tokens = [entry["token"] for entry in answer["choices"][0]["logprobs"]["content"]]
        again += len(tokens) - len(set(tokens))
    return again


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("frequency_penalty", (-2, 0, 2)),
        ("presence_penalty", (-2, 0, 2)),
        ("repetition_penalty", (0.9, 1, 1.8)),
    ],
)
def test_penalties_keep_repeats_down(client: Client, field: str, values: tuple[float, ...]) -> None:
    """More of it, fewer repeats; less than nothing of it, more."""
    counts = [repeats(client, **{field: value}) for value in values]
    assert counts[0] > counts[1] > counts[2], counts
    assert counts[2] < counts[0] * 0.8, counts


def test_a_seed_repeats_and_another_does_not(client: Client) -> None:
    """Text by text: the same seed the same, different seeds different."""
    settle(client)
    asked = [content(client.ask(STORY, seed=seed, temperature=1.2, max_tokens=16)) for seed in (1, 1, 2, 3, 1)]
    assert asked[0] == asked[1] == asked[4]
    assert len({asked[0], asked[2], asked[3]}) == 3


def test_choices_have_seeds_of_their_own(client: Client) -> None:
    """Choice `i` says what a request alone with the seed plus `i` says."""
    settle(client)
    together = client.ask(STORY, seed=40, n=3, temperature=1.2, max_tokens=10)
    alone = [content(client.ask(STORY, seed=40 + index, temperature=1.2, max_tokens=10)) for index in range(3)]
    assert [content(together, index) for index in range(3)] == alone


def test_frequencies_are_the_probabilities(client: Client, first: Distribution) -> None:
    """At temperature 1 each likely token is drawn as often as its log-probability says, within four deviations."""
    drawn = draw(client, MANY)
    for token, probability in first.probabilities.items():
        if probability > 0.03:
            expected = MANY * probability
            assert abs(drawn[token] - expected) <= 4 * math.sqrt(expected * (1 - probability)) + 1, token
    listed = sum(first.probabilities.values())
    others = sum(count for token, count in drawn.items() if token not in first.probabilities)
    assert others / MANY == pytest.approx(1 - listed, abs=0.2)


def test_a_drawn_token_tells_its_own_probability(client: Client, first: Distribution) -> None:
    """Not that of the likeliest, and not one that sampling has bent: the one at temperature 1."""
    for seed in range(6):
        answer = client.ask(STORY, seed=seed, max_tokens=1, temperature=1.5, top_k=10, logprobs=True, top_logprobs=20)
        (entry,) = answer["choices"][0]["logprobs"]["content"]
        assert math.exp(entry["logprob"]) == pytest.approx(first.probabilities[entry["token"]], abs=0.02)
