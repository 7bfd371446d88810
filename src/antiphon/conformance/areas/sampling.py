"""Sampling: each field has its effect on the text, whatever the model."""

from __future__ import annotations

from antiphon.conformance.areas.plain import STORY
from antiphon.conformance.check import Check
from antiphon.conformance.server import Server
from antiphon.conformance.verdict import expect, offered

HOT = {"temperature": 2, "top_p": 1, "max_tokens": 12}
GREEDY = {"temperature": 0, "max_tokens": 12}
SEEDS = (11, 12, 13)
SOME_TOKEN = "28"  # whichever it is; every vocabulary has it
LONG = 32


async def _text(server: Server, /, **fields: object) -> str:
    return await server.text(STORY, **fields)


async def greedy(server: Server) -> None:
    """At temperature 0 the same request gives the same text."""
    first, second = await _text(server, **GREEDY), await _text(server, **GREEDY)
    expect(first == second, f"It says {first!r}, then {second!r}.")


async def seed(server: Server) -> None:
    """The same `seed` gives the same text, and another seed another one."""
    texts = [await _text(server, **HOT, seed=number) for number in (SEEDS[0], *SEEDS)]
    offered(texts[0] == texts[1], f"The same seed gave {texts[0]!r}, then {texts[1]!r}.")
    expect(len(set(texts)) > 1, f"Every seed gives {texts[0]!r}.")


async def chance(server: Server) -> None:
    """Without a seed, hot answers to the same request differ."""
    texts = {await _text(server, **HOT) for _ in range(3)}
    expect(len(texts) > 1, f"Three hot answers are all {texts}.")


async def temperature(server: Server) -> None:
    """Cold answers agree with each other more than hot ones."""
    cold = {await _text(server, temperature=0.01, max_tokens=6, seed=number) for number in SEEDS}
    hot = {await _text(server, **(HOT | {"max_tokens": 6}), seed=number) for number in SEEDS}
    expect(len(cold) < len(hot), f"{len(SEEDS)} cold answers are {len(cold)} texts, hot ones {len(hot)}.")


async def top_k(server: Server) -> None:
    """`top_k` 1 leaves the likeliest token only, however hot."""
    await _narrow(server, top_k=1)


async def top_p(server: Server) -> None:
    """A tiny `top_p` leaves the likeliest token only, however hot."""
    await _narrow(server, top_p=1e-6)


async def min_p(server: Server) -> None:
    """`min_p` 1 leaves the likeliest token only, however hot."""
    await _narrow(server, min_p=1)


async def _narrow(server: Server, **field: float) -> None:
    wanted = await _text(server, **GREEDY)
    texts = {await _text(server, **(HOT | field)) for _ in range(2)}
    offered(len(texts) == 1, "Hot answers differ with it as without it.")
    expect(texts == {wanted}, f"It leaves {texts}, where the likeliest tokens are {wanted!r}.")


async def logit_bias(server: Server) -> None:
    """A `logit_bias` of 100 forces a token."""
    text = await _text(server, temperature=1, max_tokens=4, logit_bias={SOME_TOKEN: 100})
    repeated = text[: len(text) // 4] * 4
    offered(bool(text) and text == repeated, f"Four times the same token should be there, not {text!r}.")


async def presence_penalty(server: Server) -> None:
    """`presence_penalty` changes what a long text says."""
    await _changes(server, presence_penalty=2)


async def frequency_penalty(server: Server) -> None:
    """`frequency_penalty` changes what a long text says."""
    await _changes(server, frequency_penalty=2)


async def repetition_penalty(server: Server) -> None:
    """`repetition_penalty`, the engines' own, changes what a long text says."""
    await _changes(server, repetition_penalty=1.8)


async def _changes(server: Server, **field: float) -> None:
    fields = {"temperature": 0, "max_tokens": LONG}
    free, held = await _text(server, **fields), await _text(server, **fields, **field)
    offered(free != held, "The text is the same with it as without it.")


CHECKS = (
    Check("sampling", greedy, "OpenAI, Dria"),
    Check("sampling", seed, "OpenAI"),
    Check("sampling", chance, "OpenAI"),
    Check("sampling", temperature, "OpenAI, Dria, DMind, Nugen"),
    Check("sampling", top_k, "DMind, Nugen"),
    Check("sampling", top_p, "OpenAI, DMind, Nugen"),
    Check("sampling", min_p, "DMind"),
    Check("sampling", logit_bias, "OpenAI"),
    Check("sampling", presence_penalty, "OpenAI, DMind"),
    Check("sampling", frequency_penalty, "OpenAI, DMind"),
    Check("sampling", repetition_penalty, "Antiphon", mandatory=False),
)
