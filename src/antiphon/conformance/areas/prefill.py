"""A closing assistant message is continued: the answer holds only what comes after it."""

from __future__ import annotations

from antiphon.conformance.check import Check
from antiphon.conformance.server import Body, Server
from antiphon.conformance.verdict import expect, offered

QUESTION: Body = {"role": "user", "content": "What are foxes?"}
BEGUN = "Foxes are small"
GREEDY = {"temperature": 0, "max_tokens": 8}


def begun(text: str) -> list[Body]:
    """A conversation whose answer has begun with `text`."""
    return [QUESTION, {"role": "assistant", "content": text}]


async def continued(server: Server) -> None:
    """The answer goes on where the message ends, and does not repeat it."""
    text = await server.text(messages=begun(BEGUN), **GREEDY)
    offered(not text.lstrip().startswith("Foxes"), f"The beginning is repeated: {text!r}.")
    offered(not text[:1].isupper(), f"Another sentence begins: {text!r}.")


async def counted(server: Server) -> None:
    """What was begun counts as prompt, word by word."""
    short = (await server.ask(messages=begun("Foxes"), **GREEDY)).spent
    long = (await server.ask(messages=begun("Foxes" + " are" * 10), **GREEDY)).spent
    more = long.prompt_tokens - short.prompt_tokens
    expect(more == 10, f"Ten words more are {more} prompt tokens more.")


async def streamed(server: Server) -> None:
    """A stream continues it like a plain answer."""
    plain = await server.text(messages=begun(BEGUN), **GREEDY)
    text = (await server.stream(messages=begun(BEGUN), **GREEDY)).text()
    expect(text == plain, f"The stream says {text!r}, the plain answer {plain!r}.")


CHECKS = (
    Check("prefill", continued, "Antiphon", mandatory=False),
    Check("prefill", counted, "Antiphon", mandatory=False),
    Check("prefill", streamed, "Antiphon", mandatory=False),
)
