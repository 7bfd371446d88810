"""Waiting for rows that another gateway has not written yet."""

from __future__ import annotations

import pytest

from antiphon.errors import NotFound
from antiphon.interactions.patience import RESTS_S, Patience


class Late:
    """Is there at the attempt of that number, and not before."""

    def __init__(self, there_at: int, code: str = "completion_not_found") -> None:
        self._there_at = there_at
        self._code = code
        self.attempts = 0

    async def __call__(self) -> str:
        """One attempt."""
        self.attempts += 1
        if self.attempts < self._there_at:
            raise NotFound("Not there.", code=self._code)
        return "there"


async def test_what_comes_late_is_found() -> None:
    """At the first attempt where it is there, also the last one."""
    for there_at in (1, 2, 4):
        late = Late(there_at)
        assert await Patience((0, 0, 0)).attempt(late) == "there"
        assert late.attempts == there_at


async def test_patience_ends() -> None:
    """What never comes is not found; without any rests it is looked for once."""
    for rests, attempts in (((), 1), ((0, 0), 3)):
        late = Late(9)
        with pytest.raises(NotFound):
            await Patience(rests).attempt(late)
        assert late.attempts == attempts


async def test_what_is_never_late_is_not_waited_for() -> None:
    """A metric is there, or it is not."""
    late = Late(2, "metric_not_found")
    with pytest.raises(NotFound):
        await Patience((0,)).attempt(late)
    assert late.attempts == 1
    assert sum(RESTS_S) < 2
