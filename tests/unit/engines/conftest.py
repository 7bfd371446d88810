"""The loop that the gateway really runs on, and engines over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests on uvloop, as the gateway does."""
    return {"uvloop": uvloop.new_event_loop}
