"""/v1/channels: which channels there are, made, shared and deleted."""

from __future__ import annotations

import msgspec

from antiphon.channels.directory import Directory
from antiphon.channels.wire import ChannelBody, MembersBody, WireChannel, WireChannels, shown_channel
from antiphon.http.decode import decode
from antiphon.http.exchange import JSON, Exchange, require_key

_channel = msgspec.json.Decoder(ChannelBody)
_members = msgspec.json.Decoder(MembersBody)


class ChannelRoutes:
    """The channels that the caller's account may use."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def list(self, exchange: Exchange) -> None:
        """All of them."""
        found = await self._directory.list(require_key(exchange).account)
        _respond(exchange, 200, WireChannels([shown_channel(channel) for channel in found]))

    async def get(self, exchange: Exchange) -> None:
        """One; its owner is shown its members."""
        found = await self._directory.get(require_key(exchange).account, exchange.parameter)
        _respond(exchange, 200, shown_channel(found.channel, found.members))

    async def create(self, exchange: Exchange) -> None:
        """Make one."""
        key = require_key(exchange)
        body = decode(await exchange.body(), _channel)
        made = await self._directory.create(key, body.name, body.members, public=body.public)
        _respond(exchange, 201, shown_channel(made.channel, made.members))

    async def change(self, exchange: Exchange) -> None:
        """Add members, and remove others."""
        key = require_key(exchange)
        body = decode(await exchange.body(), _members)
        changed = await self._directory.change(key, exchange.parameter, body.add_members, body.remove_members)
        _respond(exchange, 200, shown_channel(changed.channel, changed.members))

    async def delete(self, exchange: Exchange) -> None:
        """Delete one with all its messages."""
        await self._directory.delete(require_key(exchange), exchange.parameter)
        exchange.respond(204, b"")


def _respond(exchange: Exchange, status: int, answer: WireChannel | WireChannels) -> None:
    exchange.respond(status, msgspec.json.encode(answer), JSON)
