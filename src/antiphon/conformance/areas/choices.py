"""Several choices of one request: each has its index and its end, and all are counted."""

from __future__ import annotations

from antiphon.conformance.areas.plain import STORY
from antiphon.conformance.check import Check
from antiphon.conformance.server import Server
from antiphon.conformance.verdict import expect, offered

TOKENS = 5
FIELDS = {"temperature": 1, "max_tokens": TOKENS}


async def two(server: Server) -> None:
    """`n` 2 gives two choices with the indexes 0 and 1."""
    answer = await server.ask(STORY, n=2, **FIELDS)
    offered(len(answer.choices) == 2, f"There are {len(answer.choices)} choices.")
    indexes = [choice.index for choice in answer.choices]
    expect(indexes == [0, 1], f"The indexes are {indexes}.")


async def differ(server: Server) -> None:
    """Hot choices of one request are different texts."""
    answer = await server.ask(STORY, n=3, temperature=1.5, max_tokens=12)
    texts = {choice.text for choice in answer.choices}
    offered(len(answer.choices) == 3, f"There are {len(answer.choices)} choices.")
    expect(len(texts) > 1, f"All are {texts}.")


async def usage(server: Server) -> None:
    """The completion's tokens are the sum over all choices; the prompt counts once."""
    alone = (await server.ask(STORY, **FIELDS)).spent
    answer = await server.ask(STORY, n=3, **FIELDS)
    offered(len(answer.choices) == 3, f"There are {len(answer.choices)} choices.")
    spent = answer.spent
    expect(
        spent.completion_tokens == 3 * TOKENS,
        f"Three choices of {TOKENS} tokens are counted as {spent.completion_tokens} tokens.",
    )
    expect(spent.prompt_tokens == alone.prompt_tokens, f"The prompt counts {spent.prompt_tokens} tokens, "
           f"alone {alone.prompt_tokens}.")  # fmt: skip


async def streamed(server: Server) -> None:
    """In a stream each choice has its own role, text and end, and one [DONE] closes all."""
    stream = await server.stream(STORY, n=2, **FIELDS)
    indexes = {piece.index for chunk in stream.chunks for piece in chunk.choices}
    offered(indexes == {0, 1}, f"The indexes are {sorted(indexes)}.")
    for index in (0, 1):
        roles = [piece.delta.role for piece in stream.pieces(index) if piece.delta.role]
        expect(roles == ["assistant"], f"Choice {index} has the roles {roles}.")
        expect(stream.reasons(index) == ["length"], f"Choice {index} has the reasons {stream.reasons(index)}.")
        expect(bool(stream.text(index)), f"Choice {index} says nothing.")
    expect(stream.done, "The stream ended without [DONE].")


async def seed(server: Server) -> None:
    """A seed repeats all choices, and still they differ from each other."""
    asked = [await server.ask(STORY, n=2, seed=7, temperature=1, max_tokens=12) for _ in range(2)]
    texts = [[choice.text for choice in answer.choices] for answer in asked]
    offered(texts[0] == texts[1], f"The choices are {texts[0]}, then {texts[1]}.")
    expect(len(set(texts[0])) == 2, f"The choices are {texts[0]}.")


async def null(server: Server) -> None:
    """`n` null is one choice."""
    answer = await server.ask(n=None)
    expect(len(answer.choices) == 1, f"There are {len(answer.choices)} choices.")


CHECKS = (
    Check("n", two, "OpenAI, Nugen, Adaptive"),
    Check("n", differ, "OpenAI, Nugen, Adaptive"),
    Check("n", usage, "OpenAI, Nugen, Adaptive"),
    Check("n", streamed, "OpenAI, Adaptive"),
    Check("n", seed, "Antiphon", mandatory=False),
    Check("n", null, "Nugen"),
)
