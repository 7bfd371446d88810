"""One provider as it is known now: its client, and the last list of its tools."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

from antiphon.clock import Clock
from antiphon.errors import Unavailable
from antiphon.providers.client import Connect, ProviderClient
from antiphon.providers.failures import NotInstalled, ProviderFailed
from antiphon.providers.model import Listing, Provider, ProviderLimits, ServerTool, ToolResult
from antiphon.providers.offer import listing
from antiphon.providers.results import failed, tool_result

OnTrouble = Callable[[Provider, str], None]  # for logs: the provider, and what is wrong with it
Load = Callable[[], Awaitable[Connect]]


class Known:
    """One provider, its client and the last list of its tools."""

    def __init__(
        self,
        provider: Provider,
        limits: ProviderLimits,
        clock: Clock,
        on_trouble: OnTrouble,
        load: Load,
    ) -> None:
        self.provider = provider
        self._limits = limits
        self._clock = clock
        self._on_trouble = on_trouble
        self._client = ProviderClient(provider, limits, on_change=self._changed, load=load)
        self._listing: Listing | None = None
        self._believed_until = -math.inf
        self._changes = 0
        self._failure: ProviderFailed | None = None
        self._retry_at = -math.inf
        self._listing_now: asyncio.Task[Listing] | None = None

    async def listing(self) -> Listing:
        """The list of tools, asked for anew when it may be stale; Unavailable if the provider does not give it."""
        now = self._clock.monotonic()
        if self._listing is not None and now < self._believed_until:
            return self._listing
        if self._failure is not None and now < self._retry_at:
            raise self._unavailable(self._failure)
        # One request asks for all that wait, and goes on for the others when the first one leaves.
        return await asyncio.shield(self.warm())

    def warm(self) -> asyncio.Task[Listing]:
        """Ask for the list, unless that is under way."""
        if self._listing_now is None or self._listing_now.done():
            self._listing_now = asyncio.get_running_loop().create_task(self._list())
            self._listing_now.add_done_callback(_looked_at)
        return self._listing_now

    async def call(self, tool: ServerTool, arguments: dict[str, Any], timeout_s: float) -> ToolResult:
        """As Providers.call."""
        timeout_s = min(timeout_s, self.provider.timeout_s)
        try:
            answer = await self._client.call(tool.own_name, arguments, timeout_s=timeout_s)
        except ProviderFailed as error:
            self._on_trouble(self.provider, f"the call of {tool.tool.name} failed: {error}")
            return failed(str(error))
        return tool_result(answer, characters_max=self._limits.text_characters_max)

    async def close(self) -> None:
        """End the session; what is asked in it fails."""
        await self._client.close()

    async def _list(self) -> Listing:
        changes = self._changes
        try:
            listed = await self._client.list_tools()
        except ProviderFailed as error:
            self._retry_at = self._clock.monotonic() + self._limits.retry_s
            self._failure = error
            self._on_trouble(self.provider, f"it does not list its tools: {error}")
            raise self._unavailable(error) from error
        found = await asyncio.to_thread(listing, self.provider, listed, self._limits)
        for refused in found.refused if self._listing is None or found.refused != self._listing.refused else ():
            self._on_trouble(self.provider, f"the tool {refused.name} is not offered: {refused.reason}")
        self._listing, self._failure = found, None
        if changes == self._changes:
            self._believed_until = self._clock.monotonic() + self._limits.list_again_s
        return found

    def _unavailable(self, error: ProviderFailed) -> Unavailable:
        """What clients are told: which provider, but not where it is or what it says."""
        how = str(error) if isinstance(error, NotInstalled) else "it does not answer"
        message = f"The tool provider {self.provider.key!r} cannot be used now: {how}."
        return Unavailable(message, retry_after_s=max(1, math.ceil(self._limits.retry_s)))

    def _changed(self) -> None:
        self._changes += 1
        self._believed_until = -math.inf


def _looked_at(task: asyncio.Task[Listing]) -> None:
    """Who waits for the list is told how it failed; where nobody waits any more, nobody needs to know."""
    if not task.cancelled():
        task.exception()
