"""Runs a gateway as a process: the HTTP server, start-up told step by step, a drain on SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import ssl
from collections.abc import Mapping

import uvloop
from msgspec.structs import replace

from antiphon.accounts.development import development_key
from antiphon.clock import SystemClock
from antiphon.completions.doors import DOORS, Door
from antiphon.errors import ConfigError
from antiphon.gateway.announcements import Announce, Announcement
from antiphon.gateway.build import Builder
from antiphon.gateway.gateway import Gateway
from antiphon.gateway.open_files import connections_within, raise_limit
from antiphon.http.connection import ConnectionLimits
from antiphon.http.server import Server
from antiphon.ids import Ids
from antiphon.modelfiles import Progress
from antiphon.observe.logs import Log
from antiphon.settings.model import Settings
from antiphon.settings.server import ServerSettings
from antiphon.wheel import TimerWheel

POLL_S = 0.05
SECOND_SIGNAL = 130


def run(settings: Settings, *, announce: Announce, environ: Mapping[str, str], doors: tuple[Door, ...] = DOORS) -> int:
    """Serve until SIGINT or SIGTERM; the process's exit code. ConfigError when it cannot start."""
    return uvloop.run(_serve(settings, announce, environ, doors))


async def _serve(settings: Settings, announce: Announce, environ: Mapping[str, str], doors: tuple[Door, ...]) -> int:
    with _listen(settings) as listener:
        await _serve_on(listener, settings, announce, environ, doors)
    return 0


async def _serve_on(
    listener: socket.socket,
    settings: Settings,
    announce: Announce,
    environ: Mapping[str, str],
    doors: tuple[Door, ...],
) -> None:
    key = development_key(settings.data_dir) if settings.development_key else None
    log = Log(
        form=settings.observability.log_format,
        level=settings.observability.log_level,
        access=settings.observability.access_log,
    )

    loop = asyncio.get_running_loop()

    def on_progress(model: str, progress: Progress) -> None:
        told = Announcement(
            "progress", model=model, detail=progress.step, done=progress.done_bytes, total=progress.total_bytes
        )
        loop.call_soon_threadsafe(announce, told)

    def on_state(model: str, state: str, detail: str) -> None:
        announce(Announcement("model", model=model, state=state, detail=detail))

    wheel = TimerWheel(loop)
    base_url = settings.server.base_url or _base_url(settings, listener.getsockname()[1])
    builder = Builder(settings, development_key=key, log=log, wheel=wheel, doors=doors, base_url=base_url)
    gateway = builder.build(environ=environ, on_progress=on_progress, on_state=on_state)
    limits = _limits(settings, log)
    server = Server(gateway.app, limits=limits, clock=SystemClock(), ids=Ids(), wheel=wheel)
    stopped = _stopped_by_signal()
    await gateway.start()
    await server.start(listener, _tls(settings.server))
    announce(Announcement("listening", base_url=base_url, development_key=key))
    console = f"{base_url.rstrip('/').removesuffix('/v1')}/" if settings.console.enabled else ""
    up = Announcement("ready", base_url=base_url, development_key=key, console=console)
    ready = asyncio.create_task(_announce_ready(gateway, announce, up))
    _spare_garbage_collection()
    await stopped
    announce(Announcement("stopping"))
    ready.cancel()
    gateway.leave()
    await asyncio.sleep(settings.server.drain_notice_s)
    await server.stop(settings.server.drain_s)
    await gateway.close()


def _spare_garbage_collection() -> None:
    """What exists now lives as long as the process; requests make few cycles, so look for them seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _announce_ready(gateway: Gateway, announce: Announce, up: Announcement) -> None:
    """Say once that the first model can be asked: one that generates, if there is any."""
    while True:
        models = gateway.catalogue.list()
        wanted = [model for model in models if not model.embeds] or models
        live = [model for model in wanted if model.live]
        if live:
            first = live[0]
            announce(replace(up, model=first.id, embeds=first.embeds is True))
            return
        await asyncio.sleep(POLL_S)


def _limits(settings: Settings, log: Log) -> ConnectionLimits:
    server = settings.server
    connections = connections_within(raise_limit(), server.connections_max, settings.limits.in_flight_max)
    if connections < server.connections_max:
        log.warning("fewer connections than set: too few files may be open", connections=connections)
    return ConnectionLimits(
        header_timeout_s=server.request_header_timeout_s,
        header_bytes_max=server.header_bytes_max,
        body_timeout_s=server.body_timeout_s,
        body_bytes_per_second_min=server.body_bytes_per_second_min,
        body_bytes_max=server.body_bytes_max,
        write_timeout_s=server.write_timeout_s,
        keep_alive_s=server.keep_alive_s,
        connections_max=connections,
        connections_per_address_max=server.connections_per_address_max,
    )


def _tls(server: ServerSettings) -> ssl.SSLContext | None:
    if server.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(server.tls_certificate, server.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"server.tls_certificate: cannot be used: {error}") from error
    return context


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.server.host, settings.server.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if settings.server.reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        message = f"Cannot listen on {host}:{port}: {error.strerror or error}. Another port: --port N, or 0 for any."
        raise ConfigError(message) from error
    listener.setblocking(False)
    return listener


def _base_url(settings: Settings, port: int) -> str:
    host = settings.server.host
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104 - recognised, not chosen
    shown = "127.0.0.1" if everywhere else f"[{host}]" if ":" in host else host
    return f"{'https' if settings.server.tls_certificate else 'http'}://{shown}:{port}"


def _stopped_by_signal() -> asyncio.Future[None]:
    """Done at the first SIGINT or SIGTERM; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if stopped.done():
            os._exit(SECOND_SIGNAL)  # children end with their parent
        stopped.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopped
