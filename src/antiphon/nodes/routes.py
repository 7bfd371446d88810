"""/v1/nodes: an operator invites, lists and changes nodes; machines enrol and are let in, which takes no key."""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec
from msgspec import UNSET, Struct

from antiphon.clock import Clock
from antiphon.http.decode import decode
from antiphon.http.exchange import JSON, NOT_KEPT, Exchange, require_admin
from antiphon.nodes import wire
from antiphon.nodes.invites import Invites
from antiphon.nodes.model import Node
from antiphon.nodes.registry import Registry
from antiphon.nodes.service import MS, Nodes

_invite_body = msgspec.json.Decoder(wire.InviteBody)
_enrol_body = msgspec.json.Decoder(wire.EnrolBody)
_lease_body = msgspec.json.Decoder(wire.LeaseBody)
_change_body = msgspec.json.Decoder(wire.ChangeBody)


class Credentials(Struct, frozen=True):
    """What one node connects to the broker with, and where."""

    jwt: str
    servers: tuple[str, ...]
    expires_at_s: float


class Network(Protocol):
    """The way to the broker."""

    async def open(self) -> None:
        """Make sure that there is a broker; Unavailable when there is none."""
        ...

    async def credentials(self, node: Node, host: str) -> Credentials:
        """What a node is let in with; `host` is the gateway's name as the node knows it."""
        ...


class NodeRoutes:
    """The nodes of the gateways. `base_url` is where machines find this one, unless an invite says otherwise."""

    def __init__(
        self,
        nodes: Nodes,
        invites: Invites,
        registry: Registry,
        network: Network,
        *,
        base_url: str,
        clock: Clock,
    ) -> None:
        self._nodes = nodes
        self._invites = invites
        self._registry = registry
        self._network = network
        self._base_url = base_url
        self._clock = clock

    async def invite(self, exchange: Exchange) -> None:
        """Make an invite, and see to it that there is a broker to come to."""
        require_admin(exchange)
        body = await exchange.body()
        asked = decode(body, _invite_body) if body.strip() else wire.InviteBody()
        await self._network.open()
        invited = await self._invites.make(asked.name, asked.expires_in_s)
        _respond(exchange, 201, wire.shown_once(invited, (asked.url or self._base_url).rstrip("/")))

    async def invites(self, exchange: Exchange) -> None:
        """All invites, without their tokens."""
        require_admin(exchange)
        now_ms = self._now_ms()
        found = await self._invites.list()
        _respond(exchange, 200, wire.WireInvites([wire.known(invite, now_ms) for invite in found]))

    async def revoke(self, exchange: Exchange) -> None:
        """Void an invite."""
        require_admin(exchange)
        await self._invites.revoke(exchange.parameter)
        exchange.respond(204, b"")

    async def enrol(self, exchange: Exchange) -> None:
        """A machine becomes a node."""
        node = await self._nodes.enrol(wire.enrolment(decode(await exchange.body(), _enrol_body)))
        _respond(exchange, 201, wire.WireEnrolled(node.id, node.name))

    async def let_in(self, exchange: Exchange) -> None:
        """A node gets what it connects with."""
        body = decode(await exchange.body(), _lease_body)
        node = await self._nodes.let_in(body.node, body.epoch, body.signature, body.issued_at_s)
        found = await self._network.credentials(node, _host(exchange))
        lease = wire.WireLease(
            node.name,
            node.epoch,
            found.jwt,
            list(found.servers),
            int(found.expires_at_s * MS),
            self._now_ms(),
        )
        _respond(exchange, 200, lease)

    async def list(self, exchange: Exchange) -> None:
        """All of them."""
        require_admin(exchange)
        _respond(exchange, 200, wire.WireNodes([self._shown(node) for node in await self._nodes.list()]))

    async def get(self, exchange: Exchange) -> None:
        """One."""
        require_admin(exchange)
        _respond(exchange, 200, self._shown(await self._nodes.get(exchange.parameter)))

    async def change(self, exchange: Exchange) -> None:
        """Rename, tag, drain, take back or ban one."""
        require_admin(exchange)
        body = decode(await exchange.body(), _change_body)
        to = None if body.state is UNSET else body.state
        called = None if body.name is UNSET else body.name
        tags = None if body.tags is UNSET else body.tags
        node = await self._nodes.change(exchange.parameter, to=to, called=called, tags=tags)
        _respond(exchange, 200, self._shown(node))

    async def remove(self, exchange: Exchange) -> None:
        """Forget one."""
        require_admin(exchange)
        await self._nodes.remove(exchange.parameter)
        exchange.respond(204, b"")

    def _shown(self, node: Node) -> wire.WireNode:
        now_s = asyncio.get_running_loop().time()
        return wire.shown(node, self._registry.get(node.id), self._now_ms(), now_s)

    def _now_ms(self) -> int:
        return int(self._clock.now() * MS)


def _host(exchange: Exchange) -> str:
    """The name that the caller has for this machine, without a port."""
    given = exchange.header(b"host")
    host, colon, port = given.rpartition(":")
    return host if colon and port.isdigit() else given


def _respond(exchange: Exchange, status: int, answer: Struct) -> None:
    exchange.respond(status, msgspec.json.encode(answer), JSON, NOT_KEPT)
