"""Channels and messages on the wire, in the camel case that Dria documents for them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from antiphon.channels.model import Channel, Message
from antiphon.channels.moments import moment


class PostBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """A message to be posted. `author` and `authorType` are for bridges, and take a key with the scope `admin`."""

    channel: str
    content: str
    name: str | None = None
    avatar: str | None = None
    author: str | None = None
    author_type: Literal["api", "discord"] | None = None


class WireMessage(Struct, rename="camel"):
    """A message, as Dria documents it. Ids of a channel sort as its messages do."""

    id: str
    channel: str
    author: str
    author_name: str
    author_type: str
    content: str
    created_at: str


class WireMessages(Struct, rename="camel"):
    """Messages, the oldest first. Give `next` as `after` to get what comes; `hasMore`: there are more this way."""

    messages: list[WireMessage]
    has_more: bool | UnsetType = UNSET
    next: str | UnsetType = UNSET


class ChannelBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """A channel to be made. A `public` one has no members and takes a key with the scope `admin`."""

    name: str
    public: bool = False
    members: tuple[str, ...] = ()


class MembersBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """Accounts that are to read and write a channel, and such as are no longer to."""

    add_members: tuple[str, ...] = ()
    remove_members: tuple[str, ...] = ()


class WireChannel(Struct, rename="camel"):
    """A channel. `channel` is what it is called everywhere here; its owner is shown its members, the owner apart."""

    channel: str
    name: str
    owner: str | None
    public: bool
    created_at: str
    members: list[str] | UnsetType = UNSET
    object: str = "channel"


class WireChannels(Struct, rename="camel"):
    """The channels that the caller's account may use, the public ones first."""

    data: list[WireChannel]
    object: str = "list"


def shown_message(message: Message, channel: Channel) -> WireMessage:
    """A message of that channel."""
    return WireMessage(
        message.id,
        channel.address,
        message.author,
        message.author_name,
        message.author_type,
        message.content,
        moment(message.created_at_ms),
    )


def shown_channel(channel: Channel, members: Sequence[str] | None = None) -> WireChannel:
    """A channel, with its members for whoever may see them."""
    return WireChannel(
        channel.address,
        channel.name,
        None if channel.public else channel.owner,
        channel.public,
        moment(channel.created_at_ms),
        UNSET if members is None else list(members),
    )
