"""The rules of overload: when it begins, when it ends, and when a refused client may come again."""

from __future__ import annotations

import pytest

from antiphon.gateway.overload import Lateness, OverloadLimits, Shedding

LIMITS = OverloadLimits()


def beats(*lags_s: float, step_s: float = 0.1) -> list[bool]:
    """Whether work is shed after each of these beats."""
    lateness, now, shed = Lateness(), 0.0, []
    for lag_s in lags_s:
        now += step_s + lag_s
        lateness = lateness.after(now, lag_s, LIMITS.lag_s)
        shed.append(lateness.shedding)
    return shed


def test_a_loop_that_is_late_for_a_second_sheds() -> None:
    """Beats late by 0.15 s, a quarter of a second apart: the fourth ends the first second."""
    assert beats(*[0.15] * 6) == [False, False, False, False, True, True]


@pytest.mark.parametrize("lags_s", [[0.09] * 50, [0.5, 0.0] * 20, [0.9], [0.2, 0.2, 0.0, 0.2, 0.2, 0.2]])
def test_short_pauses_are_no_overload(lags_s: list[float]) -> None:
    """A beat in time shows that nothing has piled up."""
    assert not any(beats(*lags_s))


def test_a_long_pause_is_one() -> None:
    """What came in meanwhile has piled up, whatever the pause was for."""
    assert beats(1.1) == [True]


def test_it_ends_after_a_second_of_calm() -> None:
    """A loop that is no longer late but not quick either, or quick for a moment, is not over it."""
    calm = [0.0] * 11
    assert beats(1.1, *[0.07] * 50)[-1]
    assert beats(1.1, *[0.0] * 9, 0.06, *[0.0] * 9)[-1]
    assert beats(1.1, *calm) == [True] * 11 + [False]


def test_without_a_limit_nothing_is_shed() -> None:
    """Zero is none."""
    assert not Lateness().after(9.0, 9.0, 0.0).shedding


@pytest.mark.parametrize(
    ("share", "before", "images", "everything"),
    [
        (0.84, Shedding(), False, False),
        (0.86, Shedding(), True, False),
        (0.81, Shedding(images=True), True, False),
        (0.79, Shedding(images=True), False, False),
        (0.96, Shedding(), True, True),
        (0.91, Shedding(images=True, everything=True), True, True),
        (0.89, Shedding(images=True, everything=True), True, False),
    ],
)
def test_memory_is_let_go_of_only_well_below(share: float, before: Shedding, images: bool, everything: bool) -> None:
    """Images first, then everything, and back in the other order."""
    assert before.after(late=False, memory_share=share, limits=LIMITS) == Shedding(False, images, everything)


def test_a_share_of_one_is_no_limit() -> None:
    """However full the memory is."""
    limits = OverloadLimits(images_share=1.0, memory_share=1.0)
    assert not Shedding().after(late=False, memory_share=1.0, limits=limits)


@pytest.mark.parametrize(
    ("late", "share", "reason"), [(True, 0.0, "lag"), (False, 0.9, "memory"), (True, 1.0, "memory")]
)
def test_the_reason_is_named(late: bool, share: float, reason: str) -> None:
    """The worse of the two."""
    assert Shedding().after(late=late, memory_share=share, limits=LIMITS).reason == reason
