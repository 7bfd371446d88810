"""Where models come from: children that we run, servers that others run. Each keeps its part of the catalogue true."""

from __future__ import annotations

from typing import Protocol


class Source(Protocol):
    """Something that brings models."""

    async def run(self) -> None:
        """Keep the catalogue true until cancelled."""
        ...

    async def close(self) -> None:
        """Let go of engines and processes."""
        ...
