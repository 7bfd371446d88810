"""Thinking before an answer: what may be asked for on every model, and what a model that thinks does."""

from __future__ import annotations

from antiphon.conformance.check import Check
from antiphon.conformance.server import Server
from antiphon.conformance.verdict import expect, offered
from antiphon.conformance.wire import Answer

STORY = "Which is larger, 9.11 or 9.9? Think about it."
TOKENS = 48
NO_THOUGHT = "The model does not think by itself."


def _thought_tokens(answer: Answer) -> int:
    details = answer.spent.completion_tokens_details
    return details.reasoning_tokens if details else 0


async def effort(server: Server) -> None:
    """An effort, by either of its names, is taken by every model; one that cannot think ignores it."""
    await server.ask(reasoning_effort="low")
    await server.ask(reasoning={"effort": "low"})


async def both(server: Server) -> None:
    """An effort and a number of tokens together are refused."""
    await server.refuse(reasoning={"effort": "low", "max_tokens": 5})


async def unknown_effort(server: Server) -> None:
    """An effort that nobody knows is refused."""
    await server.refuse(reasoning_effort="huge")


async def apart(server: Server) -> None:
    """A model that thinks shows its thoughts apart from the answer and counts them."""
    answer = await server.ask(STORY, reasoning_effort="medium", max_tokens=TOKENS)
    offered(bool(answer.first.message.thought) or _thought_tokens(answer) > 0, NO_THOUGHT)
    expect(_thought_tokens(answer) > 0, "The thoughts are not counted in `reasoning_tokens`.")
    expect("<think>" not in answer.first.text, f"The text shows a thought: {answer.first.text[:100]!r}.")


async def off(server: Server) -> None:
    """The effort `none` really switches thinking off."""
    usual = await server.ask(STORY, reasoning_effort="medium", max_tokens=TOKENS)
    offered(bool(usual.first.message.thought) or _thought_tokens(usual) > 0, NO_THOUGHT)
    silent = await server.ask(STORY, reasoning_effort="none", max_tokens=TOKENS)
    expect(_thought_tokens(silent) == 0, f"{_thought_tokens(silent)} tokens were thought.")
    expect(bool(silent.first.text), "There is no answer.")


CHECKS = (
    Check("reasoning", effort, "OpenAI, Nugen"),
    Check("reasoning", both, "Nugen"),
    Check("reasoning", unknown_effort, "OpenAI"),
    Check("reasoning", apart, "OpenAI, Nugen", mandatory=False),
    Check("reasoning", off, "OpenAI, Nugen", mandatory=False),
)
