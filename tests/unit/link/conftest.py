"""A real broker for the tests of the link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from .lab import Lab, broker_in, lab


@pytest_asyncio.fixture
async def linked(tmp_path: Path) -> AsyncIterator[Lab]:
    """The ends of a link over a broker of this test's own."""
    broker = broker_in(tmp_path)
    await broker.start()
    try:
        async with lab(broker.url) as ends:
            yield ends
    finally:
        await broker.stop()
