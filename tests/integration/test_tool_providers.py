"""A real model uses a real MCP server: it calls by grammar, reads the result, and answers in words."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from antiphon.chat import ChatRequest, Delta, Message, Sampling
from antiphon.clock import SystemClock
from antiphon.completions.plan import Bounds, Caller, Plan
from antiphon.completions.prepare import Preparation
from antiphon.completions.service import Completions
from antiphon.completions.tool_loop import ToolLoop
from antiphon.ids import Ids
from antiphon.key import Key
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement
from antiphon.providers.model import ServerTool, ToolResult
from antiphon.providers.service import Providers
from antiphon.settings.model import EMBEDDED_DEFAULT, Hub
from antiphon.sources.embedded import EmbeddedSource
from antiphon.sources.hub import hub_access
from antiphon.sources.supervision import supervisor_for
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.limits import ImageLimits
from antiphon.wheel import TimerWheel
from tests.unit.providers.tool_process import LIMITS, ToolProcess

READY_S = 120.0
BOUNDS = Bounds(first_token_s=60, inter_token_s=60, total_s=120, total_s_max=120, heartbeat_s=15)
ASKED = ChatRequest(
    EMBEDDED_DEFAULT.name,
    (Message("user", "What is the weather in Rome?"),),
    sampling=Sampling(temperature=0.0, max_tokens=48),
    parallel_tool_calls=False,
)


class Watched(Providers):
    """Providers whose calls can be looked at."""

    @functools.cached_property
    def results(self) -> list[tuple[str, dict[str, Any], str]]:
        """Name, arguments and result of each call."""
        return []

    async def call(self, tool: ServerTool, arguments: dict[str, Any], *, timeout_s: float) -> ToolResult:
        """Keep what was asked and answered."""
        result = await super().call(tool, arguments, timeout_s=timeout_s)
        self.results.append((tool.own_name, arguments, result.text))
        return result


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Catalogue]:
    """The model that is served by default, ready."""
    ready = asyncio.Event()
    catalogue = Catalogue()

    def on_state(model: str, state: str, detail: str) -> None:
        assert state != "failed", detail
        if state == "ready":
            ready.set()

    supervise = supervisor_for(
        folder, hub=hub_access(Hub()), clock=SystemClock(), environ={}, on_progress=lambda *_: None
    )
    source = EmbeddedSource(EMBEDDED_DEFAULT, catalogue, supervise=supervise, clock=SystemClock(), on_state=on_state)
    running = asyncio.ensure_future(source.run())
    try:
        async with asyncio.timeout(READY_S):
            await ready.wait()
        yield catalogue
    finally:
        running.cancel()
        await asyncio.wait({running})
        await source.close()


@asynccontextmanager
async def looping(catalogue: Catalogue, process: ToolProcess) -> AsyncIterator[tuple[ToolLoop, Plan, Watched]]:
    """The loop over the model and the server, and a plan that has to call once."""
    providers = Watched(LIMITS, clock=SystemClock(), on_trouble=lambda *_: None)
    providers.replace("settings", (process.provider("sky"),))
    preparation = Preparation(catalogue, ImageAdmission(ImageLimits()), BOUNDS, ids=Ids(), projects=dict)
    rounds = Completions(
        preparation,
        Placement(queue_max=9),
        BOUNDS,
        ids=Ids(),
        wheel=TimerWheel(asyncio.get_running_loop()),
        on_end=lambda _: None,
    )
    plan = await preparation.plan(ASKED, Caller(Key("alice")))
    forced = msgspec.structs.replace(ASKED, tool_choice="required")
    loop = ToolLoop(rounds, providers, ids=Ids(), on_end=lambda _: None, heartbeat_s=15, rounds_max=2)
    try:
        yield loop, msgspec.structs.replace(plan, request=forced), providers
    finally:
        await providers.close()


async def streamed(loop: ToolLoop, plan: Plan, tools: tuple[ServerTool, ...]) -> list[str]:
    """The pieces of the answer's text."""
    stream = loop.open(plan, tools)
    pieces: list[Delta] = []
    try:
        await stream.start()
        while (deltas := await stream.next()) != []:
            pieces += deltas or []
    finally:
        stream.close()
    return [piece.content for piece in pieces if piece.content]


async def test_a_real_model_answers_through_a_real_tool(tmp_path: Path) -> None:
    """Plain and streamed alike: a call whose arguments fit, its result in the prompt, text and no call at the end."""
    with ToolProcess() as process:
        async with served(tmp_path) as catalogue, looping(catalogue, process) as (loop, plan, providers):
            offered = await providers.offered(("sky",), ASKED)
            tools = tuple(one for one in offered if one.own_name == "weather")
            completion, _ = await loop.complete(plan, tools, lambda: None)
            pieces = await streamed(loop, plan, tools)
    (choice,) = completion.choices
    assert choice.tool_calls == ()
    for answer in (choice.content, "".join(pieces)):
        assert answer
        assert "<tool_call>" not in answer
    assert len(pieces) > 1
    assert len(providers.results) == 2
    for name, arguments, text in providers.results:
        assert (name, text) == ("weather", f"It is 18 degrees in {arguments['city']}, says one.")
    assert completion.usage.prompt_tokens > 250  # of both rounds
