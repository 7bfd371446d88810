"""The way to the nodes: a broker, our own or a cluster, opened when there are nodes or the first is invited.

Of several gateways with one data folder, one runs the broker; another takes it up when that one has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import ssl
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import BinaryIO

from antiphon.accounts.pepper import Pepper
from antiphon.clock import Clock
from antiphon.db import Database
from antiphon.errors import ConfigError, Unavailable
from antiphon.ids import Ids
from antiphon.link.accounts import push
from antiphon.link.broker import Broker, find_program, kept_port, trusting
from antiphon.link.broker_config import BrokerOptions
from antiphon.link.connection import Connection
from antiphon.link.credentials import Authority, BrokerKeys
from antiphon.link.frames import Beat
from antiphon.link.gateway_link import GatewayLink
from antiphon.nodes.model import Node, lease_name, of_lease
from antiphon.nodes.place import Place
from antiphon.nodes.registry import Registry
from antiphon.nodes.routes import Credentials
from antiphon.nodes.service import MS, Kept, Nodes
from antiphon.nodes.shared_keys import shared_keys

SWEEP_S = 0.5
SEEN_EVERY = 120  # sweeps
HELLOS_EVERY = 2
CONNECT_S = 5.0
FOLDER = "broker"
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - recognised, not chosen


class Network:
    """Opened once, closed once. `name` is this gateway's own among all that come to the broker."""

    def __init__(
        self,
        place: Place,
        nodes: Nodes,
        registry: Registry,
        database: Database,
        peppers: Sequence[Pepper],
        *,
        name: str,
        clock: Clock,
        ids: Ids,
        random: Random,
        environ: Mapping[str, str],
        on_trouble: Callable[[str], None],
    ) -> None:
        self.name = name
        self._place = place
        self._nodes = nodes
        self._registry = registry
        self._database = database
        self._peppers = peppers
        self._clock = clock
        self._random = random
        self._environ = environ
        self._on_trouble = on_trouble
        self._ids = ids
        self._opening = asyncio.Lock()
        self._authority: Authority | None = None
        self._broker: Broker | None = None
        self._lock: BinaryIO | None = None
        self._connection: Connection | None = None
        self.link: GatewayLink | None = None
        self._revoked: Mapping[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Follow the nodes as the database has them."""
        self._nodes.follow(self._follow)

    async def open(self) -> None:
        """Make sure that there is a broker and that it is reached; Unavailable or ConfigError when it is not."""
        async with self._opening:
            if self._connection is None:
                await self._begin()
        connection = self._connection
        assert connection is not None
        if not await connection.wait_connected(CONNECT_S):
            reason = connection.last_error or "no answer"
            raise Unavailable(f"The broker of the nodes cannot be reached: {reason}.", retry_after_s=2)

    async def credentials(self, node: Node, host: str) -> Credentials:
        """What a node comes to the broker with: as one lease, so that an older one hears and says nothing of it."""
        await self.open()
        assert self._authority is not None
        token = self._authority.node_token(lease_name(node.id, node.epoch), node.nkey, seconds=self._place.lease_s)
        return Credentials(token, self._told(host), self._clock.now() + self._place.lease_s)

    async def close(self) -> None:
        """Leave the broker, and end it if it is ours."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self.link is not None:
            self.link.close()
        if self._connection is not None:
            await self._connection.close()
        if self._broker is not None:
            await self._broker.stop()
        if self._lock is not None:
            self._lock.close()

    async def _begin(self) -> None:
        seeds = self._place.seeds
        keys = BrokerKeys(*seeds) if seeds else await shared_keys(self._database, self._peppers)
        authority = self._authority = Authority(keys, self._clock)
        self._revoked = dict(self._nodes.kept.revoked)
        servers = list(self._place.servers)
        if servers:
            await self._push(self._revoked)
        else:
            await self._run_broker()
            servers = [self._own_url()]
        connection = Connection(
            servers,
            lambda: authority.gateway_credentials(self.name),
            name=self.name,
            random=self._random,
            tls=self._tls(),
            on_error=self._on_trouble,
        )
        self.link = GatewayLink(connection, self.name, clock=self._clock, ids=self._ids, on_beat=self._heard)
        connection.start()
        self._connection = connection
        self._spawn(self._watch())

    async def _run_broker(self) -> None:
        """Run the broker, unless another gateway of this data folder does."""
        assert self._authority is not None
        folder = self._place.data_dir.expanduser() / FOLDER
        if self._broker is not None or not self._take(folder):
            return
        options = BrokerOptions(
            folder=folder,
            host=self._place.host,
            port=self._port(),
            certificate=self._place.certificate,
            certificate_key=self._place.certificate_key,
        )
        seconds = {nkey: at_ms // MS for nkey, at_ms in self._nodes.kept.revoked.items()}
        broker = Broker(
            find_program(self._environ),
            options,
            self._authority,
            clock=self._clock,
            random=self._random,
            revoked=seconds,
        )
        await broker.start()
        self._broker = broker

    def _take(self, folder: Path) -> bool:
        """Whether the folder is this process's to run a broker in."""
        if self._lock is not None:
            return True
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (folder / "lock").open("ab")
        except OSError as error:
            raise ConfigError(f"nodes: {folder} cannot be used: {error}.") from error
        try:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _port(self) -> int:
        return self._place.port or kept_port(self._place.data_dir.expanduser() / FOLDER)

    def _own_url(self) -> str:
        host = "127.0.0.1" if self._place.host in EVERYWHERE else self._place.host
        return f"{self._scheme()}://{host}:{self._port()}"

    def _told(self, host: str) -> tuple[str, ...]:
        """The broker's addresses as a node reaches them, that knows this machine as `host`."""
        if self._place.told is not None:
            return (self._place.told,)
        if self._place.servers:
            return self._place.servers
        own = self._place.host
        return (f"{self._scheme()}://{host if own in EVERYWHERE else own}:{self._port()}",)

    def _tls(self) -> ssl.SSLContext | None:
        """For our own broker, which is reached by another name than its certificate's."""
        return None if self._place.servers else trusting(self._place.certificate)

    def _scheme(self) -> str:
        return "tls" if self._place.certificate else "nats"

    def _heard(self, name: str, beat: Beat) -> None:
        """A node says something: the broker vouches for the lease by its name, so the frame must be of the same."""
        node_id, epoch = of_lease(name)
        if beat.epoch == epoch:
            self._registry.heard(node_id, beat, asyncio.get_running_loop().time())

    def _follow(self, kept: Kept) -> None:
        """Nodes were changed, here or at another gateway."""
        self._registry.set_nodes(kept.nodes)
        if self._connection is not None and kept.revoked != self._revoked:
            self._spawn(self._revoke(kept.revoked))

    async def _revoke(self, revoked: Mapping[str, int]) -> None:
        """Have whoever is revoked sent away; the servers hear of it again until one has taken it."""
        fresh = [nkey for nkey, at_ms in revoked.items() if self._revoked.get(nkey) != at_ms]
        self._revoked = revoked
        while True:
            try:
                if self._broker is None:
                    await self._push(revoked)
                else:
                    for nkey in fresh:
                        await self._broker.revoke(nkey)
            except Unavailable as error:
                self._on_trouble(error.message)
                await asyncio.sleep(1)
            else:
                return

    async def _push(self, revoked: Mapping[str, int]) -> None:
        assert self._authority is not None
        tokens = self._authority.account_tokens({nkey: at_ms // MS for nkey, at_ms in revoked.items()})
        servers = list(self._place.servers) or [self._own_url()]
        token = tokens[self._authority.account]
        await push(servers, self._authority.system_credentials(), token, tls=self._tls())

    async def _watch(self) -> None:
        """Let go of nodes that are not heard, note those that are, and see to it that there is a broker."""
        loop, sweeps = asyncio.get_running_loop(), 0
        while True:
            await asyncio.sleep(SWEEP_S)
            sweeps += 1
            self._registry.sweep(loop.time())
            with contextlib.suppress(Unavailable, ConfigError):
                if sweeps % HELLOS_EVERY == 0:
                    heard = (live for live in self._registry.list() if live.heard_at_s is not None)
                    await self._nodes.note_hellos({live.node.id: live.hello for live in heard})
                if sweeps % SEEN_EVERY == 0:
                    await self._nodes.note_seen(live.node.id for live in self._registry.list() if not live.gone)
                if not self._place.servers and self._connection is not None and not self._connection.connected:
                    await self._run_broker()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
