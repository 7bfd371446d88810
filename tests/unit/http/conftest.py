"""The loop that the gateway really runs on, for everything that touches sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests on uvloop: its transports pause, close and abort in ways of their own."""
    return {"uvloop": uvloop.new_event_loop}
