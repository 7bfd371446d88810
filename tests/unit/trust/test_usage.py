"""Inflated usage: found by what came, by a reference's count, else only when it is absurd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.trust.usage import Counts, inflated

COUNTS = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        (Counts(told=100, seen=100, counted=None, text_bytes=400), False),
        (Counts(told=104, seen=0, counted=98, text_bytes=400), False),  # a text is cut anew a little differently
        (Counts(told=1000, seen=100, counted=100, text_bytes=400), True),  # ten times
        (Counts(told=130, seen=100, counted=100, text_bytes=400), True),  # a third more
        (Counts(told=130, seen=65, counted=129, text_bytes=400), False),  # two tokens in each piece
        (Counts(told=130, seen=100, counted=None, text_bytes=400), None),  # nobody can know
        (Counts(told=1000, seen=100, counted=None, text_bytes=400), True),  # more tokens than bytes
        (Counts(told=0, seen=0, counted=0, text_bytes=0), False),
    ],
)
def test_a_verdict(counts: Counts, verdict: bool | None) -> None:
    """Each case as it stands in the table."""
    assert inflated(counts) is verdict


@given(COUNTS, COUNTS, st.none() | COUNTS, COUNTS)
def test_telling_less_is_never_worse(told: int, seen: int, counted: int | None, text_bytes: int) -> None:
    """A node that would be found honest would be with a smaller number too."""
    if inflated(Counts(told, seen, counted, text_bytes)) is not True:
        assert inflated(Counts(told // 2, seen, counted, text_bytes)) is not True
