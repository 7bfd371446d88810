"""A session held by a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from antiphon.providers.failures import ProviderFailed
from antiphon.providers.held import HeldSession, Session
from antiphon.providers.model import ListedTool


class Played:
    """A session that does what its test says."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self._failure = failure
        self.opened = self.left = 0
        self.break_now = asyncio.Event()

    async def list_tools(self) -> list[ListedTool]:
        """None."""
        if self._failure is not None:
            raise self._failure
        return []

    async def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Never comes."""
        await asyncio.Event().wait()
        return {}

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """The session, whose task is cancelled when it breaks, as the real one does it."""
        self.opened += 1
        task = asyncio.current_task()
        assert task is not None
        breaking = asyncio.ensure_future(self.break_now.wait())
        breaking.add_done_callback(lambda done: done.cancelled() or task.cancel())
        try:
            yield self
        finally:
            breaking.cancel()
            self.left += 1

    async def open(self) -> AbstractAsyncContextManager[Session]:
        """As the holder asks for it."""
        return self.session()


def held_of(played: Played) -> HeldSession:
    """The session, held."""
    return HeldSession(played.open, connect_s=5, on_end=lambda _: None)


def soon(seconds: float = 5.0) -> float:
    """A time to wait until."""
    return asyncio.get_running_loop().time() + seconds


async def test_it_opens_once_for_all_that_ask() -> None:
    """And is left when it is retired and nobody waits in it."""
    played = Played()
    held = held_of(played)
    assert await asyncio.gather(*(held.ask(lambda s: s.list_tools(), soon()) for _ in range(3))) == [[], [], []]
    assert (played.opened, played.left) == (1, 0)
    held.retire()
    await asyncio.wait({held.end()})
    assert (played.left, held.over) == (1, True)


async def test_a_retired_session_waits_for_what_runs_in_it() -> None:
    """Then it is left."""
    played = Played()
    held = held_of(played)
    waiting = asyncio.ensure_future(held.ask(lambda s: s.call("a", {}), soon()))
    await held.ask(lambda s: s.list_tools(), soon())
    held.retire()
    await asyncio.wait({held._task}, timeout=0)
    assert not held.over
    waiting.cancel()
    await asyncio.wait({waiting})
    await held._task
    assert played.left == 1


async def test_too_slow() -> None:
    """What was asked is cancelled; the session stays."""
    held = held_of(Played())
    with pytest.raises(ProviderFailed, match="in time"):
        await held.ask(lambda s: s.call("a", {}), soon(0.01))
    assert await held.ask(lambda s: s.list_tools(), soon()) == []
    await held.end()


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (ProviderFailed("no luck"), "no luck"),
        (ValueError("unforeseen"), "not what MCP asks for"),
        (asyncio.CancelledError(), "no answer in time"),
    ],
)
async def test_every_failure_is_the_providers(failure: BaseException, message: str) -> None:
    """Also what the libraries below did not foresee, and a cancellation that nobody here asked for."""
    held = held_of(Played(failure))
    with pytest.raises(ProviderFailed, match=message):
        await held.ask(lambda s: s.list_tools(), soon())
    await held.end()


async def test_a_session_that_breaks_takes_nobody_with_it() -> None:
    """Whoever waits is told."""
    played = Played()
    held = held_of(played)
    waiting = asyncio.ensure_future(held.ask(lambda s: s.call("a", {}), soon()))
    await held.ask(lambda s: s.list_tools(), soon())
    played.break_now.set()
    with pytest.raises(ProviderFailed, match="broke"):
        await waiting
    assert held.over
    with pytest.raises(ProviderFailed):
        await held.ask(lambda s: s.list_tools(), soon())


async def test_a_session_that_does_not_open() -> None:
    """In time, or at all, or before it is ended."""

    async def never() -> AbstractAsyncContextManager[Session]:
        await asyncio.Event().wait()
        raise AssertionError

    @asynccontextmanager
    async def stuck() -> AsyncIterator[Session]:
        await asyncio.Event().wait()
        yield Played()

    async def opening() -> AbstractAsyncContextManager[Session]:
        return stuck()

    slow = HeldSession(opening, connect_s=0.01, on_end=lambda _: None)
    with pytest.raises(ProviderFailed, match="no connection in time"):
        await slow.ask(lambda s: s.list_tools(), soon())
    held = HeldSession(never, connect_s=5, on_end=lambda _: None)
    with pytest.raises(ProviderFailed, match="no connection in time"):
        await held.ask(lambda s: s.list_tools(), soon(0.01))
    waiting = asyncio.ensure_future(held.ask(lambda s: s.list_tools(), soon()))
    await asyncio.wait({held.end()})
    with pytest.raises(ProviderFailed):
        await waiting
