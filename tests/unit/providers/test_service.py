"""All providers: which there are, what a request may use, and calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from antiphon.chat import ChatRequest, Message, ToolOverride
from antiphon.clock import ManualClock, SystemClock
from antiphon.errors import BadRequest, NotFound, Unavailable
from antiphon.providers.failures import ProviderFailed
from antiphon.providers.model import Provider, ProviderLimits, ServerTool, ToolResult
from antiphon.providers.service import Providers
from tests.unit.providers.played import SEA, SKY, Played, Stage
from tests.unit.providers.tool_process import LIMITS, ToolProcess

ASKED = ChatRequest("m", (Message("user", "Hi"),))


class Scene:
    """Two providers that play a script."""

    def __init__(self) -> None:
        self.sky, self.sea = Played("weather", "clock"), Played("weather")
        stage = Stage(sky=self.sky, sea=self.sea, new=Played("new"))
        self.providers = Providers(ProviderLimits(), clock=ManualClock(), on_trouble=lambda *_: None, load=stage.load)
        self.providers.replace("settings", (SKY, SEA))

    async def offered(self, *names: str, request: ChatRequest = ASKED) -> list[str]:
        """The names of the tools that a request may use."""
        return [tool.tool.name for tool in await self.providers.offered(names, request)]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """The providers, closed after the test."""
    made = Scene()
    yield made
    await made.providers.close()


async def test_the_tools_of_a_project(scene: Scene) -> None:
    """By key or id, each provider once; two tools of one name are told apart."""
    assert await scene.offered("sky", "id-sea", "sea") == ["sky__weather", "sky__clock", "sea__weather"]
    assert await scene.offered() == []


async def test_what_a_request_turns_off_is_not_even_asked_for(scene: Scene) -> None:
    """So that a provider that is down does no harm there."""
    scene.sea.failure = ProviderFailed("down")
    off = msgspec.structs.replace(ASKED, tool_overrides=(ToolOverride("sea", enabled=False),))
    assert await scene.offered("sky", "sea", request=off) == ["sky__weather", "sky__clock"]
    assert await scene.offered("gone", request=msgspec.structs.replace(ASKED, use_tools=False)) == []
    assert scene.sea.lists == 0


async def test_a_provider_that_is_needed_and_down(scene: Scene) -> None:
    """Is named; so is one that was taken away."""
    scene.sea.failure = ProviderFailed("down")
    with pytest.raises(Unavailable, match="'sea'"):
        await scene.offered("sky", "sea")
    with pytest.raises(Unavailable, match="'gone' of the project does not exist"):
        await scene.offered("gone")


async def test_an_unknown_id(scene: Scene) -> None:
    """Also where no provider is attached at all."""
    odd = msgspec.structs.replace(ASKED, tool_overrides=(ToolOverride("nope", enabled=True),))
    for names in (("sky",), ()):
        with pytest.raises(BadRequest, match="'nope'"):
            await scene.offered(*names, request=odd)


async def test_calls_go_to_the_tools_own_provider(scene: Scene) -> None:
    """Under its own name; one that is gone is told to the model."""
    tools = await scene.providers.offered(("sky", "sea"), ASKED)
    assert await scene.providers.call(tools[2], {"a": 1}, timeout_s=9) == ToolResult("weather did")
    assert (scene.sky.calls, scene.sea.calls) == ([], [("weather", {"a": 1})])
    scene.providers.replace("settings", (SKY,))
    assert (await scene.providers.call(tools[2], {}, timeout_s=9)).is_error


async def test_replacing(scene: Scene) -> None:
    """What has not changed keeps its session; what has, or has gone, is closed; the first source keeps a key."""
    await scene.offered("sky", "sea")
    new = Provider("id-new", "new", "New", "http://new/mcp")
    hidden = Provider("id-other", "sky", "Other", "http://new/mcp")
    scene.providers.replace("store", (new, hidden))
    assert [one.id for one in scene.providers.list()] == ["id-sky", "id-sea", "id-new"]
    scene.providers.replace("settings", (SKY, msgspec.structs.replace(SEA, timeout_s=1.0)))
    await asyncio.gather(*scene.providers._closing)
    assert (scene.sky.open, scene.sea.open) == (1, 0)
    assert await scene.offered("sky", "sea", "new") == ["sky__weather", "sky__clock", "sea__weather", "new__new"]
    assert (scene.sky.lists, scene.sea.lists) == (1, 2)


async def test_finding(scene: Scene) -> None:
    """By id or key."""
    assert scene.providers.find("sky") == scene.providers.find("id-sky") == SKY
    with pytest.raises(NotFound, match="'nope'"):
        scene.providers.find("nope")


async def test_warming_up(scene: Scene) -> None:
    """Lists are there before the first request asks."""
    scene.providers.warm()
    assert len((await scene.providers.tools(SKY)).tools) == 2
    assert scene.sky.lists == 1


async def test_real_servers() -> None:
    """Two with tools of the same names, through everything that stands between."""
    with ToolProcess("--name", "one") as one, ToolProcess("--name", "two", "--legacy") as two:
        providers = Providers(LIMITS, clock=SystemClock(), on_trouble=lambda *_: None)
        providers.replace("settings", (one.provider("one"), two.provider("two", timeout_s=0.5)))
        tools = {tool.tool.name: tool for tool in await providers.offered(("one", "two"), ASKED)}

        async def text(name: str, **arguments: object) -> str:
            tool: ServerTool = tools[name]
            return (await providers.call(tool, arguments, timeout_s=20)).text

        said = await asyncio.gather(text("one__weather", city="Rome"), text("two__weather", city="Rome"))
        assert list(said) == [f"It is 18 degrees in Rome, says {name}." for name in ("one", "two")]
        assert await text("two__never") == "Error: no answer in time"
        assert (await text("one__huge", characters=5000))[-31:] == "\n[cut: 2000 of 5000 characters]"
        assert "more than 65536 bytes" in await text("one__huge", characters=500_000)
        assert [name for name in tools if "odd" in name] == ["one__odd_name_919b02c3", "two__odd_name_919b02c3"]
        refused = (await providers.tools(providers.find("one"))).refused
        assert [tool.name for tool in refused] == ["unkept"]
        await providers.close()
