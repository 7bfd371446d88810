"""What clients are told whose engines fail: as many come again as are a tenth of the new ones, later and later."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.completions.retry_advice import FLOOR, MEMORY_S, SHARE, RetryAdvice
from antiphon.errors import AntiphonError, BadRequest, EngineFailed, PoisonPrompt, Saturated, Unavailable
from antiphon.models.ask import Ask
from antiphon.models.placement import Placement
from tests.unit.models.offers import model, offer


class Model:
    """A model whose engine answers or fails, among others, as the test says."""

    def __init__(self, name: str = "m") -> None:
        self.now = Now()
        self.placement = Placement(queue_max=9, now=self.now)
        self.advice = RetryAdvice(self.placement, self.now)
        self._model = model(offer("e"), name=name)

    def ask(self, *, again: bool = False, fails: bool) -> EngineFailed:
        """What a request is told that comes now; nothing where it is answered."""
        error = EngineFailed()
        place = self.placement.take(Ask(self._model, again=again))
        assert place is not None
        if fails:
            self.placement.failed(place, error)
            self.advice.refuse(self._model.id, error)
        else:
            self.placement.succeeded(place)
        self.placement.give_back(place)
        return error


class Now:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.at


async def test_a_failure_now_and_then_is_tried_again_soon() -> None:
    """After a second or two, and SDKs decide by the status that they do."""
    one = Model()
    for _ in range(50):
        one.now.at += 1.0
        for _ in range(20):
            one.ask(fails=False)
        error = one.ask(fails=True)
        assert (error.retry_after_s in (1, 2), error.retryable) == (True, None)


async def test_the_longer_it_lasts_the_longer_they_wait() -> None:
    """As long as it has lasted, and up to as long again, until somebody is answered; each model by itself."""
    one = Model()
    one.ask(fails=True)
    one.now.at += 9.0
    assert {one.ask(fails=True).retry_after_s for _ in range(30)} == set(range(9, 19))
    one.advice.refuse("other", elsewhere := EngineFailed())
    assert elsewhere.retry_after_s in (1, 2)
    one.ask(fails=False)
    assert one.ask(fails=True).retry_after_s in (1, 2)


@given(st.lists(st.tuples(st.floats(0, 0.2), st.booleans()), min_size=20, max_size=300))
def test_a_tenth_comes_again(steps: list[tuple[float, bool]]) -> None:
    """Whatever comes while all engines fail, and those that come again themselves buy nobody a further try."""

    async def run() -> None:
        one, asked, told = Model(), 0, 0
        for pause_s, again in steps:
            one.now.at += pause_s
            told += one.ask(again=again, fails=True).retryable is None
            asked += not again
            assert told <= SHARE * asked + FLOOR * (1 + (one.now.at - 100.0) / MEMORY_S) + 1

    asyncio.run(run())


async def test_a_long_outage_leaves_room_for_few() -> None:
    """At a hundred requests a second, about one in ten is told to come again."""
    one, told = Model(), 0
    for _ in range(1000):
        one.now.at += 0.01
        told += one.ask(fails=True).retryable is None
    assert 70 <= told <= 110


async def test_those_count_too_that_find_no_engine() -> None:
    """A model whose engines are all away is asked for as well."""
    now = Now()
    placement = Placement(queue_max=9, now=now)
    advice, away, told = RetryAdvice(placement, now), model(offer("e", down=True)), 0
    for _ in range(1000):
        now.at += 0.01
        with pytest.raises(Unavailable) as refused:
            placement.take(Ask(away))
        advice.refuse("m", refused.value)
        told += refused.value.retryable is None
    assert 70 <= told <= 110


async def test_what_is_no_failure_of_an_engine_is_left_alone() -> None:
    """A full queue tells its own pace, and a poisonous prompt is not to come again anyway."""
    advice = Model().advice
    errors: list[AntiphonError] = [Saturated(retry_after_s=7), BadRequest(), PoisonPrompt()]
    for error in errors:
        advice.refuse("m", error)
    assert [(error.retry_after_s, error.retryable) for error in errors] == [(7, None), (None, None), (None, False)]


async def test_a_longer_wait_of_the_engine_s_own_holds() -> None:
    """Nobody is told to come before that."""
    Model().advice.refuse("m", error := Unavailable(retry_after_s=20))
    assert error.retry_after_s == 20
