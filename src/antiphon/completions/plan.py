"""A request made ready: everything decided that does not depend on which engine will serve it. Pure values."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from antiphon.chat import ChatRequest, JSONSchema, Sampling
from antiphon.engines import Job
from antiphon.models.catalogue import Model, Offer
from antiphon.tools.prompt import with_tools

SERVER_DEFAULTS = Sampling(temperature=1.0, top_p=1.0, top_k=-1, min_p=0.0)


class Plan(Struct, frozen=True):
    """What to generate. Times are in the event loop's seconds.

    `grammar` binds plain text, `tool_grammar` text that may hold emulated tool calls, `schema` is what a finished
    text is held against.
    """

    request: ChatRequest
    model: Model
    sampling: Sampling
    begun_at: float
    total_at: float
    first_token_at: float
    grammar: str | None = None
    tool_grammar: str | None = None
    schema: JSONSchema | None = None

    def emulates_tools(self, offer: Offer) -> bool:
        """Whether this engine's tool calls are read out of its text."""
        return self.tool_grammar is not None and not offer.native_tools

    @property
    def prefill(self) -> str | None:
        """The text of a closing assistant turn, which the answer continues."""
        last = self.request.messages[-1]
        return last.text if last.role == "assistant" and not last.tool_calls else None


def fill(asked: Sampling, defaults: Sampling) -> Sampling:
    """`asked` with every gap filled from the model's defaults, then the server's."""
    gaps = {}
    for name in Sampling.__struct_fields__:
        if getattr(asked, name) is None:
            value = getattr(defaults, name)
            gaps[name] = getattr(SERVER_DEFAULTS, name) if value is None else value
    return msgspec.structs.replace(asked, **gaps) if gaps else asked


def job(plan: Plan, offer: Offer, index: int) -> Job:
    """The job of choice `index` for one engine. A seed draws each choice differently, and the same every time."""
    request = plan.request
    sampling = plan.sampling
    if index and sampling.seed is not None:
        sampling = msgspec.structs.replace(sampling, seed=sampling.seed + index)
    messages = request.messages
    calling = bool(request.tools) and request.tool_choice != "none"
    if not offer.native_tools and (calling or any(turn.role == "tool" or turn.tool_calls for turn in messages)):
        messages = with_tools(messages, request.tools if calling else (), request.tool_choice)
    native = calling and offer.native_tools
    return Job(
        model=offer.upstream_name,
        messages=messages,
        sampling=sampling,
        tools=request.tools if native else (),
        tool_choice=request.tool_choice,
        parallel_tool_calls=request.parallel_tool_calls,
        grammar=None if native else plan.tool_grammar if calling else plan.grammar,
        response_format=request.response_format,
        reasoning=request.reasoning,
        user=request.user,
    )
