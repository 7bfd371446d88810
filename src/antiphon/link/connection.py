"""One connection of a process to the broker: made again whenever it ends, with credentials that are read anew."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from random import Random

import nats.errors
from msgspec import Struct

from antiphon.link.client import Handler, LinkClient
from antiphon.link.credentials import Credentials

CANCEL_AGAIN_S = 2.0  # longer than a client takes to shut


class ConnectionLimits(Struct, frozen=True, kw_only=True):
    """A broker that is silent for `ping_s` times one more than `pings_max` is taken for gone."""

    ping_s: int = 1
    pings_max: int = 2
    connect_s: int = 2
    retry_s: float = 0.05
    retry_s_max: float = 1.0
    close_s: float = 1.0


class Connection:
    """Keeps itself connected. Nothing is kept for later: what is sent while there is no broker is not sent.

    Make it within a running event loop; subscribe before `start`.
    """

    def __init__(
        self,
        servers: list[str],
        credentials: Callable[[], Credentials],
        *,
        name: str,
        random: Random,
        tls: ssl.SSLContext | None = None,
        on_error: Callable[[str], None] = lambda _: None,
        limits: ConnectionLimits = ConnectionLimits(),
    ) -> None:
        self.last_error = ""
        self._servers = list(servers)
        self.credentials = credentials
        self._name = name
        self._random = random
        self._tls = tls
        self._told_error = on_error
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._client: LinkClient | None = None
        self._subscriptions: list[tuple[str, Handler]] = []
        self._watchers: list[Callable[[bool], None]] = []
        self._up = asyncio.Event()
        self._lost_at = self._loop.time()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def connected(self) -> bool:
        """Whether there is a broker."""
        return self._client is not None

    @property
    def lost_for_s(self) -> float:
        """For how long there has been none."""
        return 0.0 if self._client is not None else self._loop.time() - self._lost_at

    def subscribe(self, subject: str, handler: Handler) -> None:
        """Hand what is sent to a subject to `handler`, over every connection that is made from now on."""
        self._subscriptions.append((subject, handler))

    def watch(self, watcher: Callable[[bool], None]) -> None:
        """Tell `watcher` whenever the broker is reached (True) or lost (False)."""
        self._watchers.append(watcher)

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._task = asyncio.create_task(self._run(), name=f"link {self._name}")

    async def wait_connected(self, timeout_s: float) -> bool:
        """Wait for the broker; False when there is none in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._up.wait()
        return self._up.is_set()

    def send(self, subject: bytes, payload: bytes, reply: bytes = b"") -> bool:
        """Send at once or not at all: False when there is no broker. `reply` is told when nobody listens."""
        client = self._client
        if client is None:
            return False
        client.send(subject, payload, reply)
        return True

    async def drained(self) -> None:
        """Wait while much of what was sent has not left yet."""
        if self._client is not None:
            with contextlib.suppress(OSError):
                await self._client.drained()

    async def flushed(self, timeout_s: float) -> bool:
        """Wait until the broker has all that was sent; False when it does not say so in time."""
        if self._client is None:
            return False
        try:
            await self._client.flushed(timeout_s)
        except (OSError, TimeoutError, nats.errors.Error):
            return False
        return True

    def renew(self) -> None:
        """Connect anew, with the credentials of now. What is under way goes on."""
        if self._client is not None:
            self._client.ended.set()

    async def close(self) -> None:
        """Disconnect for good, once what was sent has left; may be called more than once."""
        if self._task is not None:
            await self.flushed(self._limits.close_s)
            self._closing = True
            while not self._task.done():  # the library swallows a cancellation now and then
                self._task.cancel()
                await asyncio.wait([self._task], timeout=CANCEL_AGAIN_S)
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        wait_s = self._limits.retry_s
        while not self._closing:
            client = LinkClient(self._note)
            try:
                if await self._connect(client):
                    wait_s = self._limits.retry_s
                    self._set(client)
                    await client.ended.wait()
            finally:
                if self._client is not None:
                    self._set(None)
                await client.shut()
            await asyncio.sleep(wait_s * self._random.uniform(0.5, 1.0))
            wait_s = min(2 * wait_s, self._limits.retry_s_max)

    async def _connect(self, client: LinkClient) -> bool:
        credentials, limits = self.credentials(), self._limits
        try:
            async with asyncio.timeout(2 * limits.connect_s):
                await client.connect(
                    self._servers,
                    name=self._name,
                    user_jwt_cb=lambda: bytearray(credentials.token.encode()),
                    signature_cb=credentials.sign,
                    error_cb=self._note_later,
                    allow_reconnect=False,
                    connect_timeout=limits.connect_s,
                    reconnect_time_wait=0,
                    max_reconnect_attempts=1,
                    ping_interval=limits.ping_s,
                    max_outstanding_pings=limits.pings_max,
                    tls=self._tls,
                )
                for subject, handler in self._subscriptions:
                    await client.listen(subject, handler)
                await client.flush(limits.connect_s)
        except (OSError, TimeoutError, nats.errors.Error) as error:
            self._note(error)
            return False
        self._servers += [url.geturl() for url in client.discovered_servers if url.geturl() not in self._servers]
        return not client.ended.is_set()

    def _set(self, client: LinkClient | None) -> None:
        self._client = client
        if client is None:
            self._up.clear()
            self._lost_at = self._loop.time()
        else:
            self._up.set()
        for watcher in self._watchers:
            watcher(client is not None)

    def _note(self, error: Exception) -> None:
        self.last_error = str(error) or type(error).__name__
        self._told_error(self.last_error)

    async def _note_later(self, error: Exception) -> None:
        """As the library wants it."""
        self._note(error)
