"""Batches step by step."""

from __future__ import annotations

from antiphon.batches.model import WINDOW_S
from tests.unit.batches.made import NOW_MS, batch


def test_a_batch_remembers_its_moments() -> None:
    """And is open for a day from when it was made."""
    one = batch(0).become("in_progress", 5).become("cancelling", 7)
    assert (one.status, one.moments) == ("cancelling", {"in_progress": 5, "cancelling": 7})
    assert one.expires_at_ms == NOW_MS + WINDOW_S * 1000
