"""A stream of deltas that are looked at before they are handed on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from antiphon.chat import Delta, Usage
from antiphon.engines import DeltaStream, Take


class Filter(Protocol):
    """Sees the deltas of one stream in order."""

    @property
    def idle(self) -> bool:
        """Whether it lets everything pass from now on."""
        ...

    def feed(self, deltas: list[Delta]) -> list[Delta]:
        """What of them is to be handed on; raises EngineFailed when they are not what they should be."""
        ...


class FilteredStream:
    """The deltas that a filter lets pass. `heard` is told of each arrival, since what is held back shows nowhere."""

    def __init__(self, stream: DeltaStream, through: Filter, heard: Callable[[], None]) -> None:
        self._stream = stream
        self._filter = through
        self._heard = heard
        self._loop = asyncio.get_running_loop()

    @property
    def usage(self) -> Usage | None:
        """What the engine says it took, once it said so."""
        return self._stream.usage

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """As DeltaStream.next; nothing is handed to `take` while the filter is at work."""
        if self._filter.idle:
            return await self._stream.next(until, take)
        while deltas := await self._stream.next(until):
            self._heard()
            shown = self._filter.feed(deltas)
            if shown:
                return shown
            if self._loop.time() >= until:
                return None
        return deltas

    def close(self) -> None:
        """End it; an unfinished engine stops."""
        self._stream.close()
