"""How long the refused are told to wait: longer and longer, not all as long, never too long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.models.retry_after import retry_after_s


@given(st.floats(0, 1e6), st.integers(0, 10**9))
def test_a_client_may_be_told_it(lasted_s: float, refused: int) -> None:
    """More than 60 s would keep clients from coming again at all."""
    assert 1 <= retry_after_s(lasted_s, refused) <= 60


def test_those_that_are_refused_together_are_spread() -> None:
    """What has lasted for nine seconds is tried again over the nine that come after as many."""
    assert sorted({retry_after_s(9.0, refused) for refused in range(100)}) == list(range(9, 19))
