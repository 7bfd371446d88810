"""The way to the nodes, over a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest
import trustme

from antiphon.clock import SystemClock
from antiphon.db import Database
from antiphon.db.open import open_database
from antiphon.engines import ModelFacts
from antiphon.ids import Ids
from antiphon.link.broker import trusting
from antiphon.link.claims import public_key
from antiphon.link.connection import Connection
from antiphon.link.credentials import Credentials, new_seed
from antiphon.link.frames import Hello, NodeModel, encode
from antiphon.link.subjects import heartbeat
from antiphon.nodes.model import Node, lease_name
from antiphon.nodes.network import Network
from antiphon.nodes.place import Place
from antiphon.nodes.registry import Live, Registry

from .membership import PEPPER, Membership

HELLO = Hello(1, models=(NodeModel(ModelFacts("m")),))


class Way:
    """One gateway's way to the nodes, and whom it hears there."""

    def __init__(self, database: Database, place: Place, *, seed: int = 1) -> None:
        self.members = Membership(database, seed=seed, clock=SystemClock())
        self.heard: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self.registry = Registry(on_change=self._changed, on_beat=lambda _live: None)
        self.network = Network(
            place,
            self.members.nodes,
            self.registry,
            database,
            (PEPPER,),
            name=f"gw_{seed}",
            clock=SystemClock(),
            ids=Ids(),
            random=Random(seed),
            environ={},
            on_trouble=lambda _reason: None,
        )
        self.network.begin()

    def _changed(self, node_id: str, live: Live | None) -> None:
        self.heard.put_nowait((node_id, live is not None and live.willing))

    async def told(self) -> tuple[str, bool]:
        """The next node that changed, and whether it can be given work."""
        async with asyncio.timeout(10):
            return await self.heard.get()


class Joined:
    """A node with a lease, connected."""

    def __init__(self, node: Node, connection: Connection) -> None:
        self.node = node
        self.connection = connection

    def greet(self, epoch: int = 1) -> None:
        """Say what it is, under a lease."""
        self.connection.send(heartbeat(lease_name(self.node.id, 1)).encode(), encode(Hello(epoch, models=HELLO.models)))


Open = Callable[..., Way]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """One database, of whichever kind: what is kept is tested elsewhere."""
    opened = open_database(None, data_dir=tmp_path, clock=SystemClock())
    yield opened
    await opened.close()


@pytest.fixture
async def ways(database: Database) -> AsyncIterator[Open]:
    """Opens ways, and closes them in the end, the last one first."""
    async with AsyncExitStack() as stack:

        def opened(place: Place, seed: int = 1) -> Way:
            way = Way(database, place, seed=seed)
            stack.push_async_callback(way.network.close)
            return way

        yield opened


async def joined(way: Way, stack: AsyncExitStack, place: Place) -> Joined:
    """A node that has enrolled, and comes to the broker with what it is given."""
    seed = new_seed()
    node = await way.members.enrolled(key=public_key(seed))
    node = await way.members.let_in(node)
    found = await way.network.credentials(node, "127.0.0.1")
    tls = trusting(place.certificate)
    connection = Connection(
        list(found.servers), lambda: Credentials(found.jwt, seed), name="node", random=Random(2), tls=tls
    )
    connection.start()
    stack.push_async_callback(connection.close)
    assert await connection.wait_connected(5), connection.last_error
    return Joined(node, connection)


async def test_gateways_of_a_folder_share_a_broker(tmp_path: Path, ways: Open) -> None:
    """Both hear the node; when it is banned it is sent away, and neither knows it any more."""
    place = Place(data_dir=tmp_path)
    one, two = ways(place), ways(place, seed=2)
    await one.network.open()
    await two.network.open()
    async with AsyncExitStack() as stack:
        node = await joined(one, stack, place)
        await two.members.nodes.refresh()
        node.greet(epoch=7)  # a lease that it has not: nobody hears it
        node.greet()
        for way in (one, two):
            assert await way.told() == (node.node.id, True)
        gone = asyncio.Event()
        node.connection.watch(lambda up: None if up else gone.set())
        await two.members.nodes.change(node.node.id, to="banned")
        await one.members.nodes.refresh()
        async with asyncio.timeout(5):
            await gone.wait()
        for way in (one, two):
            assert await way.told() == (node.node.id, False)


async def test_a_cluster_is_told_who_is_revoked(tmp_path: Path, ways: Open) -> None:
    """A gateway that comes to servers of others has them know what its database says."""
    place = Place(data_dir=tmp_path, host="127.0.0.1")
    own = ways(place)
    await own.network.open()
    (server,) = (await own.network.credentials(Node("node_1", "n", "0x", public_key(new_seed())), "g")).servers
    cluster = Place(data_dir=tmp_path / "elsewhere", servers=(server,))
    other = ways(cluster, seed=3)
    await other.network.open()
    async with AsyncExitStack() as stack:
        node = await joined(other, stack, cluster)
        gone = asyncio.Event()
        node.connection.watch(lambda up: None if up else gone.set())
        await other.members.nodes.remove(node.node.id)
        async with asyncio.timeout(5):
            await gone.wait()


async def test_a_broker_with_a_certificate(tmp_path: Path, ways: Open) -> None:
    """It is that of the gateway's own address; nodes are told the name that they know the gateway by."""
    certificate = trustme.CA().issue_cert("gateway.example")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(chain)
    certificate.private_key_pem.write_to_path(key)
    place = Place(data_dir=tmp_path, certificate=chain, certificate_key=key, host="0.0.0.0", told=None)
    way = ways(place)
    await way.network.open()
    async with AsyncExitStack() as stack:
        node = await joined(way, stack, place)
        node.greet()
        assert await way.told() == (node.node.id, True)
    found = await way.network.credentials(node.node, "gateway.example")
    assert found.servers[0].startswith("tls://gateway.example:")
