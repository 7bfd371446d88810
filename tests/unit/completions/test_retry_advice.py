"""What clients are told whose engines fail: as many come again as are a tenth of the new ones, later and later."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.completions.retry_advice import FLOOR, SHARE, RetryAdvice
from antiphon.errors import AntiphonError, BadRequest, EngineFailed, PoisonPrompt, Saturated, Unavailable


class Now:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.at


def test_a_failure_now_and_then_is_tried_again_soon() -> None:
    """After a second or two, and SDKs decide by the status that they do."""
    advice = RetryAdvice(now := Now())
    for _ in range(50):
        now.at += 1.0
        for _ in range(20):
            advice.asked(again=False)
        error = EngineFailed()
        advice.refuse("m", error)
        advice.served("m")
        assert (error.retry_after_s in (1, 2), error.retryable) == (True, None)


def test_the_longer_it_lasts_the_longer_they_wait() -> None:
    """As long as it has lasted, and up to as long again; each model by itself."""
    advice = RetryAdvice(now := Now())
    advice.refuse("m", EngineFailed())
    now.at += 9.0
    waits = set()
    for _ in range(30):
        advice.refuse("m", error := EngineFailed())
        waits.add(error.retry_after_s)
    advice.refuse("other", elsewhere := EngineFailed())
    assert waits == set(range(9, 19))
    assert elsewhere.retry_after_s in (1, 2)


@given(st.lists(st.tuples(st.floats(0, 0.2), st.booleans()), min_size=20, max_size=400))
def test_a_tenth_comes_again(steps: list[tuple[float, bool]]) -> None:
    """Whatever comes while all engines fail, and those that come again themselves buy nobody a further try."""
    advice, asked, told = RetryAdvice(now := Now()), 0, 0
    for pause_s, again in steps:
        now.at += pause_s
        advice.asked(again=again)
        asked += not again
        advice.refuse("m", error := EngineFailed())
        told += error.retryable is None
        lasted_s = now.at - 100.0
        assert told <= SHARE * asked + FLOOR * (1 + lasted_s / 10) + 1


def test_a_long_outage_leaves_room_for_few() -> None:
    """At a hundred requests a second, about one in ten is told to come again."""
    advice, told = RetryAdvice(now := Now()), 0
    for _ in range(1000):
        now.at += 0.01
        advice.asked(again=False)
        advice.refuse("m", error := EngineFailed())
        told += error.retryable is None
    assert 75 <= told <= 110


def test_what_is_no_failure_of_an_engine_is_left_alone() -> None:
    """A full queue tells its own pace, and a poisonous prompt is not to come again anyway."""
    advice = RetryAdvice(Now())
    errors: list[AntiphonError] = [Saturated(retry_after_s=7), BadRequest(), PoisonPrompt()]
    for error in errors:
        advice.refuse("m", error)
    assert [(error.retry_after_s, error.retryable) for error in errors] == [(7, None), (None, None), (None, False)]


def test_a_longer_wait_of_the_engine_s_own_holds() -> None:
    """Nobody is told to come before that."""
    RetryAdvice(Now()).refuse("m", error := Unavailable(retry_after_s=20))
    assert error.retry_after_s == 20
