"""Tools that answer from a script, and models that call them: for tests of the tool loop only."""

from __future__ import annotations

import asyncio
from typing import Any

from antiphon.chat import Delta, FinishReason, Tool, ToolCallDelta, Usage
from antiphon.completions.plan import Bounds
from antiphon.completions.prepare import Preparation
from antiphon.completions.record import Record
from antiphon.completions.service import Completions
from antiphon.completions.tool_loop import ToolLoop
from antiphon.ids import seeded
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement
from antiphon.providers.model import ServerTool, ToolResult
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.limits import ImageLimits
from antiphon.wheel import TimerWheel
from tests.unit.completions.scripted import BOUNDS, Step

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = ServerTool("id-1", "sky", "weather", Tool("sky__weather", "The weather in a city", CITY))
CLOCK = ServerTool("id-1", "sky", "clock", Tool("sky__clock", "The time now"))
TOOLS = (WEATHER, CLOCK)
ROME = '{"city": "Rome"}'


def calling(
    *calls: tuple[str, str], text: str = "", finish: FinishReason = "tool_calls", named: bool = True
) -> tuple[Step, ...]:
    """A native round: perhaps text, then calls (name, arguments) in two pieces each; `named`: they have ids."""
    steps: list[Step] = [[Delta(content=text)]] if text else []
    for index, (name, arguments) in enumerate(calls):
        first = ToolCallDelta(index=index, id=f"call_{index}" if named else None, name=name)
        steps.append([Delta(tool_calls=(first,)), Delta(tool_calls=(ToolCallDelta(index=index, arguments=arguments),))])
    return (*steps, [Delta(finish_reason=finish)])


def saying(*texts: str) -> tuple[Step, ...]:
    """A round that answers in words, one piece at a time."""
    return (*([Delta(content=text)] for text in texts), [Delta(finish_reason="stop")])


class ScriptedTools:
    """Each call takes the next result; "" never comes. Keeps the calls for the test to look at."""

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)
        self.calls: list[tuple[str, dict[str, Any]]] = []  # Any: JSON values
        self.cancelled = 0
        self.timeouts_s: list[float] = []

    async def call(self, tool: ServerTool, arguments: dict[str, Any], *, timeout_s: float) -> ToolResult:
        """The next result, with the city that was asked for."""
        self.calls.append((tool.own_name, arguments))
        self.timeouts_s.append(timeout_s)
        text = self._texts.pop(0)
        if not text:
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled += 1
        return ToolResult(text)


def loop_of(tools: ScriptedTools, records: list[Record], *, rounds_max: int = 5, bounds: Bounds = BOUNDS) -> ToolLoop:
    """The loop over a service whose rounds are noted nowhere."""
    wheel = TimerWheel(asyncio.get_running_loop(), tick_s=0.001)
    preparation = Preparation(Catalogue(), ImageAdmission(ImageLimits()), bounds, ids=seeded(9), projects=dict)
    placement = Placement(queue_max=9)
    unnoted: list[Record] = []
    rounds = Completions(preparation, placement, bounds, ids=seeded(1), wheel=wheel, on_end=unnoted.append)
    return ToolLoop(
        rounds,
        tools,
        ids=seeded(2),
        on_end=records.append,
        heartbeat_s=bounds.heartbeat_s,
        rounds_max=rounds_max,
    )


THRICE = Usage(prompt_tokens=21, completion_tokens=6)
