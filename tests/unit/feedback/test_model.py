"""Which values a metric takes, what a metric may be, and when two completions answer the same prompt."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import Message
from antiphon.errors import BadRequest
from antiphon.feedback.model import Metric, check_metric, same_prompt, score
from antiphon.interactions.model import kept_rows
from tests.unit.feedback.said import LIKED, METRICS, STARS, metric
from tests.unit.interactions.stored import row, uuid

BOOL, SCALAR = METRICS[0], METRICS[1]
SYSTEM, ASKED, ANSWERED = Message("system", "Be brief."), Message("user", "Hello"), Message("assistant", "Hi")


@pytest.mark.parametrize(
    ("value", "expected"), [(True, 1.0), (False, 0.0), (1, 1.0), (0, 0.0), (1.0, 1.0), (-0.0, 0.0)]
)
def test_truths(value: float, expected: float) -> None:
    """A bool metric takes 0, 1, true and false."""
    assert score(BOOL, value, "value") == expected


@pytest.mark.parametrize("value", [2, -1, 0.5, 1.0000001, math.nan, math.inf])
def test_what_is_no_truth(value: float) -> None:
    """The refusal names the field and what it takes."""
    with pytest.raises(BadRequest, match="^value: the metric 'liked' takes 0, 1, true or false.$") as refused:
        score(BOOL, value, "value")
    assert refused.value.param == "value"


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_numbers(value: float) -> None:
    """A scalar metric takes any finite number, and keeps it."""
    assert score(SCALAR, value, "value") == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True])
def test_what_is_no_number(value: float) -> None:
    """A truth is none either: it would hide a mistake in the metric's name."""
    with pytest.raises(BadRequest, match="any finite number"):
        score(SCALAR, value, "feedbacks[0].value")


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        (metric("", ""), "key"),
        (metric("", "a b"), "key"),
        (metric("", "-a"), "key"),
        (metric("", "a" * 65), "key"),
        (metric("", uuid(1)), "key"),
        (metric("", "k", name=""), "name"),
        (metric("", "k", name="a\0"), "name"),
        (metric("", "k", name="a" * 201), "name"),
        (metric("", "k", description="a" * 4097), "description"),
    ],
)
def test_a_metric_that_cannot_be(wrong: Metric, param: str) -> None:
    """The first rule that it breaks is told."""
    with pytest.raises(BadRequest) as refused:
        check_metric(wrong)
    assert refused.value.param == param


def test_a_metric_that_can_be() -> None:
    """Keys of other systems too."""
    assert LIKED != STARS
    check_metric(metric("", "thumbs:up-v1.2_x", description="a" * 4096))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((ASKED,), (ASKED,), True),
        ((SYSTEM, ASKED), (SYSTEM, ASKED), True),
        ((SYSTEM, ASKED), (ASKED,), True),
        ((ASKED,), (SYSTEM, ASKED), True),
        ((SYSTEM, ASKED), (Message("system", "Be long."), ASKED), False),
        ((ASKED,), (Message("user", "Hallo"),), False),
        ((ASKED,), (ASKED, ANSWERED, ASKED), False),
        ((ASKED,), (Message("user", "Hello", metadata=1),), True),
    ],
)
def test_same_prompts(one: tuple[Message, ...], other: tuple[Message, ...], *, same: bool) -> None:
    """A project's system prompt need not be written down, but two that are written down have to be equal."""
    first, second = kept_rows([row(1, messages=one), row(2, messages=other)])
    assert same_prompt(first, second) is same


def test_variants_of_one_campaign_may_differ_in_their_system_prompts() -> None:
    """Then completions of both can be compared; of two campaigns, or of other turns, they cannot."""
    warm = (Message("system", "Be warm."), ASKED)
    first, second, other, elsewhere = kept_rows(
        [
            row(1, messages=(SYSTEM, ASKED), campaign="c"),
            row(2, messages=warm, campaign="c"),
            row(3, messages=(*warm, ANSWERED), campaign="c"),
            row(4, messages=warm, campaign="d"),
        ]
    )
    assert same_prompt(first, second)
    assert not same_prompt(first, other)
    assert not same_prompt(first, elsewhere)
