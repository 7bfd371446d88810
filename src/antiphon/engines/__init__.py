"""The engine seam: whatever generates, reached through one Protocol.

A local child, an upstream URL and a remote node are all engines; what happens around them never knows which it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from antiphon.chat import (
    Choice,
    Delta,
    Message,
    Prompt,
    ResponseFormat,
    Sampling,
    Tool,
    ToolChoice,
    Usage,
    Vector,
)
from antiphon.engines.thought import Thinking, Thought


class Job(Struct, frozen=True):
    """What an engine is asked for: one choice, all defaults filled in.

    `grammar` (GBNF) binds the text; then `response_format` is only for engines that take no grammar.
    `tools` are there only for an engine whose model knows tools by itself; `calls_in_text` says that calls are read out
    of its text instead, and stop texts looked for outside of them. A text completion has a `prompt` and no messages.
    `attempt` names this one try of one choice, for nodes that hold several; after `deadline_s` nobody waits for it.
    `request_id` is what the client knows its request by: it goes along, so that all logs can be searched for it.
    So do `traceparent` and `tracestate`, the headers of W3C Trace Context by which a trace goes on.
    """

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    grammar: str | None = None
    response_format: ResponseFormat = ResponseFormat()
    thinking: Thinking | None = None  # None: as the model does by itself
    user: str | None = None
    prompt: Prompt | None = None
    calls_in_text: bool = False
    attempt: str = ""
    deadline_s: float | None = None  # seconds left when it is sent; None: as long as somebody waits
    request_id: str = ""
    traceparent: str = ""
    tracestate: str = ""

    @property
    def prefill(self) -> str | None:
        """The text of a closing assistant turn, which the engine is to continue."""
        if not self.messages:
            return None
        last = self.messages[-1]
        return last.text if last.role == "assistant" and not last.tool_calls else None


class ModelFacts(Struct, frozen=True):
    """What an engine tells about a model it serves; None where it does not say."""

    name: str
    context_length: int | None = None
    modalities: tuple[str, ...] = ("text",)
    native_tools: bool = False
    quantisation: str | None = None
    vocabulary_size: int | None = None
    embeds: bool | None = None
    thought: Thought | None = None  # None: it does not think


# Takes deltas that have arrived together; False when it has had enough for now.
Take = Callable[[list[Delta]], bool]


class DeltaStream(Protocol):
    """Deltas of one choice as they arrive."""

    @property
    def usage(self) -> Usage | None:
        """What the engine says it took, once it said so."""
        ...

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """The deltas that arrived together, [] at the end of a finished answer, None when `until` has passed.

        `until` is in the event loop's time. Raises EngineFailed when the answer breaks off. What arrives while it
        waits may be handed to `take` at once, without waking the task, until `take` has had enough: then it gives None.
        """
        ...

    def close(self) -> None:
        """End it; an engine that is not finished stops generating."""
        ...


class Engine(Protocol):
    """Generates one choice for a job, or the vectors of texts: what it does depends on the model."""

    name: str

    @property
    def takes_grammar(self) -> bool:
        """Whether a GBNF grammar can bind the text."""
        ...

    @property
    def stops_plain(self) -> bool:
        """Whether it notices that nobody waits for a plain answer any more, and stops."""
        ...

    @property
    def continues(self) -> bool:
        """Whether it goes on exactly where a closing assistant turn ends."""
        ...

    async def models(self) -> list[ModelFacts]:
        """What it serves now."""
        ...

    async def complete(self, job: Job) -> tuple[Choice, Usage]:
        """One finished choice."""
        ...

    async def open(self, job: Job) -> DeltaStream:
        """Begin a choice; returns when the engine has admitted the job."""
        ...

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """How many tokens the prompt takes, messages by the model's own template; None when the engine cannot tell."""
        ...

    async def embed(self, model: str, inputs: tuple[Prompt, ...]) -> tuple[tuple[Vector, ...], Usage]:
        """One vector for each input, in their order."""
        ...

    def unavailable(self) -> int | None:
        """None when it can be asked; else the seconds after which it may be."""
        ...

    async def close(self) -> None:
        """Let go of connections and processes."""
        ...


__all__ = ["DeltaStream", "Engine", "Job", "ModelFacts", "Take"]
