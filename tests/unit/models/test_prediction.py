"""Prediction: what is learned of an engine's first tokens foretells its next ones."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.models.prediction import Quantiles, Speed, learn_of_peers, own

MEASURED = st.tuples(st.integers(0, 50), st.integers(0, 100_000), st.floats(0.001, 600))


def taught(base_s: float, token_s: float, *, times: int = 200, speed: Speed | None = None) -> Speed:
    """What first tokens of such an engine teach, with some chance in them."""
    speed, chance = speed or own(Speed()), random.Random(1)
    for _ in range(times):
        served, tokens = chance.randrange(4), chance.randrange(50, 4000)
        speed.learn(served, tokens, (base_s * (1 + served) + token_s * tokens) * chance.uniform(0.9, 1.1), 1.0)
    return speed


@pytest.mark.parametrize(("base_s", "token_s"), [(0.05, 0.0005), (0.4, 0.0001), (0.02, 0.02)])
def test_speeds_are_learned(base_s: float, token_s: float) -> None:
    """Of fast and slow hardware alike, within a quarter for prompts of a usual length."""
    speed = taught(base_s, token_s)
    for served, tokens in ((0, 1000), (2, 1000), (0, 4000)):
        expected = base_s * (1 + served) + token_s * tokens
        assert speed.predict(served, tokens) == pytest.approx(expected, rel=0.25)
    assert speed.learned


def test_the_first_observation_is_taken_whole() -> None:
    """One first token is worth more than what is thought of engines in general."""
    speed = own(Speed())
    speed.learn(0, 1000, 8.0, 1.0)
    assert speed.predict(0, 1000) == pytest.approx(8.0)


def test_a_change_is_noticed_within_a_few_requests() -> None:
    """An engine that has become ten times as slow is known for it after five."""
    speed = taught(0.05, 0.0005)
    for _ in range(5):
        speed.learn(0, 1000, 5.5, 2.0)
    assert speed.predict(0, 1000) > 3.5


def test_one_slow_engine_does_not_make_all_look_slow() -> None:
    """Its peers are expected to be as they were, though every fourth first token is a hundred times as late."""
    peers = taught(0.05, 0.0005)
    for number in range(200):
        learn_of_peers(peers, 0, 1000, 55.0 if number % 4 == 0 else 0.55)
    assert peers.predict(0, 1000) < 1.1


def test_an_engine_begins_as_its_peers_but_for_what_it_says() -> None:
    """Its own measurements are believed before any of ours."""
    peers = taught(0.05, 0.0005)
    told = own(peers, 100.0)
    assert (told.base_s, told.token_s, told.count, told.learned) == (peers.base_s, 0.01, 0, False)


def test_doubt_keeps_from_refusing() -> None:
    """A prediction that has often been wrong is not surely over a bound."""
    steady, shaky = Speed(error_s=0.01), Speed(error_s=1.0)
    assert (steady.surely_over(2.0, 1.0), shaky.surely_over(2.0, 1.0)) == (True, False)


@given(measured=st.lists(MEASURED, max_size=50), asked=MEASURED)
def test_a_prediction_is_always_a_time(measured: list[tuple[int, int, float]], asked: tuple[int, int, float]) -> None:
    """Whatever was measured: above zero, and no shorter for a longer prompt or a busier engine."""
    speed = own(Speed())
    for served, tokens, ttft_s in measured:
        speed.learn(served, tokens, ttft_s, 1.0)
    served, tokens, _ = asked
    predicted = speed.predict(served, tokens)
    assert 0 < predicted < math.inf
    assert speed.predict(served, tokens + 100) >= predicted
    assert speed.predict(served + 1, tokens) >= predicted


@given(waits=st.lists(st.floats(0.0001, 900), min_size=1, max_size=500))
def test_no_more_than_a_hundredth_is_above_the_quantile(waits: list[float]) -> None:
    """By a fifth too high at most, as its steps are."""
    quantiles = Quantiles()
    for wait_s in waits:
        quantiles.add(wait_s)
    assert sum(wait_s > quantiles.above(0.01) for wait_s in waits) <= len(waits) / 100
    assert quantiles.above(0.01) <= max(*waits, Quantiles.SHORTEST_S) * 2 ** (1 / Quantiles.STEPS) * 1.0001


def test_old_waits_lose_weight() -> None:
    """What was slow in the morning does not count for ever."""
    quantiles = Quantiles()
    assert quantiles.above(0.01) == math.inf
    for wait_s in [20.0] * 1000 + [0.1] * 20_000:
        quantiles.add(wait_s)
    assert quantiles.above(0.01) < 0.2
    assert quantiles.count < Quantiles.KEPT
