"""Messages and channels as clients see them."""

from __future__ import annotations

import msgspec

from antiphon.channels.model import Channel, Message
from antiphon.channels.wire import WireMessages, shown_channel, shown_message
from tests.unit.channels.posted import WALLET

GENERAL = Channel("ch-0123456789abcdef01234567", "", "general", 1_773_403_200_000)
TEAM = Channel("ch-0123456789abcdef01234567", WALLET, "team", 1_773_403_200_000)


def test_a_message_is_as_dria_documents_it() -> None:
    """Field by field, in camel case."""
    message = Message(GENERAL.id, 1, WALLET, "ann", "api", "Hello", 1_773_403_200_000)
    assert msgspec.to_builtins(shown_message(message, GENERAL)) == {
        "id": "msg-0123456789abcdef01234567000000000001",
        "channel": "general",
        "author": WALLET,
        "authorName": "ann",
        "authorType": "api",
        "content": "Hello",
        "createdAt": "2026-03-13T12:00:00.000Z",
    }


def test_what_is_ours_can_stay_out() -> None:
    """Of a page, and of a channel for those who may not see its members."""
    assert msgspec.to_builtins(WireMessages([])) == {"messages": []}
    assert msgspec.to_builtins(WireMessages([], has_more=False, next="msg-")) == {
        "messages": [],
        "hasMore": False,
        "next": "msg-",
    }
    assert msgspec.to_builtins(shown_channel(GENERAL)) == {
        "channel": "general",
        "name": "general",
        "owner": None,
        "public": True,
        "createdAt": "2026-03-13T12:00:00.000Z",
        "object": "channel",
    }
    own = shown_channel(TEAM, ["bob"])
    assert (own.channel, own.owner, own.members) == (f"{WALLET}/team", WALLET, ["bob"])
