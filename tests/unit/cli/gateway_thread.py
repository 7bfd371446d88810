"""A whole gateway without models, in a thread, as commands block."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import threading
from collections.abc import Iterator

from antiphon.clock import SystemClock
from antiphon.gateway.build import Builder
from antiphon.gateway.gateway import Gateway
from antiphon.http.connection import ConnectionLimits
from antiphon.http.server import Server
from antiphon.ids import Ids
from antiphon.observe.logs import Log
from antiphon.settings.model import Settings
from antiphon.wheel import TimerWheel

PATIENCE_S = 30.0


@contextlib.contextmanager
def gateway_in_thread(settings: Settings, key: str) -> Iterator[str]:
    """Serve the settings to that key, an admin's, until the block ends; the base URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    gateway, server = asyncio.run_coroutine_threadsafe(_start(settings, key, listener), loop).result(PATIENCE_S)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        asyncio.run_coroutine_threadsafe(_stop(gateway, server), loop).result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()


async def _start(settings: Settings, key: str, listener: socket.socket) -> tuple[Gateway, Server]:
    wheel = TimerWheel(asyncio.get_running_loop())
    builder = Builder(settings, development_key=key, log=Log(stream=io.StringIO()), wheel=wheel)
    gateway = builder.build(
        environ={}, on_progress=lambda _model, _progress: None, on_state=lambda _model, _state, _detail: None
    )
    server = Server(gateway.app, limits=ConnectionLimits(), clock=SystemClock(), ids=Ids(), wheel=wheel)
    await gateway.start()
    await server.start(listener)
    return gateway, server


async def _stop(gateway: Gateway, server: Server) -> None:
    await server.stop(0)
    await gateway.close()
