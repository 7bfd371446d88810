"""Calls that one engine tells apart from its text, and that go on at others which write them in it."""

from __future__ import annotations

import msgspec

from antiphon.chat import Delta, ResponseFormat, Sampling, Tool, ToolCallDelta
from antiphon.completions.plan import Plan
from antiphon.errors import EngineLost
from antiphon.models.catalogue import Model, Offer
from antiphon.tools.grammar import tool_grammar
from tests.unit.completions.scripted import ASKED, ScriptedEngine, plan_of
from tests.unit.completions.test_continuing import GREEDY, STOP, choice_of, read, said, text


def calls_of(deltas: list[Delta]) -> list[ToolCallDelta]:
    """All pieces of calls."""
    return [piece for delta in deltas for piece in delta.tool_calls]


TOOL = Tool("f", parameters={"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})


def mixed(native: ScriptedEngine, *others: ScriptedEngine, sampling: Sampling = Sampling()) -> Plan:
    """A plan of a call that one engine tells apart from its text, and the others do not."""
    offers = (Offer(native, "m", native_tools=True), *(Offer(engine, "m") for engine in others))
    plan = plan_of(Model("m", offers), msgspec.structs.replace(ASKED, tools=(TOOL,)), sampling=sampling)
    grammar = tool_grammar((TOOL,), choice="auto", parallel=True, response_format=ResponseFormat())
    return msgspec.structs.replace(plan, tool_grammar=grammar)


async def test_a_call_goes_on_where_calls_are_written_in_the_text() -> None:
    """It is told as the text that such an engine writes, bound by what may follow; the call stays the same one."""
    begun = [Delta(tool_calls=(ToolCallDelta(0, id="call-1", name="f", arguments='{"a": 1'),))]
    first = ScriptedEngine("node-1", opens=((*said("Well."), begun, EngineLost()),))
    second = ScriptedEngine("node-2", opens=((*said("2}", "}\n</tool_call>"), STOP),))
    choice = choice_of(mixed(first, second))
    deltas = await read(choice)
    pieces = calls_of(deltas)
    assert "".join(piece.arguments for piece in pieces) == '{"a": 12}'
    assert [(piece.index, piece.id) for piece in pieces if piece.id] == [(0, "call-1")]
    assert (text(deltas), deltas[-1].finish_reason) == ("Well.", "tool_calls")
    job = second.jobs[0]
    assert job.prefill == 'Well.\n<tool_call>\n{"name": "f", "arguments": {"a": 1'
    assert (job.tools, job.calls_in_text) == ((), True)
    assert job.grammar is not None


async def test_a_call_written_in_the_text_may_break_off_again() -> None:
    """It goes on at any engine then; another call that comes gets the next number, and an id of its own."""
    begun = [Delta(tool_calls=(ToolCallDelta(0, id="call-1", name="f", arguments='{"a": 1'),))]
    further = '\n<tool_call>\n{"name": "f", "arguments": {"a": 3}}\n</tool_call>'
    engines = (
        ScriptedEngine("node-1", opens=((begun, EngineLost()), (*said("}\n</tool_call>", further), STOP))),
        ScriptedEngine("node-2", opens=((*said("2}"), EngineLost()),)),
    )
    pieces = calls_of(await read(choice_of(mixed(*engines))))
    assert [piece.index for piece in pieces if piece.name] == [0, 1]
    assert "".join(piece.arguments for piece in pieces if piece.index == 1) == '{"a": 3}'
    assert engines[0].jobs[1].prefill == '<tool_call>\n{"name": "f", "arguments": {"a": 12}'


async def test_a_call_that_others_would_not_write_goes_on_where_it_can_be_made_again() -> None:
    """An engine whose grammar has no such beginning is asked for nothing."""
    begun = [Delta(tool_calls=(ToolCallDelta(0, name="f", arguments='{"b": 1'),))]
    rest = [Delta(tool_calls=(ToolCallDelta(0, arguments="}"),))]
    first = ScriptedEngine("node-1", opens=((begun, EngineLost()), (begun, rest, STOP)))
    second = ScriptedEngine("node-2")
    deltas = await read(choice_of(mixed(first, second, sampling=GREEDY)))
    assert "".join(piece.arguments for piece in calls_of(deltas)) == '{"b": 1}'
    assert second.jobs == []
