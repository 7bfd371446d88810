"""What is kept of a completion, how it is looked for, and the rules that need no database. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from antiphon.chat import (
    FinishReason,
    Message,
    Reasoning,
    ResponseFormat,
    Sampling,
    Tool,
    ToolCall,
    ToolChoice,
    ToolOverride,
    Usage,
)
from antiphon.errors import BadRequest
from antiphon.interactions.messages import kept, prompt_hash

Source = Literal["LIVE", "OFFLINE"]

LABELS_MAX = 64
LABEL_CHARACTERS_MAX = 64
LABEL_VALUE_CHARACTERS_MAX = 512
TAGS_MAX = 64
TAG_CHARACTERS_MAX = 256


class Answer(Struct, frozen=True, omit_defaults=True):
    """What was generated."""

    text: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""


class Parameters(Struct, frozen=True, omit_defaults=True):
    """What the completion was generated with: defaults of door, project and model are filled in."""

    sampling: Sampling = Sampling()
    n: int = 1
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    response_format: ResponseFormat = ResponseFormat()
    reasoning: Reasoning = Reasoning()
    stream: bool = False
    timeout_s: float | None = None
    max_ttft_s: float | None = None
    prompt_tokens_max: int | None = None
    system_prompt_args: dict[str, Any] | None = None  # Any: values of any JSON type
    use_tools: bool | None = None
    tool_overrides: tuple[ToolOverride, ...] = ()
    drops_turns: bool = False
    instructions: str | None = None
    previous_id: str | None = None


class Timings(Struct, frozen=True, omit_defaults=True):
    """How long the request waited for a place, for its first token, and for its end."""

    queued_ms: float | None = None
    ttft_ms: float | None = None
    total_ms: float | None = None


class Interaction(Struct, frozen=True, kw_only=True):
    """One stored completion, with the request that led to it; a request with `n` choices has `n` of them.

    `answer_id` is what the response called `id`; all its choices share it. `usage` is of this choice alone, and counts
    the prompt in each: to sum over an answer, take the prompt once. `error` is the code of what ended it early.
    `unit` stands for what got the variant, where that was drawn.
    `kept_at_ms` is when it came here, from which on its age counts; 0: when it was created.
    """

    completion_id: str
    account: str
    created_at_ms: int
    messages: tuple[Message, ...]
    completion: Answer = Answer()
    answer_id: str = ""
    index: int = 0
    source: Source = "LIVE"
    project_id: str | None = None
    door: str = "v1"
    request_id: str = ""
    model: str | None = None
    node: str = ""
    session_id: str | None = None
    user: str | None = None
    campaign: str | None = None
    variant: str | None = None
    unit: int | None = None
    finish_reason: FinishReason | None = None
    parameters: Parameters = Parameters()
    usage: Usage = Usage()
    timings: Timings = Timings()
    labels: dict[str, str] = {}
    tags: tuple[str, ...] = ()
    prompt_hash: str = ""
    error: str | None = None
    kept_at_ms: int = 0


def kept_rows(rows: Sequence[Interaction]) -> list[Interaction]:
    """The same with placeholders for images, and the hashes of their prompts; choices of one answer share the work."""
    known: dict[int, tuple[tuple[Message, ...], str]] = {}
    made = []
    for row in rows:
        if id(row.messages) not in known:
            messages = kept(row.messages)
            known[id(row.messages)] = messages, prompt_hash(messages)
        messages, digest = known[id(row.messages)]
        answer_id = row.answer_id or row.completion_id
        made.append(replace(row, messages=messages, answer_id=answer_id, prompt_hash=digest))
    return made


class Session(Struct, frozen=True):
    """The stored turns of one session id; a turn is a request, with all its choices."""

    session_id: str
    created_at_ms: int  # of its first turn
    last_at_ms: int
    turns: int


class LabelFilter(Struct, frozen=True):
    """A label that must be there, with one of `values`; without any, its value does not matter."""

    label: str
    values: tuple[str, ...] = ()


class Rating(Struct, frozen=True):
    """Bounds for the mean of what users last said by a metric, by its id or key; nobody's word lets nothing through."""

    metric: str
    value_min: float | None = None
    value_max: float | None = None


class Filter(Struct, frozen=True, kw_only=True):
    """Which interactions are meant: those that all fields let through. An empty field lets all through.

    `projects` None: all, and those without a project; else those of these ids. `from_ms` is included, `to_ms` is not.
    All labels and all tags must fit; of the other lists one is enough.
    """

    projects: tuple[str, ...] | None = None
    models: tuple[str, ...] = ()
    labels: tuple[LabelFilter, ...] = ()
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    user: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    source: Source | None = None
    prompt_hash: str | None = None
    completion_ids: tuple[str, ...] = ()
    answer_id: str | None = None
    campaign: str | None = None
    variants: tuple[str, ...] = ()
    rating: Rating | None = None


class Reach(Struct, frozen=True):
    """What a caller may see: what is of the account, and of these projects; None: of all, and of none."""

    account: str
    projects: tuple[str, ...] | None = None


def check_labels(labels: dict[str, str], param: str) -> None:
    """BadRequest for more labels, or longer ones, than can be looked for."""
    if len(labels) > LABELS_MAX:
        raise BadRequest(f"{param}: at most {LABELS_MAX} are allowed.", param=param)
    for label, value in labels.items():
        if not searchable(label, value):
            rule = f"expected keys of 1 to {LABEL_CHARACTERS_MAX} characters and values of at most"
            raise BadRequest(f"{param}: {rule} {LABEL_VALUE_CHARACTERS_MAX}, without U+0000.", param=param)


def searchable(label: str, value: str) -> bool:
    """Whether a label is within what an index holds; any other is kept, but not found."""
    return (
        1 <= len(label) <= LABEL_CHARACTERS_MAX
        and len(value) <= LABEL_VALUE_CHARACTERS_MAX
        and "\0" not in label
        and "\0" not in value
    )
