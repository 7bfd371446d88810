"""What each round is asked for, and when what it says is certain to be the answer."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from antiphon.chat import (
    ChatRequest,
    Choice,
    Delta,
    Message,
    NamedTool,
    ResponseFormat,
    Tool,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from antiphon.completions.tool_rounds import Asked, Round, added, answered, is_object, round_plan
from antiphon.errors import BadRequest
from antiphon.providers.model import ServerTool
from tests.unit.completions.scripted import ASKED, ScriptedEngine, model_of, plan_of
from tests.unit.completions.tooling import TOOLS

TEXT = Delta(content="Hel")
CALL = Delta(tool_calls=(ToolCallDelta(index=0, id="c", name="f"),))
ARGUMENTS = Delta(tool_calls=(ToolCallDelta(index=0, arguments="{}"),))
STOP = Delta(finish_reason="stop")
CUT = Delta(finish_reason="length")
THOUGHT = Delta(reasoning="Hm.")


def told(*deltas: Delta, first_text_decides: bool = False, certain: bool = False) -> tuple[list[list[Delta]], Round]:
    """What is shown after each delta, and the round itself."""
    one = Round(certain=certain)
    return [one.take([delta], first_text_decides=first_text_decides) for delta in deltas], one


def test_text_waits_for_the_end() -> None:
    """Until then a call may follow; thoughts wait with it."""
    shown, one = told(THOUGHT, TEXT, STOP)
    assert (shown, one.asks) == ([[], [], [THOUGHT, TEXT, STOP]], None)


def test_the_first_text_may_decide() -> None:
    """From there on everything is shown as it comes, what was thought before it too."""
    shown, one = told(THOUGHT, TEXT, TEXT, STOP, first_text_decides=True)
    assert (shown, one.asks) == ([[], [THOUGHT, TEXT], [TEXT], [STOP]], None)


@pytest.mark.parametrize("first_text_decides", [False, True])
def test_nothing_is_shown_of_a_round_that_calls(*, first_text_decides: bool) -> None:
    """Its calls are told instead."""
    shown, one = told(THOUGHT, CALL, TEXT, ARGUMENTS, STOP, first_text_decides=first_text_decides)
    assert shown == [[], [], [], [], []]
    assert one.asks == Choice(
        content="Hel", reasoning="Hm.", tool_calls=(ToolCall("c", "f", "{}"),), finish_reason="tool_calls"
    )


def test_a_round_without_tools_is_shown_at_once() -> None:
    """A call that a model makes there all the same is left out, and ends nothing."""
    shown, one = told(TEXT, CALL, Delta(finish_reason="tool_calls"), certain=True)
    assert (shown, one.asks) == ([[TEXT], [], [STOP]], None)


def test_a_call_that_is_cut_ends_the_answer() -> None:
    """Nothing but the finish reason is shown: the text before it was no answer."""
    shown, one = told(TEXT, CALL, CUT)
    assert (shown, one.asks) == ([[], [], [CUT]], None)


def test_a_text_that_is_cut_is_an_answer() -> None:
    """As in any request."""
    assert told(TEXT, CUT)[0] == [[], [TEXT, CUT]]


def test_calls_and_results_follow_the_conversation() -> None:
    """In order, each result under the id of its call; arguments that are no object become an empty one."""
    calls = (ToolCall("1", "f", '{"a":1}'), ToolCall("2", "g", "nonsense"))
    choice = Choice(content="Wait.", reasoning="Hm.", tool_calls=calls)
    assert answered(ASKED.messages, choice, ["one", "two"])[1:] == (
        Message("assistant", "Wait.", tool_calls=(calls[0], ToolCall("2", "g", "{}")), reasoning="Hm."),
        Message("tool", "one", name="f", tool_call_id="1"),
        Message("tool", "two", name="g", tool_call_id="2"),
    )


def test_results_are_cut_by_halves() -> None:
    """The longest first, and never below what is of use; each cut is told."""
    asked = Asked(Choice(tool_calls=(ToolCall("1", "f", "{}"),)), ("x" * 1000,), 1000)
    shorter = asked.shorter()
    assert shorter is not None
    assert shorter.after(())[-1].text == "x" * 500 + "\n[cut: 500 of 1000 characters]"
    again = shorter.shorter()
    assert again is not None
    assert (again.characters_max, again.shorter()) == (250, None)


def test_usages_add_up() -> None:
    """Each round reads its own prompt."""
    assert added(Usage(1, 2, 3, 4), Usage(10, 20, 30, 40)) == Usage(11, 22, 33, 44)


@pytest.mark.parametrize(
    ("arguments", "expected"), [("{}", True), ("", False), ("[]", False), ("{", False), ("\ud800", False)]
)
def test_what_is_an_object(arguments: str, expected: bool) -> None:
    """Only that can be printed by every template."""
    assert is_object(arguments) is expected


async def test_a_round_has_its_own_time_for_the_first_token() -> None:
    """But the deadline of the whole; nothing of it is stored."""
    plan = msgspec.structs.replace(plan_of(model_of(ScriptedEngine()), first_token_s=7), stored=True)
    later = asyncio.get_running_loop().time() + 5
    one = round_plan(plan, ASKED.messages, TOOLS, "auto", later)
    assert (one.begun_at, one.total_at, one.stored) == (later, plan.total_at, False)
    assert one.first_token_at - later == pytest.approx(7)


async def test_emulated_tools_are_bound_without_a_preamble() -> None:
    """Native ones are left to the engine; the round after the last call is bound to words."""
    plan = plan_of(model_of(ScriptedEngine()))
    bound = round_plan(plan, ASKED.messages, TOOLS, "auto", 0.0)
    assert [tool.name for tool in bound.request.tools] == ["sky__weather", "sky__clock"]
    assert bound.tool_grammar is not None
    native = plan_of(model_of(ScriptedEngine(), native_tools=True))
    assert round_plan(native, ASKED.messages, TOOLS, "auto", 0.0).tool_grammar is None
    after = answered(ASKED.messages, Choice(tool_calls=(ToolCall("1", "f", "{}"),)), ["x"])
    assert round_plan(plan, after, (), "auto", 0.0).grammar is not None
    assert round_plan(plan, ASKED.messages, (), "auto", 0.0).grammar is None
    assert round_plan(native, after, (), "auto", 0.0).grammar is None


async def test_tools_that_cannot_be_offered_together() -> None:
    """The caller did not write them, so he is told to turn some off; a forced one that is not there is his own word."""
    many = tuple(ServerTool("i", "k", f"t{i}", Tool(f"k__t{i}")) for i in range(129))
    plan = plan_of(model_of(ScriptedEngine()))
    with pytest.raises(BadRequest, match="turn some of them off") as raised:
        round_plan(plan, ASKED.messages, many, "auto", 0.0)
    assert raised.value.param == "tools"
    with pytest.raises(BadRequest, match="tool_choice"):
        round_plan(plan, ASKED.messages, TOOLS, NamedTool("nope"), 0.0)


async def test_a_response_format_binds_the_answer_too() -> None:
    """Its grammar stands beside the calls, and alone in the last round."""
    request = ChatRequest("m", ASKED.messages, response_format=ResponseFormat("json_schema", "n", {"type": "integer"}))
    plan = msgspec.structs.replace(plan_of(model_of(ScriptedEngine()), request), grammar="root ::= [0-9]")
    bound = round_plan(plan, ASKED.messages, TOOLS, "auto", 0.0)
    assert bound.tool_grammar is not None
    assert "answer" in bound.tool_grammar
    after = answered(ASKED.messages, Choice(tool_calls=(ToolCall("1", "f", "{}"),)), ["x"])
    assert round_plan(plan, after, (), "auto", 0.0).grammar == "root ::= [0-9]"
