"""The neutral words of a chat completion: what every dialect parses into and every engine is asked for.

Not the wire: no vendor's field names beyond the ones that all share. Values only, frozen, no I/O. Those made for each
piece of a stream are not watched for cycles (`gc=False`): they hold nothing that could hold them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Prompt = str | tuple[int, ...]  # a text, or the ids of its tokens
Vector = bytes  # of 32-bit floats, little-endian
TokenCount = Annotated[int, Meta(ge=0, le=1 << 40)]  # what engines tell may be anything, and is stored and added up
Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
JSONSchema = dict[str, Any] | bool  # Any: a schema is the caller's own JSON, checked by `structured/`


def finish(told: FinishReason, *, called: bool) -> FinishReason:
    """Why an answer ended, by what its engine told: for its tool calls if it holds any and was not cut, else not."""
    if told in ("stop", "tool_calls"):
        return "tool_calls" if called else "stop"
    return told


class Text(Struct, frozen=True):
    """A piece of text in a message."""

    text: str


class Image(Struct, frozen=True):
    """An image in a message: `url` is a data URL (base64, PNG or JPEG) once the gateway has admitted it."""

    url: str


Part = Text | Image


class ToolCall(Struct, frozen=True):
    """One call that the model asks for; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


class Message(Struct, frozen=True, omit_defaults=True):
    """One turn. `content` is None only for an assistant turn that holds tool calls."""

    role: Role
    content: str | tuple[Part, ...] | None = None
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    reasoning: str | None = None
    completion_id: str | None = None  # of an earlier answer that this turn repeats; kept, never sent to an engine
    metadata: Any = None  # Any: the caller's own note on the turn; kept, never sent to an engine

    @property
    def text(self) -> str:
        """All text of the turn, images left out."""
        if self.content is None:
            return ""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content if isinstance(part, Text))


class Tool(Struct, frozen=True):
    """A function that the model may call; `parameters` is a JSON schema of an object."""

    name: str
    description: str = ""
    parameters: JSONSchema = {}
    strict: bool = False


class NamedTool(Struct, frozen=True):
    """A tool choice that forces one function."""

    name: str


ToolChoice = Literal["auto", "none", "required"] | NamedTool


class ResponseFormat(Struct, frozen=True):
    """What the answer's text must be: any text, any JSON object, or JSON that a schema accepts."""

    kind: Literal["text", "json_object", "json_schema"] = "text"
    name: str = ""
    schema: JSONSchema = True


class Sampling(Struct, frozen=True):
    """How tokens are drawn. None: the caller said nothing, the model's defaults apply."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None  # -1: no limit
    min_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    logit_bias: dict[str, float] | None = None  # token id -> -100..100
    stop: tuple[str, ...] = ()
    logprobs: bool = False
    top_logprobs: int = 0

    def filled(self, defaults: Sampling) -> Sampling:
        """The same with every gap filled from `defaults`; written out, since it is done for every request."""
        if defaults == NO_DEFAULTS:
            return self
        return Sampling(
            defaults.max_tokens if self.max_tokens is None else self.max_tokens,
            defaults.temperature if self.temperature is None else self.temperature,
            defaults.top_p if self.top_p is None else self.top_p,
            defaults.top_k if self.top_k is None else self.top_k,
            defaults.min_p if self.min_p is None else self.min_p,
            defaults.frequency_penalty if self.frequency_penalty is None else self.frequency_penalty,
            defaults.presence_penalty if self.presence_penalty is None else self.presence_penalty,
            defaults.repetition_penalty if self.repetition_penalty is None else self.repetition_penalty,
            self.seed,
            self.logit_bias,
            self.stop,
            self.logprobs,
            self.top_logprobs,
        )


NO_DEFAULTS = Sampling()


class Reasoning(Struct, frozen=True):
    """How much the model may think before it answers."""

    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    max_tokens: int | None = None
    exclude: bool = False
    enabled: bool | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None  # shown as one, where a door tells the two apart


class ToolOverride(Struct, frozen=True):
    """Whether the tools of one server-side provider may be used in this request; `id` is its id or key."""

    id: str
    enabled: bool


# What the caller would pay for 1,000,000 tokens of prompt and of completion, in micro-USDC; None: anything.
PricesMax = tuple[int | None, int | None]


class ChatRequest(Struct, frozen=True):
    """One request for a completion, as the caller meant it; only its door's own defaults are filled in.

    A text completion has `prompts` (texts, or token ids) and no messages; then choices go round all prompts.
    """

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    n: int = 1
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    response_format: ResponseFormat = ResponseFormat()
    reasoning: Reasoning = Reasoning()
    stream: bool = False
    include_usage: bool = False
    timeout_s: float | None = None
    max_ttft_s: float | None = None
    prompt_tokens_max: int | None = None  # older turns are dropped until the prompt has no more
    prompt_limit_firm: bool = False  # what cannot be shortened to it is refused
    shortens: bool = False  # also an explicit max_tokens is lowered to what the context leaves, instead of refused
    identified: bool = False  # each completion has an id of its own, and the request a session
    scores: bool = False  # the answer carries a confidence where the model is tuned to a domain
    prompts: tuple[Prompt, ...] = ()
    echo: bool = False  # each answer begins with its prompt
    door: str = "v1"
    project_first: bool = False  # `model` names a project, or a project and a model, before it names a model
    user: str | None = None
    session_id: str | None = None
    store: bool | None = None  # whether the caller wants it kept; None: as the project, else the door, says
    stores: bool = False  # what the door says
    labels: dict[str, str] | None = None
    tags: tuple[str, ...] = ()
    campaign: str | None = None
    system_prompt_args: dict[str, Any] | None = None  # Any: values of any JSON type, printed into a template
    use_tools: bool | None = None  # of the project's tool providers; None: as the project says
    tool_overrides: tuple[ToolOverride, ...] = ()
    ignored_fields: tuple[str, ...] = ()
    drops_turns: bool = False  # the oldest go where the context has no room for all, instead of a refusal
    instructions: str | None = None  # of this request alone, as the caller wrote them; `messages` begin with them
    previous_id: str | None = None  # of the stored answer that the conversation goes on from
    prices_max: PricesMax = (None, None)

    @property
    def choices(self) -> int:
        """How many answers there will be; those to one prompt stand together."""
        return self.n * len(self.prompts) if self.prompts else self.n

    def prompt(self, index: int) -> Prompt:
        """The prompt that choice `index` of a text completion goes on from."""
        return self.prompts[index // self.n]

    def asked(self, index: int) -> tuple[Message, ...]:
        """The turns that choice `index` answers; a prompt stands there as what a user said, token ids as numbers."""
        if not self.prompts:
            return self.messages
        prompt = self.prompt(index)
        return (Message("user", prompt if isinstance(prompt, str) else " ".join(map(str, prompt))),)


class TokenLogprob(Struct, frozen=True):
    """A token with its natural-log probability; `bytes` because a token may hold half a character."""

    token: str
    logprob: float
    bytes: list[int] | None = None


class Logprob(Struct, frozen=True):
    """A generated token and the likeliest tokens at its place."""

    token: str
    logprob: float
    bytes: list[int] | None = None
    top_logprobs: list[TokenLogprob] = []


class ToolCallDelta(Struct, frozen=True, gc=False):
    """A piece of a tool call: `id` and `name` in the first piece of each `index`, arguments in all."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""


class Delta(Struct, frozen=True, gc=False):
    """A piece of choice `index`. `tokens` is how many tokens the engine spent on it, as far as it tells."""

    index: int = 0
    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCallDelta, ...] = ()
    logprobs: tuple[Logprob, ...] = ()
    finish_reason: FinishReason | None = None
    stop: str | None = None  # the stop text that ended it, where that is known


class Usage(Struct, frozen=True, gc=False):
    """Token counts of one request, all choices together; prompt tokens count once.

    Cached and image tokens are part of the prompt, thoughts of the completion.
    """

    prompt_tokens: TokenCount = 0
    completion_tokens: TokenCount = 0
    cached_tokens: TokenCount = 0
    reasoning_tokens: TokenCount = 0
    image_tokens: TokenCount = 0
    cost: int | None = None  # micro-USDC; None where nothing is charged, or the answer is not to say it

    @property
    def total_tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens


class Choice(Struct, frozen=True, gc=False):
    """One finished answer."""

    index: int = 0
    content: str | None = None
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[Logprob, ...] | None = None
    finish_reason: FinishReason = "stop"
    stop: str | None = None  # as in Delta


class Completion(Struct, frozen=True, gc=False):
    """All finished answers of one request and what they took."""

    choices: tuple[Choice, ...]
    usage: Usage
    confidence: float | None = None  # 0..100, see `completions/confidence.py`


class EmbeddingRequest(Struct, frozen=True):
    """One request for embeddings, as the caller meant it: one vector for each input."""

    model: str
    inputs: tuple[Prompt, ...]
    dimensions: int | None = None  # the first of the model's own; None: all of them
    base64: bool = False  # vectors are shown as base64 of little-endian 32-bit floats, instead of as numbers
    timeout_s: float | None = None
    door: str = "v1"
    project_first: bool = False  # as in ChatRequest
    user: str | None = None
    session_id: str | None = None
    ignored_fields: tuple[str, ...] = ()


class Embeddings(Struct, frozen=True):
    """The vectors of one request, in the order of its inputs, and what they took."""

    vectors: tuple[Vector, ...]
    usage: Usage
