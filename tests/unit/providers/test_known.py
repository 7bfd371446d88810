"""One provider and the list of its tools: how long it is believed, and what becomes of failures."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.clock import ManualClock
from antiphon.errors import Unavailable
from antiphon.providers.client import load_connect
from antiphon.providers.failures import ProviderFailed
from antiphon.providers.known import Known
from antiphon.providers.model import Listing, ProviderLimits, ToolResult
from tests.unit.providers.played import SKY, Played, Stage

LIMITS = ProviderLimits(list_again_s=100, retry_s=3)


class Scene:
    """A provider, its clock, and what was said of it."""

    def __init__(self, *names: str) -> None:
        self.played = Played(*names)
        self.clock = ManualClock()
        self.troubles: list[str] = []
        self.known = Known(
            SKY, LIMITS, self.clock, lambda _, what: self.troubles.append(what), Stage(sky=self.played).load
        )

    async def names(self) -> list[str]:
        """The tools that are known now."""
        return [tool.own_name for tool in (await self.known.listing()).tools]


async def test_a_list_is_believed_for_a_while() -> None:
    """Then it is asked for again."""
    scene = Scene("a")
    assert await scene.names() == await scene.names() == ["a"]
    scene.played.names = ["b"]
    scene.clock.advance(99)
    assert (await scene.names(), scene.played.lists) == (["a"], 1)
    scene.clock.advance(1)
    assert (await scene.names(), scene.played.lists) == (["b"], 2)


async def test_a_change_that_is_told_ends_the_belief() -> None:
    """Also one that comes while the list is on its way."""
    scene = Scene("a")
    await scene.names()
    scene.played.changed()
    assert (await scene.names(), scene.played.lists) == (["a"], 2)
    scene.played.changed()
    scene.played.hold()
    asking = asyncio.ensure_future(scene.names())
    await scene.played.asked()
    scene.played.changed()
    scene.played.gate.set()
    await asking
    await scene.names()
    assert scene.played.lists == 4


async def test_all_that_wait_share_one_request() -> None:
    """Which goes on when the first of them leaves."""
    scene = Scene("a")
    scene.played.hold()
    first, second = (asyncio.ensure_future(scene.names()) for _ in range(2))
    await scene.played.asked()
    first.cancel()
    scene.played.gate.set()
    assert (await second, scene.played.lists) == (["a"], 1)


async def test_a_failure_is_unavailable_for_a_moment() -> None:
    """The client hears which provider, the operator also why; after a while it is tried again."""
    scene = Scene("a")
    scene.played.failure = ProviderFailed("no connection (refused by 10.0.0.1)")
    for _ in range(2):
        with pytest.raises(Unavailable) as raised:
            await scene.names()
        assert raised.value.message == "The tool provider 'sky' cannot be used now: it does not answer."
        assert raised.value.retry_after_s == 3
    assert scene.played.lists == 1
    assert scene.troubles == ["it does not list its tools: no connection (refused by 10.0.0.1)"]
    scene.played.failure = None
    scene.clock.advance(3)
    assert await scene.names() == ["a"]


async def test_what_is_missing_is_named() -> None:
    """Nobody would guess that it is a package."""
    known = Known(SKY, LIMITS, ManualClock(), lambda *_: None, lambda: load_connect("no_such_package"))
    with pytest.raises(Unavailable, match=r"pip install 'antiphon\[mcp\]'"):
        await known.listing()


async def test_tools_that_are_left_out_are_told_once() -> None:
    """Not with every list."""
    scene = Scene("bad", "a")
    listing = await scene.known.listing()
    assert [refused.name for refused in listing.refused] == ["bad"]
    scene.clock.advance(100)
    await scene.known.listing()
    assert scene.troubles == ['the tool bad is not offered: inputSchema.type must be "object"']


async def test_calls() -> None:
    """A result, or one that says what went wrong, told to the operator too."""
    scene = Scene("a")
    (tool,) = (await scene.known.listing()).tools
    assert await scene.known.call(tool, {"x": 1}, 9) == ToolResult("a did")
    scene.played.failure = ProviderFailed("no luck")
    assert await scene.known.call(tool, {}, 9) == ToolResult("Error: no luck", is_error=True)
    assert scene.played.calls == [("a", {"x": 1}), ("a", {})]
    assert scene.troubles == ["the call of sky__a failed: no luck"]


async def test_closing_fails_what_is_asked() -> None:
    """Whoever waits hears that the provider cannot be used, and is not cancelled."""
    scene = Scene("a")
    assert isinstance(await scene.known.listing(), Listing)
    scene.played.hold()
    scene.clock.advance(100)
    asking = asyncio.ensure_future(scene.names())
    await scene.played.asked()
    await scene.known.close()
    with pytest.raises(Unavailable):
        await asking
    assert scene.played.open == 0
