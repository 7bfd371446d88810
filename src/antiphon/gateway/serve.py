"""Runs a gateway as a process: the HTTP server, start-up told step by step, a drain on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from typing import Literal

import uvicorn
from msgspec import Struct

from antiphon.accounts.development import development_key
from antiphon.errors import ConfigError
from antiphon.gateway.build import Gateway, build
from antiphon.http.server import ReceiveLimits, guarded
from antiphon.observe.logs import Log
from antiphon.settings.model import Settings

POLL_S = 0.05


class Announcement(Struct, frozen=True):
    """A step of the start, or of the end. `done` and `total` are bytes of a model file under way."""

    kind: Literal["listening", "model", "progress", "ready", "stopping"]
    base_url: str = ""
    development_key: str | None = None
    model: str = ""
    state: str = ""
    detail: str = ""
    done: int = 0
    total: int | None = None


Announce = Callable[[Announcement], None]


def run(settings: Settings, *, announce: Announce) -> int:
    """Serve until SIGINT or SIGTERM; the process's exit code. ConfigError when it cannot start."""
    import uvloop

    return uvloop.run(_serve(settings, announce))


async def _serve(settings: Settings, announce: Announce) -> int:
    key = development_key(settings.data_dir) if settings.development_key else None
    log = Log(
        form=settings.observability.log_format,
        level=settings.observability.log_level,
        access=settings.observability.access_log,
    )

    def on_start(model: str, state: str, detail: str, done: int, total: int | None) -> None:
        kind: Literal["progress", "model"] = "progress" if total is not None or done else "model"
        announce(Announcement(kind, model=model, state=state, detail=detail, done=done, total=total))

    gateway = build(settings, development_key=key, log=log, on_start=on_start)
    listener = _listen(settings)
    port = listener.getsockname()[1]
    base_url = settings.server.base_url or _base_url(settings, port)
    server = uvicorn.Server(_config(settings, gateway))
    _stop_on_signals(server, announce)
    gateway.start()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    announce(Announcement("listening", base_url=base_url, development_key=key))
    ready = asyncio.create_task(_announce_ready(gateway, announce, base_url, key))
    try:
        await serving
    finally:
        ready.cancel()
        await gateway.close()
    return 0


async def _announce_ready(gateway: Gateway, announce: Announce, base_url: str, key: str | None) -> None:
    """Say once that the first model can be asked."""
    while True:
        live = [model.id for model in gateway.catalogue.list() if model.live]
        if live:
            announce(Announcement("ready", base_url=base_url, development_key=key, model=live[0]))
            return
        await asyncio.sleep(POLL_S)


def _config(settings: Settings, gateway: Gateway) -> uvicorn.Config:
    server = settings.server
    limits = ReceiveLimits(
        header_timeout_s=server.request_header_timeout_s,
        header_bytes_max=server.header_bytes_max,
        body_timeout_s=server.body_timeout_s,
        body_bytes_per_second_min=server.body_bytes_per_second_min,
        write_timeout_s=server.write_timeout_s,
        connections_max=server.connections_max,
        connections_per_address_max=server.connections_per_address_max,
    )
    return uvicorn.Config(
        gateway.app,  # type: ignore[arg-type]  # plain ASGI, typed by ourselves
        http=guarded(limits),
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(server.forwarded_from),
        forwarded_allow_ips=",".join(server.forwarded_from) or None,
        timeout_keep_alive=max(1, round(server.keep_alive_s)),
        timeout_graceful_shutdown=max(1, round(server.drain_s)),
        ssl_certfile=server.tls_certificate,
        ssl_keyfile=server.tls_key,
    )


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.server.host, settings.server.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        message = f"Cannot listen on {host}:{port}: {error.strerror or error}. Another port: --port N, or 0 for any."
        raise ConfigError(message) from error
    listener.setblocking(False)
    return listener


def _base_url(settings: Settings, port: int) -> str:
    host = settings.server.host
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"{'https' if settings.server.tls_certificate else 'http'}://{shown}:{port}"


def _stop_on_signals(server: uvicorn.Server, announce: Announce) -> None:
    """The first signal drains, the second ends at once. Uvicorn's own handlers would raise the signal again."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if server.should_exit:
            server.force_exit = True
            return
        server.should_exit = True
        announce(Announcement("stopping"))

    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


