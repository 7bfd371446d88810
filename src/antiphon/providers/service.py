"""The tool providers of the gateway: which there are, which tools a request may use, and calls of those tools."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from antiphon.chat import ChatRequest
from antiphon.clock import Clock
from antiphon.errors import NotFound, Unavailable
from antiphon.providers.client import load_connect
from antiphon.providers.known import Known, Load, OnTrouble
from antiphon.providers.model import (
    Listing,
    Provider,
    ProviderLimits,
    ServerTool,
    ToolResult,
    enabled,
    needed,
)
from antiphon.providers.results import failed


class Providers:
    """All tool providers. Each source (settings, store) replaces its own part; the first that has a key keeps it.

    Make it within a running event loop.
    """

    def __init__(
        self,
        limits: ProviderLimits = ProviderLimits(),
        *,
        clock: Clock,
        on_trouble: OnTrouble,
        load: Load = load_connect,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._on_trouble = on_trouble
        self._load = load
        self._loop = asyncio.get_running_loop()
        self._sources: dict[str, tuple[Provider, ...]] = {}
        self._known: dict[str, Known] = {}  # by id
        self._ids: dict[str, str] = {}  # by key
        self._closing: set[asyncio.Task[None]] = set()

    def replace(self, source: str, providers: tuple[Provider, ...]) -> None:
        """Set what `source` has. Sessions with providers that have changed or gone are closed."""
        self._sources[source] = providers
        by_key: dict[str, Provider] = {}
        for provider in (provider for part in self._sources.values() for provider in part):
            by_key.setdefault(provider.key, provider)
        kept = {id_: one for id_, one in self._known.items() if by_key.get(one.provider.key) == one.provider}
        for id_, one in self._known.items():
            if id_ not in kept:
                self._close(one)
        self._ids = {key: provider.id for key, provider in by_key.items()}
        self._known = {
            provider.id: kept.get(provider.id)
            or Known(provider, self._limits, self._clock, self._on_trouble, self._load)
            for provider in by_key.values()
        }

    def list(self) -> tuple[Provider, ...]:
        """Every provider, in the order of the sources."""
        return tuple(one.provider for one in self._known.values())

    def find(self, name: str) -> Provider:
        """The provider with that id or key; NotFound."""
        known = self._known.get(self._ids.get(name, name))
        if known is None:
            raise NotFound(f"There is no tool provider {name[:80]!r}.")
        return known.provider

    def warm(self) -> None:
        """Begin to list the tools of all, so that what is wrong with them is told before the first request."""
        for known in self._known.values():
            known.warm()

    async def tools(self, provider: Provider) -> Listing:
        """The tools of one provider as last listed; Unavailable if it does not list them now."""
        return await self._required(provider.id, provider.key).listing()

    async def offered(self, names: Sequence[str], request: ChatRequest) -> tuple[ServerTool, ...]:
        """The tools that a request may use, of its project's providers, which `names` holds by key or id.

        Unavailable if a provider that the request needs does not list its tools; BadRequest names what it may not say.
        """
        if request.use_tools is False:
            return ()
        providers = list({(one := self._required(name, name).provider).id: one for name in names}.values())
        wanted = needed(request, providers)
        listings = await asyncio.gather(*(self.tools(provider) for provider in wanted))
        return enabled(request, providers, [tool for one in listings for tool in one.tools])

    async def call(self, tool: ServerTool, arguments: dict[str, Any], *, timeout_s: float) -> ToolResult:
        """What the tool brought. Never raises: whatever goes wrong is a result that says so, for the model to read."""
        known = self._known.get(tool.provider_id)
        if known is None:
            return failed("the tool is no longer there")
        return await known.call(tool, arguments, timeout_s)

    async def close(self) -> None:
        """End all sessions."""
        for one in self._known.values():
            self._close(one)
        self._known = {}
        if self._closing:
            await asyncio.wait(self._closing)

    def _required(self, name: str, shown: str) -> Known:
        """The provider of a project: one that was taken away leaves its projects without something they count on."""
        known = self._known.get(self._ids.get(name, name))
        if known is None:
            raise Unavailable(f"The tool provider {shown[:80]!r} of the project does not exist any more.")
        return known

    def _close(self, one: Known) -> None:
        task = self._loop.create_task(one.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
