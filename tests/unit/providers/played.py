"""Providers that play a script, for what no real server does on command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from antiphon.providers.client import Connect
from antiphon.providers.failures import ProviderFailed
from antiphon.providers.held import Session
from antiphon.providers.model import ListedTool, Provider, ProviderLimits

SKY = Provider("id-sky", "sky", "Sky", "http://sky/mcp")
SEA = Provider("id-sea", "sea", "Sea", "http://sea/mcp")


class Played:
    """Lists what it has now, or fails; counts what it is asked. `gate` holds lists back while it is not set."""

    def __init__(self, *names: str) -> None:
        self.names: list[str] = list(names)
        self.failure: ProviderFailed | None = None
        self.lists = 0
        self.calls: list[tuple[str, dict[str, Any]]] = []  # Any: JSON values
        self.open = 0
        self.changed: Callable[[], None] = lambda: None
        self.gate = asyncio.Event()
        self.gate.set()
        self._asked = asyncio.Event()

    def hold(self) -> None:
        """Let the next list wait until `gate` is set."""
        self.gate.clear()
        self._asked.clear()

    async def asked(self) -> None:
        """Wait until that list has been asked for."""
        await self._asked.wait()

    async def list_tools(self) -> list[ListedTool]:
        """The tools of now."""
        self.lists += 1
        self._asked.set()
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return [ListedTool(name, "", {"type": "array"} if name == "bad" else {}) for name in self.names]

    async def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """What was asked, as text."""
        self.calls.append((name, arguments))
        if self.failure is not None:
            raise self.failure
        return {"content": [{"type": "text", "text": f"{name} did"}]}


class Stage:
    """All providers of a test, by URL."""

    def __init__(self, **played: Played) -> None:
        self._played = {f"http://{name}/mcp": one for name, one in played.items()}

    async def load(self) -> Connect:
        """How sessions with them are opened."""
        return self._connect

    def _connect(
        self, provider: Provider, limits: ProviderLimits, on_change: Callable[[], None]
    ) -> AbstractAsyncContextManager[Session]:
        return self._session(self._played[provider.url], on_change)

    @asynccontextmanager
    async def _session(self, played: Played, on_change: Callable[[], None]) -> AsyncIterator[Session]:
        played.changed = on_change
        played.open += 1
        try:
            yield played
        finally:
            played.open -= 1
