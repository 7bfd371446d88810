"""A session in a task of its own: only the task that entered a session can leave it, and whoever asks may leave first.

What the client below does to a task that waits in it (it cancels tasks when a connection breaks) stays in here too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Protocol, TypeVar

from antiphon.providers.failures import ProviderFailed
from antiphon.providers.model import ListedTool

T = TypeVar("T")


class Session(Protocol):
    """An open session, as `session.py` has it. Any: JSON values."""

    async def list_tools(self) -> list[ListedTool]:
        """All tools that the provider lists."""
        ...

    async def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of a call, as the provider sent it."""
        ...


Work = Callable[[Session], Coroutine[Any, Any, T]]
Open = Callable[[], Awaitable[AbstractAsyncContextManager[Session]]]


class HeldSession:
    """Opens at once, within `connect_s`, and stays open until it is retired. Make it within a running event loop."""

    def __init__(self, open_session: Open, *, connect_s: float, on_end: Callable[[HeldSession], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[Session] = self._loop.create_future()
        self._leave = asyncio.Event()
        self._asked = 0
        self._retired = False
        self._on_end = on_end
        self._task = self._loop.create_task(self._hold(open_session, connect_s))
        self._task.add_done_callback(self._ended)

    @property
    def over(self) -> bool:
        """Whether nothing can be asked of it any more."""
        return self._task.done()

    async def ask(self, work: Work[T], until: float) -> T:
        """What `work` returns. ProviderFailed if it fails or is not done at `until`, by the event loop's time."""
        self._asked += 1
        try:
            return await self._do(work(await self._session(until)), until)
        finally:
            self._asked -= 1
            self._leave_if_idle()

    def retire(self) -> None:
        """Leave the session as soon as nobody waits for anything in it."""
        self._retired = True
        self._leave_if_idle()

    def end(self) -> asyncio.Task[None]:
        """Leave it now; done when it is left."""
        self._leave.set()
        if not self._opened.done():
            self._task.cancel()
        return self._task

    async def _hold(self, open_session: Open, connect_s: float) -> None:
        async with AsyncExitStack() as stack:
            opening = await open_session()
            async with asyncio.timeout(connect_s):
                session = await stack.enter_async_context(opening)
            self._opened.set_result(session)
            await self._leave.wait()

    async def _session(self, until: float) -> Session:
        either: set[asyncio.Future[Any]] = {self._opened, self._task}
        await asyncio.wait(either, timeout=until - self._loop.time(), return_when=asyncio.FIRST_COMPLETED)
        if self._opened.done() and not self.over:
            return self._opened.result()
        if self.over and not self._task.cancelled():
            _outcome(self._task)
        raise ProviderFailed("the connection broke" if self._opened.done() else "no connection in time")

    async def _do(self, work: Coroutine[Any, Any, T], until: float) -> T:
        task = self._loop.create_task(work)
        task.add_done_callback(_looked_at)
        either: set[asyncio.Future[Any]] = {task, self._task}
        try:
            await asyncio.wait(either, timeout=until - self._loop.time(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
        if task.done() and not task.cancelled():
            return _outcome(task)
        raise ProviderFailed("the connection broke before the answer" if self.over else "no answer in time")

    def _leave_if_idle(self) -> None:
        if self._retired and not self._asked:
            self._leave.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        _looked_at(task)
        self._on_end(self)


def _outcome(task: asyncio.Task[T]) -> T:
    """What the task returned; every failure as ProviderFailed, also those that its libraries did not foresee."""
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, ProviderFailed):
        raise error
    if isinstance(error, TimeoutError):
        raise ProviderFailed("no connection in time") from error
    raise ProviderFailed("the answer is not what MCP asks for") from error


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Who waits for a task tells how it failed; where nobody waits any more, nobody needs to know."""
    if not task.cancelled():
        task.exception()
