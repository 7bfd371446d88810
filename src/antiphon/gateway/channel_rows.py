"""The rows of channels in the table of routes."""

from __future__ import annotations

from antiphon.channels import wire
from antiphon.channels.asking import ChannelQuery
from antiphon.channels.channel_routes import ChannelRoutes
from antiphon.channels.routes import MessageRoutes
from antiphon.gateway.table import Route


def channel_rows(messages: MessageRoutes, channels: ChannelRoutes) -> tuple[Route, ...]:
    """One row per route."""
    return _messages(messages) + _channels(channels)


def _messages(routes: MessageRoutes) -> tuple[Route, ...]:
    return (
        Route("POST", "/v1/channel", routes.post, "Post a message to a channel.", "channels", scope="channel",
              request=wire.PostBody, response=wire.WireMessage, statuses=(403,), keyed=True),
        Route("GET", "/v1/channel", routes.read, "Read a channel, wait for messages, or follow it.", "channels",
              scope="channel", query=ChannelQuery, response=wire.WireMessages, streams=True),
        Route("DELETE", "/v1/channel/{message}", routes.delete, "Delete a message.", "channels", scope="channel",
              success=204, statuses=(404,)),
    )  # fmt: skip


def _channels(routes: ChannelRoutes) -> tuple[Route, ...]:
    return (
        Route("GET", "/v1/channels", routes.list, "List the channels that the account may use.", "channels",
              scope="channel", response=wire.WireChannels),
        Route("POST", "/v1/channels", routes.create, "Make a channel.", "channels", scope="channel",
              request=wire.ChannelBody, response=wire.WireChannel, success=201, statuses=(403, 409)),
        Route("GET", "/v1/channels/{channel}", routes.get, "One channel, by what it is called.", "channels",
              scope="channel", response=wire.WireChannel, statuses=(404,)),
        Route("PATCH", "/v1/channels/{channel}", routes.change, "Add members, and remove others.", "channels",
              scope="channel", request=wire.MembersBody, response=wire.WireChannel, statuses=(403, 404, 409)),
        Route("DELETE", "/v1/channels/{channel}", routes.delete, "Delete a channel with all its messages.", "channels",
              scope="channel", success=204, statuses=(403, 404)),
    )  # fmt: skip
