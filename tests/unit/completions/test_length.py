"""Answers that end for want of length."""

from __future__ import annotations

import math

import pytest

from antiphon.chat import Delta
from antiphon.completions.length import ended

STOP = Delta(finish_reason="stop")
A, B, C = (Delta(content=word) for word in "abc")
LENGTH = Delta(finish_reason="length")


@pytest.mark.parametrize(
    ("deltas", "tokens", "most", "expected"),
    [
        ([A, STOP], 2, math.inf, ([A, STOP], 1, False)),
        ([STOP], 4, 3, ([STOP], 3, False)),
        ([Delta(content="a", finish_reason="stop")], 3, 3, ([Delta(content="a", finish_reason="stop")], 3, False)),
        ([A, B, C], 5, 3, ([A, LENGTH], 3, True)),
        ([A, B, STOP], 5, 3, ([A, LENGTH], 3, True)),
        ([A], 4, 3, ([LENGTH], 3, True)),
    ],
)
def test_the_end(deltas: list[Delta], tokens: int, most: float, expected: tuple[list[Delta], int, bool]) -> None:
    """A bare finish is no token; what is too much is cut."""
    assert ended(deltas, tokens, most) == expected
