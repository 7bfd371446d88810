"""Text on its way to the client: calls are read out of it, the whole is held against its schema."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from antiphon.chat import Delta, FinishReason, Logprob, Sampling, Tool
from antiphon.completions.plan import Plan
from antiphon.completions.shaper import Shaper, shaper
from antiphon.errors import EngineFailed
from antiphon.ids import seeded
from tests.unit.completions.scripted import ASKED, ScriptedEngine, model_of, offer_of, plan_of

CALL = '<tool_call>\n{"name": "f", "arguments": {"x": 1}}\n</tool_call>'
CALLING = replace(ASKED, tools=(Tool("f"),))
STOP = Delta(finish_reason="stop")
NUMBER = {"type": "object", "properties": {"x": {"type": "integer"}}}


async def made(plan: Plan, *, native: bool = False) -> Shaper | None:
    """The shaper for a plan on an engine."""
    return shaper(plan, offer_of(ScriptedEngine(), native_tools=native), seeded(1))


async def shaped(plan: Plan, *deltas: Delta) -> list[Delta]:
    """What is sent of these deltas."""
    under_test = await made(plan)
    assert under_test is not None
    return [sent for delta in deltas for sent in under_test.feed([delta])]


def text(deltas: list[Delta]) -> str:
    """What was said."""
    return "".join(delta.content for delta in deltas)


def calling() -> Plan:
    """A plan whose tool calls are read out of the text."""
    return replace(plan_of(model_of(ScriptedEngine()), CALLING), tool_grammar="root ::= x")


async def test_plain_text_needs_no_shaper() -> None:
    """Nor does an engine that calls tools by itself; a schema needs one on any."""
    plan = plan_of(model_of(ScriptedEngine()))
    assert await made(plan) is None
    assert await made(calling(), native=True) is None
    assert await made(replace(plan, schema=True), native=True) is not None


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_emulated_calls_are_read_out_of_the_text(size: int) -> None:
    """With an id made here, and `tool_calls` as the reason."""
    said = [Delta(content=CALL[start : start + size]) for start in range(0, len(CALL), size)]
    deltas = await shaped(calling(), *said, STOP)
    pieces = [piece for delta in deltas for piece in delta.tool_calls]
    assert (pieces[0].name, pieces[0].id) == ("f", seeded(1).make("call_"))
    assert json.loads("".join(piece.arguments for piece in pieces)) == {"x": 1}
    assert (text(deltas).strip(), deltas[-1].finish_reason) == ("", "tool_calls")


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
async def test_text_without_a_call_ends_as_the_engine_says(reason: FinishReason) -> None:
    """Thoughts and log-probabilities go before the text that they came with, and what was held back comes out."""
    entry = Logprob("a", -0.5)
    deltas = await shaped(calling(), Delta(content="a", reasoning="r", logprobs=(entry,)), Delta(finish_reason=reason))
    assert deltas == [Delta(reasoning="r", logprobs=(entry,)), Delta(content="a"), Delta(finish_reason=reason)]


@pytest.mark.parametrize("content", ['{"x":"1"}', "{", "Hello", ""])
async def test_a_finished_text_is_held_against_its_schema(content: str) -> None:
    """One that it refuses is the engine's failure, never an answer."""
    plan = replace(plan_of(model_of(ScriptedEngine())), schema=NUMBER)
    assert text(await shaped(plan, Delta(content='{"x"'), Delta(content=":1}"), STOP)) == '{"x":1}'
    with pytest.raises(EngineFailed):
        await shaped(plan, Delta(content=content), STOP)


async def test_a_continued_text_is_held_against_its_schema_whole() -> None:
    """The closing turn's text comes before what is generated."""
    plan = replace(plan_of(model_of(ScriptedEngine())), schema={"required": ["x"]}, prefill='{"x"')
    assert text(await shaped(plan, Delta(content=":1}"), STOP)) == ":1}"


async def test_a_text_that_may_be_cut_is_not_held_against_its_schema() -> None:
    """By its length, or anywhere by a stop text: it cannot be expected to be whole."""
    plan = replace(plan_of(model_of(ScriptedEngine())), schema=NUMBER)
    assert text(await shaped(plan, Delta(content="{"), Delta(finish_reason="length"))) == "{"
    stopped = replace(plan, sampling=Sampling(stop=("x",)))
    assert text(await shaped(stopped, Delta(content="{"), STOP)) == "{"


def stopping(*stop: str) -> Plan:
    """The same with stop texts."""
    return replace(calling(), sampling=Sampling(stop=stop))


async def test_a_stop_text_is_not_looked_for_in_calls() -> None:
    """Nor in the marks around them; what stands in the text ends the answer."""
    said = [Delta(content=character) for character in f"Look: {CALL}"]
    deltas = await shaped(stopping("x", "{", "tool", "<"), *said, STOP)
    assert "".join(piece.arguments for delta in deltas for piece in delta.tool_calls) == '{"x": 1}'
    assert (text(deltas), deltas[-1].finish_reason) == ("Look:", "tool_calls")


async def test_a_stop_text_ends_the_text_around_calls() -> None:
    """What comes behind it is no part of the answer, and the engine is to be ended."""
    under_test = await made(stopping("END"))
    assert under_test is not None
    assert under_test.feed([Delta(content="Well. E")]) == []
    deltas = under_test.feed([Delta(content="ND"), Delta(content="more"), Delta(content="!"), STOP])
    assert (text(deltas), deltas[-1].finish_reason) == ("Well. ", "stop")
    assert (under_test.cut, under_test.unused) == (True, 2)


async def test_an_answer_with_a_call_that_a_stop_text_ends_ends_for_its_call() -> None:
    """As any answer with calls."""
    deltas = await shaped(stopping("END"), Delta(content=CALL), Delta(content=" more END"))
    assert (text(deltas), deltas[-1].finish_reason) == ("more ", "tool_calls")
