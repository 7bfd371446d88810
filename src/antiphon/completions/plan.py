"""A request made ready: everything decided that does not depend on which engine will serve it. Pure values."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from antiphon.campaigns.entering import Assigned
from antiphon.chat import ChatRequest, JSONSchema, Message, Sampling
from antiphon.completions import reasoning
from antiphon.course import Course
from antiphon.engines import Job
from antiphon.engines.thought import OFF, Thinking
from antiphon.errors import BadRequest
from antiphon.key import Key
from antiphon.models.catalogue import Model, Offer
from antiphon.projects.model import Project
from antiphon.providers.model import ServerTool
from antiphon.tools.prompt import with_tools
from antiphon.trace_context import TraceContext


class Bounds(Struct, frozen=True):
    """How long requests may take, in seconds, and how often an answer that broke off may go on elsewhere.

    After `stall_s` of silence an engine that could go on is taken instead, after `inter_token_s` it has failed.
    """

    first_token_s: float
    inter_token_s: float
    total_s: float
    total_s_max: float
    heartbeat_s: float
    stall_s: float = 5.0
    continuations_max: int = 3
    hedges: bool = True  # a first token that is late is looked for at another engine too

    def total(self, asked_s: float | None, *defaults_s: float | None) -> float:
        """The time for a whole answer: as asked, else the first default that is one; BadRequest when it is too long."""
        if asked_s is not None and asked_s > self.total_s_max:
            raise BadRequest(f"timeout_secs: expected at most {self.total_s_max:g}.", param="timeout_secs")
        for limit_s in (asked_s, *defaults_s):
            if limit_s:
                return limit_s
        return self.total_s


class Caller(Struct, frozen=True):
    """Who asks, and under which ids the request and its answer are known. `nodes` are those that may answer.

    `again`: the client says that it has sent the same before. `course` is there where somebody follows the request,
    `trace` where it belongs to a trace: its own span where that is ours to tell, else the client's.
    """

    key: Key
    answer_id: str = ""
    request_id: str = ""
    nodes: frozenset[str] = frozenset()  # empty: any
    again: bool = False
    course: Course | None = None
    trace: TraceContext | None = None


class PromptSize(Struct, frozen=True):
    """How long a conversation is, without asking an engine: a sure bound in tokens, and the characters of its turns."""

    tokens_max: int
    characters: int


class Plan(Struct, frozen=True):
    """What to generate. Times are in the event loop's seconds.

    `grammar` binds plain text, `tool_grammar` text that may hold emulated tool calls, `schema` is what a finished
    text is held against.
    """

    request: ChatRequest
    caller: Caller
    model: Model
    sampling: Sampling
    begun_at: float
    total_at: float
    first_token_at: float
    prefill: str | None = None  # the text of a closing assistant turn, which the answer continues
    grammar: str | None = None
    tool_grammar: str | None = None
    schema: JSONSchema | None = None
    project: Project | None = None
    session_id: str | None = None
    stored: bool = False  # the turn is kept as an interaction
    completion_ids: tuple[str, ...] = ()  # one a choice, where completions can be referred to later
    room: int | None = None  # tokens that the context leaves for an answer without max_tokens, where they were counted
    server_tools: tuple[ServerTool, ...] = ()  # of the project's providers, that the answer may use
    turns_dropped: int = 0  # from the front of the conversation, to keep within the prompt's limit
    examined: bool = False  # the answer is looked at behind it, by its log-probabilities where those are asked for
    assigned: Assigned | None = None  # the variant of a campaign, whose values request, model and project have already
    prompt_size: PromptSize | None = None  # None: not measured yet, or a text completion's

    @property
    def shown_model(self) -> str:
        """The model's name in the answer: as the caller wrote it, or the one that its project chose."""
        return self.request.model if self.project is None else self.model.id

    @property
    def scored(self) -> bool:
        """Whether the answer carries a confidence."""
        return self.request.scores and self.model.domain_aligned

    @property
    def thinking(self) -> Thinking | None:
        """What the model is asked to think before it answers; None: as it does by itself. A begun answer goes on."""
        if not self.model.thinks:
            return None
        if self.prefill is not None:
            return OFF
        most = self.sampling.max_tokens
        return reasoning.thinking(self.request.reasoning, self.room if most is None else most)

    def emulates_tools(self, offer: Offer) -> bool:
        """Whether this engine's tool calls are read out of its text."""
        return self.tool_grammar is not None and not offer.native_tools


def closed_once(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """One closing assistant turn for several, none for an empty one: engines know nothing else."""
    if messages[-1].role != "assistant" or messages[-1].tool_calls:
        return messages
    first = len(messages) - 1
    while first and messages[first - 1].role == "assistant" and not messages[first - 1].tool_calls:
        first -= 1
    text = "".join(turn.text for turn in messages[first:])
    closing = (Message(role="assistant", content=text),) if text or not first else ()
    return messages[:first] + closing


def traced(plan: Plan, asked: Job) -> Job:
    """The job with what makes its engine's work a part of the request's trace; as it is, where there is none."""
    trace, course = plan.caller.trace, plan.caller.course
    if trace is None:
        return asked
    if course is not None and course.trace is not None:
        trace = trace.child(asked.attempt)
    return msgspec.structs.replace(asked, traceparent=trace.traceparent, tracestate=trace.state)


def _tells_of_tools(messages: tuple[Message, ...]) -> bool:
    for turn in messages:
        if turn.tool_calls or turn.role == "tool":
            return True
    return False


def job(plan: Plan, offer: Offer, index: int, *, attempt: str = "", deadline_s: float | None = None) -> Job:
    """The job of choice `index` for one engine. A seed draws each choice differently, and the same every time.

    `attempt` and `deadline_s` are the job's own.
    """
    request = plan.request
    sampling = plan.sampling
    if index and sampling.seed is not None:
        number = index % request.n if request.prompts else index
        sampling = msgspec.structs.replace(sampling, seed=sampling.seed + number)
    if request.prompts:
        return Job(
            offer.upstream_name,
            (),
            sampling,
            user=request.user,
            prompt=request.prompt(index),
            attempt=attempt,
            deadline_s=deadline_s,
            request_id=plan.caller.request_id,
        )
    messages = request.messages
    if messages[-1].role == "assistant":
        messages = closed_once(messages)
    calling = bool(request.tools) and request.tool_choice != "none"
    if not offer.native_tools and (calling or _tells_of_tools(messages)):
        messages = with_tools(messages, request.tools if calling else (), request.tool_choice)
    native = calling and offer.native_tools
    grammar = None if native else plan.tool_grammar if calling else plan.grammar
    thinking = None
    if plan.model.thinks and offer.thought is not None:
        thinking = reasoning.told(plan.thinking, offer.thought)
        grammar = reasoning.bound(grammar, thinking, offer.thought)
    return Job(
        model=offer.upstream_name,
        messages=messages,
        sampling=sampling,
        tools=request.tools if native else (),
        tool_choice=request.tool_choice,
        parallel_tool_calls=request.parallel_tool_calls,
        grammar=grammar,
        response_format=request.response_format,
        thinking=thinking,
        user=request.user,
        calls_in_text=calling and not native,
        attempt=attempt,
        deadline_s=deadline_s,
        request_id=plan.caller.request_id,
    )
