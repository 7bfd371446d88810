"""Nodes as operators see them."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.engines import ModelFacts
from antiphon.link.frames import Heartbeat, Hello, NodeModel
from antiphon.nodes.enrolment import read
from antiphon.nodes.invites import Invited
from antiphon.nodes.model import Invite, Node
from antiphon.nodes.registry import Live
from antiphon.nodes.wire import shown, shown_once

from .membership import nkey

NODE = Node("node_1", "attic", "0x", nkey(), created_at_ms=1, seen_at_ms=2)
HELLO = Hello(3, models=(NodeModel(ModelFacts("m", 4096), loaded=False),), hardware="2 cores")
LIVE = Live(NODE, HELLO, Heartbeat(3, slots=4, in_flight=1, decode_speed=80.0), 10.0)


def test_a_node_that_is_not_heard() -> None:
    """All that is known of it is what is kept."""
    found = shown(NODE, None, 1_000_000, 11.0)
    assert (found.presence, found.seen_at_ms, found.models) == ("gone", 2, [])


def test_a_node_that_is_heard() -> None:
    """It shows what it serves, how fast, and how busy it is."""
    found = shown(NODE, LIVE, 1_000_000, 11.0)
    assert (found.presence, found.epoch, found.slots, found.running) == ("serving", 3, 4, 1)
    assert (found.seen_at_ms, found.decode_speed, found.hardware) == (999_000, 80.0, "2 cores")
    assert [(one.id, one.context_length, one.warm) for one in found.models] == [("m", 4096, False)]


def test_presence_is_what_it_says_and_whether_it_is_heard() -> None:
    """A drained node goes on saying that it serves."""
    assert shown(NODE, replace(LIVE, gone=True), 0, 0.0).presence == "gone"
    unheard = shown(NODE, replace(LIVE, gone=True, heard_at_s=None), 1_000_000, 11.0)
    assert (unheard.presence, unheard.seen_at_ms, len(unheard.models)) == ("gone", 2, 1)
    assert shown(NODE, replace(LIVE, beat=Heartbeat(3, draining=True)), 0, 0.0).presence == "draining"


def test_an_invite_is_one_line() -> None:
    """The line holds the token, the token all that a machine needs."""
    invite = shown_once(Invited("ab" * 24, Invite("invite_1", "d", None, 0, 5)), "http://g:8000")
    assert invite.command == f"antiphon node --join {invite.token}"
    token = read(invite.token)
    assert (token.url, token.secret) == ("http://g:8000", "ab" * 24)
