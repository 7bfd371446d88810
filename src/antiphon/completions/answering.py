"""Chat answers as doors ask for them: with the tools of the project where the request may use them, else without."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from antiphon.chat import ChatRequest, Completion
from antiphon.completions.plan import Caller, Plan
from antiphon.completions.service import Completions
from antiphon.completions.stream import CompletionStream
from antiphon.completions.tool_loop import ToolLoop
from antiphon.completions.tool_stream import ToolStream
from antiphon.errors import BadRequest
from antiphon.providers.model import ServerTool

Offered = Callable[[Sequence[str], ChatRequest], Awaitable[tuple[ServerTool, ...]]]


class Answering:
    """Plans requests and answers them. `offered` tells which tools of a project's providers a request may use."""

    def __init__(self, completions: Completions, tool_loop: ToolLoop, offered: Offered) -> None:
        self._completions = completions
        self._tool_loop = tool_loop
        self._offered = offered

    async def plan(self, request: ChatRequest, caller: Caller) -> Plan:
        """Check `request` against what it names; every refusal names its field."""
        plan = await self._completions.plan(request, caller)
        names = () if plan.project is None or request.prompts else plan.project.tool_providers
        if names:
            return msgspec.structs.replace(plan, server_tools=await self._offered(names, plan.request))
        if request.use_tools or request.tool_overrides:
            param = "use_tools" if request.use_tools else "tools[0].id"
            raise BadRequest(f"{param}: there is no project with tool providers.", param=param)
        return plan

    async def complete(self, plan: Plan, beat: Callable[[], None]) -> tuple[Completion, str]:
        """The finished completion and the node that served it; `beat` is called whenever a heartbeat is due."""
        if plan.server_tools:
            return await self._tool_loop.complete(plan, plan.server_tools, beat)
        return await self._completions.complete(plan, beat)

    def open(self, plan: Plan) -> CompletionStream | ToolStream:
        """A stream of the answer's deltas; `start` it, read it to its end, close it."""
        if plan.server_tools:
            return self._tool_loop.open(plan, plan.server_tools)
        return self._completions.open(plan)
