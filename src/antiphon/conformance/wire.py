"""OpenAI's shapes as far as checks read them. What a check does not look at may be absent or anything; pure."""

from __future__ import annotations

from msgspec import Struct

from antiphon.conformance.verdict import Failed, expect


class Details(Struct, frozen=True):
    """What the completion's tokens were spent on."""

    reasoning_tokens: int = 0


class Usage(Struct, frozen=True):
    """Tokens of one answer, all its choices together."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    completion_tokens_details: Details | None = None


class Function(Struct, frozen=True):
    """What is called, or a piece of it."""

    name: str | None = None
    arguments: str | None = None


class Call(Struct, frozen=True):
    """A call of a tool, or a piece of one."""

    function: Function
    index: int = 0
    id: str | None = None
    type: str | None = None


class Candidate(Struct, frozen=True):
    """A token that could have stood there."""

    token: str
    logprob: float
    bytes: list[int] | None = None


class Entry(Candidate, frozen=True):
    """A token of the answer."""

    top_logprobs: list[Candidate] | None = None


class Logprobs(Struct, frozen=True):
    """The tokens of one choice, or of a piece of it."""

    content: list[Entry] | None = None


class Message(Struct, frozen=True):
    """A message, or a piece of one."""

    role: str | None = None
    content: str | None = None
    tool_calls: list[Call] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    id: str | None = None

    @property
    def thought(self) -> str:
        """What it shows of the model's thinking, under either of its names."""
        return self.reasoning_content or self.reasoning or ""


class Choice(Struct, frozen=True):
    """A finished choice."""

    message: Message
    index: int = 0
    finish_reason: str | None = None
    logprobs: Logprobs | None = None
    completion_id: str | None = None

    @property
    def text(self) -> str:
        """Its content, "" for none."""
        return self.message.content or ""

    @property
    def calls(self) -> list[Call]:
        """Its calls of tools."""
        return self.message.tool_calls or []

    @property
    def entries(self) -> list[Entry]:
        """The log-probabilities of its tokens."""
        return (self.logprobs.content if self.logprobs else None) or []


class Answer(Struct, frozen=True):
    """A plain answer."""

    choices: list[Choice]
    usage: Usage | None = None
    id: str | None = None
    model: str | None = None

    @property
    def first(self) -> Choice:
        """The only choice of most answers; Failed where there is none."""
        return self.choice(0)

    def choice(self, place: int) -> Choice:
        """The choice at a place of the list; Failed where there are fewer."""
        if place >= len(self.choices):
            raise Failed(f"The answer holds {len(self.choices)} choices.")
        return self.choices[place]

    @property
    def spent(self) -> Usage:
        """Its usage; Failed where it has none."""
        if self.usage is None:
            raise Failed("The answer holds no usage.")
        return self.usage


class Piece(Struct, frozen=True):
    """A piece of a choice, of a chat or of a text."""

    delta: Message = Message()
    text: str | None = None
    index: int = 0
    finish_reason: str | None = None
    logprobs: Logprobs | None = None
    completion_id: str | None = None


class Chunk(Struct, frozen=True):
    """One event of a stream."""

    choices: list[Piece] = []
    usage: Usage | None = None
    id: str | None = None
    object: str | None = None
    model: str | None = None
    created: float | None = None


class Streamed(Struct, frozen=True):
    """A whole stream; `done` says whether [DONE] closed it."""

    headers: dict[str, str]
    chunks: tuple[Chunk, ...]
    done: bool
    payloads: tuple[bytes, ...] = ()  # as they came, without [DONE]

    def pieces(self, index: int = 0) -> list[Piece]:
        """The pieces of one choice."""
        return [piece for chunk in self.chunks for piece in chunk.choices if piece.index == index]

    def text(self, index: int = 0) -> str:
        """The content of one choice, put together."""
        return "".join(piece.delta.content or piece.text or "" for piece in self.pieces(index))

    def reasons(self, index: int = 0) -> list[str]:
        """Every reason for an end that was given for one choice."""
        return [piece.finish_reason for piece in self.pieces(index) if piece.finish_reason is not None]

    def entries(self, index: int = 0) -> list[Entry]:
        """The log-probabilities of one choice, in order."""
        found = [piece.logprobs.content or [] for piece in self.pieces(index) if piece.logprobs]
        return [entry for entries in found for entry in entries]

    @property
    def usages(self) -> list[Usage]:
        """Every usage in it."""
        return [chunk.usage for chunk in self.chunks if chunk.usage is not None]

    def calls(self, index: int = 0) -> list[Call]:
        """The calls of one choice, put together; Failed when a piece belongs to a call that has not begun."""
        calls: list[Call] = []
        for piece in self.pieces(index):
            for part in piece.delta.tool_calls or []:
                if part.index == len(calls):
                    calls.append(part)
                    continue
                expect(part.index == len(calls) - 1, f"A piece of call {part.index} came out of turn.")
                begun = calls[-1]
                arguments = (begun.function.arguments or "") + (part.function.arguments or "")
                calls[-1] = Call(Function(begun.function.name, arguments), begun.index, begun.id, begun.type)
        return calls
