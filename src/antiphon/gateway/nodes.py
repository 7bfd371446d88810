"""Puts together what has to do with nodes. Nothing of the broker is loaded before there is a node, or an invite."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from antiphon.clock import Clock
from antiphon.errors import ConfigError, Unavailable
from antiphon.gateway.storage import Storage
from antiphon.ids import Ids
from antiphon.link.frames import Hello
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement
from antiphon.nodes.model import Node
from antiphon.nodes.place import Place
from antiphon.nodes.registry import Live, Registry
from antiphon.nodes.routes import Credentials
from antiphon.observe.logs import Log
from antiphon.settings.model import Settings
from antiphon.sources.nodes import NodeEngine, NodesSource

if TYPE_CHECKING:
    from antiphon.link.remote import NodeAnswer
    from antiphon.nodes.network import Network

AGAIN_S = 2.0
AWAITED_S_MAX = 10.0  # for nodes that are known; they try to come back about every second
MISSING = "Nodes take packages that are not installed here: pip install 'antiphon[nodes]'."


# Told of each finished answer of a node, with what is known of the node.
OnAnswer: TypeAlias = "Callable[[Live, NodeAnswer], None]"


class NodeParts:
    """The registry of nodes, what offers them, and the way to their broker, opened when it is needed.

    To the gateway all of it is one source, to the routes it is the network.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        catalogue: Catalogue,
        placement: Placement,
        *,
        clock: Clock,
        ids: Ids,
        log: Log,
        environ: Mapping[str, str],
        on_answer: OnAnswer | None = None,
    ) -> None:
        self._on_answer = on_answer
        self._place = broker_place(settings)
        self._storage = storage
        self._clock = clock
        self._ids = ids
        self._log = log
        self._environ = environ
        self._network: Network | None = None
        self._trouble = ""
        self._source = NodesSource(
            catalogue, models=settings.nodes.models, connect=self._connect, observe=placement.observe, log=log
        )
        self.registry = Registry(
            on_change=self._source.changed, on_beat=self._source.heard, sealed=settings.nodes.sealed
        )  # fmt: skip
        self._awaited_until_s = math.inf
        storage.nodes.follow(lambda kept: self.registry.set_nodes(kept.nodes, kept.hellos))

    async def run(self) -> None:
        """Open the way to the broker once there are nodes, whichever gateway invited them; keep at it until it is."""
        self._awaited_until_s = asyncio.get_running_loop().time() + AWAITED_S_MAX
        some = asyncio.Event()
        self._storage.nodes.follow(lambda kept: some.set() if kept.nodes else None)
        await some.wait()
        while True:
            try:
                await self.open()
                break
            except Unavailable as error:
                self._troubled(error.message)
                await asyncio.sleep(AGAIN_S)
        await asyncio.Event().wait()

    @property
    def awaits(self) -> bool:
        """Whether a model of known nodes may be served in a moment: for so long after the start, and no longer."""
        return self._source.awaits and asyncio.get_running_loop().time() < self._awaited_until_s

    async def open(self) -> None:
        """Make sure that there is a broker and that it is reached; Unavailable when it is not, and says why."""
        try:
            await (await self._opened()).open()
        except ConfigError as error:
            raise Unavailable(error.message) from error

    async def credentials(self, node: Node, host: str) -> Credentials:
        """What a node comes to the broker with."""
        await self.open()
        return await (await self._opened()).credentials(node, host)

    async def close(self) -> None:
        """Let go of the nodes, leave the broker, and end it if it is ours."""
        await self._source.close()
        if self._network is not None:
            await self._network.close()

    async def _opened(self) -> Network:
        if self._network is None:
            try:
                from antiphon.nodes.network import Network
            except ImportError as error:
                raise Unavailable(MISSING) from error
            network = self._network = Network(
                self._place,
                self._storage.nodes,
                self.registry,
                self._storage.database,
                self._storage.peppers,
                name=self._ids.make("gw_"),
                clock=self._clock,
                ids=self._ids,
                random=random.Random(),
                environ=self._environ,
                on_trouble=self._troubled,
            )
            network.begin()
        return self._network

    def _connect(self, name: str, lease: str, hello: Hello) -> NodeEngine:
        from antiphon.link.remote import RemoteEngine

        link = None if self._network is None else self._network.link
        assert link is not None, "nodes are heard over the link"
        told = None if self._on_answer is None else partial(self._answered, name)
        return RemoteEngine(name, link, lease, hello=hello, on_answer=told)

    def _answered(self, node_id: str, answer: NodeAnswer) -> None:
        """Hand on what a node says it did, with what is known of the node."""
        live = self.registry.get(node_id)
        if live is not None and self._on_answer is not None:
            self._on_answer(live, answer)

    def _troubled(self, reason: str) -> None:
        """Say once what is wrong, however often it is tried."""
        if reason != self._trouble:
            self._trouble = reason
            self._log.warning("the broker of the nodes cannot be reached", reason=reason)


def broker_place(settings: Settings) -> Place:
    """Where the broker is, by the settings."""
    given, server = settings.nodes, settings.server
    host, _, port = given.listen.rpartition(":")
    secrets = [one.reveal() for one in (given.operator_seed, given.system_seed, given.account_seed) if one is not None]
    return Place(
        data_dir=settings.data_dir,
        host=host.strip("[]"),
        port=int(port),
        servers=given.nats,
        told=given.address,
        certificate=_path(server.tls_certificate),
        certificate_key=_path(server.tls_key),
        seeds=(secrets[0], secrets[1], secrets[2]) if len(secrets) == 3 else None,
        lease_s=given.lease_s,
    )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
