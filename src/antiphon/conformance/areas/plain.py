"""Plain answers: their shape, their counts, and what a request may look like."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.conformance.check import Check
from antiphon.conformance.server import Server
from antiphon.conformance.verdict import expect, offered

STORY = "Tell me a long story."
OPTIONAL = (
    "temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "seed", "n", "stop",
    "logit_bias", "logprobs", "top_logprobs", "stream", "stream_options", "response_format", "tools", "tool_choice",
    "reasoning", "timeout_secs", "prompt_truncate_len", "user", "metadata",
)  # fmt: skip


class ShapeMessage(Struct):
    """The message of a plain answer, as OpenAI's packages need it."""

    role: Literal["assistant"]
    content: str | None


class ShapeChoice(Struct):
    """A choice of a plain answer."""

    index: int
    message: ShapeMessage
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter"]


class ShapeUsage(Struct):
    """Three counts."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ShapeAnswer(Struct):
    """A plain answer with every documented member."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ShapeChoice]
    usage: ShapeUsage


class NodeMetadata(Struct):
    """Which node served."""

    node_id: str


class NodeAnswer(Struct):
    """An answer that may name its node."""

    metadata: NodeMetadata | None = None


async def shape(server: Server) -> None:
    """An answer has id, object, created, model, a choice with index, role, text and reason, and usage."""
    answer = (await server.good(server.body())).read(ShapeAnswer)
    expect(len(answer.choices) == 1, f"There are {len(answer.choices)} choices where one was asked for.")
    expect(answer.choices[0].index == 0, f"The only choice has the index {answer.choices[0].index}.")
    expect(bool(answer.id), "The id is empty.")


async def node(server: Server) -> None:
    """The node that served is named in `metadata.node_id`."""
    metadata = (await server.good(server.body())).read(NodeAnswer).metadata
    offered(metadata is not None, "`metadata` is not there.")
    expect(metadata is None or bool(metadata.node_id), "`metadata.node_id` is empty.")


async def own_id(server: Server) -> None:
    """Two answers to the same request have two ids."""
    first, second = await server.ask(), await server.ask()
    expect(first.id != second.id, f"Both have the id {first.id}.")


async def usage(server: Server) -> None:
    """The total is the sum of the prompt's and the completion's tokens, and a longer prompt counts more."""
    short = (await server.ask("dog " * 10)).spent
    long = (await server.ask("dog " * 40)).spent
    for one in (short, long):
        expect(one.total_tokens == one.prompt_tokens + one.completion_tokens, f"The counts do not add up: {one}.")
    more = long.prompt_tokens - short.prompt_tokens
    expect(15 <= more <= 60, f"30 words more are {more} prompt tokens more.")


async def max_tokens(server: Server) -> None:
    """`max_tokens` cuts the answer, and the reason is `length`."""
    answer = await server.ask(STORY, max_tokens=5, temperature=0)
    expect(answer.first.finish_reason == "length", f"The reason is {answer.first.finish_reason!r}.")
    expect(answer.spent.completion_tokens == 5, f"{answer.spent.completion_tokens} tokens came where 5 were allowed.")


async def max_completion_tokens(server: Server) -> None:
    """`max_completion_tokens`, the newer name of the same limit, wins over `max_tokens`."""
    used = (await server.ask(STORY, max_tokens=20, max_completion_tokens=3)).spent.completion_tokens
    expect(used == 3, f"{used} tokens came where 3 were allowed.")


async def turns(server: Server) -> None:
    """System, user and assistant turns all reach the model."""
    last = {"role": "user", "content": "And in winter?"}
    before = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What do foxes eat in summer?"},
        {"role": "assistant", "content": "Berries, mice and beetles."},
    ]
    alone = (await server.ask(messages=[last])).spent.prompt_tokens
    told = (await server.ask(messages=[*before, last])).spent.prompt_tokens
    expect(told > alone + 10, f"Three turns more made the prompt {told - alone} tokens longer.")


async def developer(server: Server) -> None:
    """The role `developer` is the newer name of `system`."""
    counts = []
    for role in ("system", "developer"):
        messages = [{"role": role, "content": "Be brief."}, {"role": "user", "content": "Say hi."}]
        counts.append((await server.ask(messages=messages)).spent.prompt_tokens)
    expect(counts[0] == counts[1], f"The prompts have {counts[0]} and {counts[1]} tokens.")


async def parts(server: Server) -> None:
    """A list of text parts is the text that they make, joined without a separator."""
    content = [{"type": "text", "text": "Say"}, {"type": "text", "text": " hi."}]
    listed = await server.ask(messages=[{"role": "user", "content": content}])
    whole = await server.ask("Say hi.")
    found, wanted = listed.spent.prompt_tokens, whole.spent.prompt_tokens
    expect(found == wanted, f"The parts are {found} prompt tokens, their text is {wanted}.")


async def empty_text(server: Server) -> None:
    """An empty question is still a turn, and is answered."""
    expect((await server.ask("")).spent.completion_tokens > 0, "Nothing was generated.")


async def null(server: Server) -> None:
    """Every optional field may be null, which is the same as absent."""
    answer = await server.ask(**dict.fromkeys(OPTIONAL))
    expect(len(answer.choices) == 1, f"There are {len(answer.choices)} choices.")


CHECKS = (
    Check("plain", shape, "OpenAI, Dria, DMind"),
    Check("plain", node, "Dria"),
    Check("plain", own_id, "OpenAI"),
    Check("plain", usage, "OpenAI, Dria"),
    Check("plain", max_tokens, "OpenAI, Dria, DMind"),
    Check("plain", max_completion_tokens, "OpenAI"),
    Check("plain", turns, "OpenAI, Dria"),
    Check("plain", developer, "OpenAI"),
    Check("plain", parts, "OpenAI, Dria"),
    Check("plain", empty_text, "OpenAI"),
    Check("plain", null, "DMind, Nugen"),
)
