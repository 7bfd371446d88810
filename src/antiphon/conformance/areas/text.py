"""Text completions: texts go on where they end, plain and streamed."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.conformance.areas.plain import ShapeUsage
from antiphon.conformance.check import Check
from antiphon.conformance.server import VALIDATION, Body, Server, refused
from antiphon.conformance.verdict import expect, offered

PATH = "/completions"
TOKENS = 6
TALE = "Once upon a time"


class TextChoice(Struct, frozen=True):
    """A text that goes on."""

    text: str
    index: int
    finish_reason: Literal["stop", "length", "content_filter"]


class AnyText(Struct, frozen=True):
    """A plain answer, as far as every door has it."""

    choices: list[TextChoice]
    usage: ShapeUsage


class ShapeText(AnyText, frozen=True, kw_only=True):
    """OpenAI's, with every documented member."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str


def _body(server: Server, prompt: object, **fields: object) -> Body:
    return {"model": server.model, "prompt": prompt, "max_tokens": TOKENS, "temperature": 0} | fields


async def _answer(server: Server, prompt: object, **fields: object) -> AnyText:
    reply = await server.good(_body(server, prompt, **fields), PATH)
    form: type[AnyText] = ShapeText if server.door == "v1" else AnyText
    return reply.read(form)


async def shape(server: Server) -> None:
    """A text goes on, with OpenAI's shape and the usage."""
    answer = await _answer(server, TALE)
    expect(len(answer.choices) == 1, f"There are {len(answer.choices)} choices.")
    expect(bool(answer.choices[0].text), "There is no text.")
    expect(not answer.choices[0].text.startswith(TALE), "The prompt is repeated.")


async def prompts(server: Server) -> None:
    """A list of prompts gives a choice for each, in their order."""
    alone = [(await _answer(server, prompt)).choices[0].text for prompt in (TALE, "The capital of France is")]
    both = await _answer(server, [TALE, "The capital of France is"])
    offered(len(both.choices) == 2, f"Two prompts make {len(both.choices)} choices.")
    expect([choice.index for choice in both.choices] == [0, 1], "The indexes are not 0 and 1.")
    expect([choice.text for choice in both.choices] == alone, "Together they go on otherwise than each alone.")


async def echo(server: Server) -> None:
    """With `echo` the text begins with its prompt."""
    text = (await _answer(server, TALE, echo=True)).choices[0].text
    offered(text.startswith(TALE), f"It begins with {text[:30]!r}.")


async def streamed(server: Server) -> None:
    """A stream holds the same text in pieces, and ends with [DONE]."""
    wanted = (await _answer(server, TALE)).choices[0].text
    stream = await server.stream_of(PATH, _body(server, TALE))
    expect(stream.done, "The stream ended without [DONE].")
    expect(stream.text() == wanted, f"The stream says {stream.text()!r}, the plain answer {wanted!r}.")


async def refusal(server: Server) -> None:
    """A request without a prompt that is a text is refused."""
    for prompt in (5, {"a": 1}):
        reply = await server.send("POST", PATH, _body(server, prompt))
        refused(reply, VALIDATION[server.door], f"`prompt`: {prompt}")


CHECKS = (
    Check("text", shape, "OpenAI"),
    Check("text", prompts, "OpenAI"),
    Check("text", echo, "OpenAI"),
    Check("text", streamed, "OpenAI"),
    Check("text", refusal, "OpenAI"),
)
