"""What is on its way, and who waits for it."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.db import progress as progress_module
from antiphon.db.progress import Progress
from antiphon.errors import Unavailable


async def test_things_come_and_go() -> None:
    """Each is counted and weighed from the one to the other; what was never there weighs nothing."""
    progress = Progress("late")
    progress.take("a", 5)
    progress.take("b", 2)
    assert (len(progress), progress.weight) == (2, 7)
    progress.end(["a", "never"])
    assert (len(progress), progress.weight) == (1, 2)


async def test_one_is_waited_for() -> None:
    """Whatever else is on its way; one that is not is not waited for."""
    progress = Progress("late")
    progress.take("a")
    progress.take("b")
    await progress.ended("c")
    waiting = asyncio.ensure_future(progress.ended("a"))
    await asyncio.sleep(0)
    progress.end(["b"])
    await asyncio.sleep(0)
    assert not waiting.done()
    progress.end(["a"])
    await waiting


async def test_all_that_were_taken_before() -> None:
    """And not those that came later."""
    progress = Progress("late")
    await progress.all_ended()
    progress.take("a")
    waiting = asyncio.ensure_future(progress.all_ended())
    await asyncio.sleep(0)
    progress.take("b")
    progress.end(["a"])
    await waiting
    assert len(progress) == 1


async def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why, and when to come back."""
    monkeypatch.setattr(progress_module, "WAIT_S_MAX", 0.01)
    progress = Progress("It is not there yet.")
    progress.take("a")
    for wait in (progress.ended("a"), progress.all_ended()):
        with pytest.raises(Unavailable, match="not there yet") as caught:
            await wait
        assert caught.value.retry_after_s == 1
