"""One provider as the rest of the gateway asks it: reached when first needed, kept, reached anew after a failure."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from antiphon.errors import ConfigError
from antiphon.providers.failures import NotInstalled, ProviderFailed, SessionBroken, SessionLost
from antiphon.providers.held import HeldSession, Session, Work
from antiphon.providers.model import ListedTool, Provider, ProviderLimits

PACKAGE = "mcp"
INSTALL = "tool providers need the package `mcp`: pip install 'antiphon[mcp]'"
CLOSE_S = 2.0  # for a provider to hear that a session ends

T = TypeVar("T")
Connect = Callable[[Provider, ProviderLimits, Callable[[], None]], AbstractAsyncContextManager[Session]]


def require_installed(package: str = PACKAGE) -> None:
    """ConfigError with the remedy if what providers are reached with is not there."""
    if importlib.util.find_spec(package) is None:
        raise ConfigError(f"tool_providers: {INSTALL}.")


async def load_connect(package: str = PACKAGE) -> Connect:
    """How sessions are opened; NotInstalled without the package. In a thread, since loading it takes a second."""
    if importlib.util.find_spec(package) is None:
        raise NotInstalled(INSTALL)
    return await asyncio.to_thread(_load)


def _load() -> Connect:
    connect: Connect = importlib.import_module("antiphon.providers.session").connect
    return connect


class ProviderClient:
    """One provider. What it is asked raises ProviderFailed and nothing else. Make it within a running event loop."""

    def __init__(
        self,
        provider: Provider,
        limits: ProviderLimits,
        *,
        on_change: Callable[[], None],
        load: Callable[[], Awaitable[Connect]] = load_connect,
    ) -> None:
        self._provider = provider
        self._limits = limits
        self._on_change = on_change
        self._load = load
        self._loop = asyncio.get_running_loop()
        self._current: HeldSession | None = None
        self._sessions: set[HeldSession] = set()
        self._closed = False

    async def list_tools(self) -> list[ListedTool]:
        """All tools that the provider lists."""
        return await self._ask(lambda session: session.list_tools(), self._limits.list_s)

    async def call(self, name: str, arguments: dict[str, Any], *, timeout_s: float) -> dict[str, Any]:
        """The result of a call, as the provider sent it. It is asked again only if it certainly has not begun."""
        return await self._ask(lambda session: session.call(name, arguments), timeout_s)

    async def close(self) -> None:
        """End all sessions and open no more; the provider is told if it listens."""
        self._closed = True
        late = {session.end() for session in self._sessions}
        if late:
            _, late = await asyncio.wait(late, timeout=CLOSE_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CLOSE_S)

    async def _ask(self, work: Work[T], timeout_s: float) -> T:
        until = self._loop.time() + timeout_s
        session = self._session()
        try:
            return await session.ask(work, until)
        except SessionBroken:
            self._retire(session)
            raise
        except SessionLost:
            self._retire(session)
        return await self._session().ask(work, until)

    def _session(self) -> HeldSession:
        """The session that is open or about to be; a new one when there is none."""
        if self._closed:
            raise ProviderFailed("it was taken away")
        if self._current is None or self._current.over:
            self._current = HeldSession(self._open, connect_s=self._limits.connect_s, on_end=self._sessions.discard)
            self._sessions.add(self._current)
        return self._current

    async def _open(self) -> AbstractAsyncContextManager[Session]:
        connect = await self._load()
        return connect(self._provider, self._limits, self._on_change)

    def _retire(self, session: HeldSession) -> None:
        if self._current is session:
            self._current = None
        session.retire()
