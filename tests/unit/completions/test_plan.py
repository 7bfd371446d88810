"""What is decided before an engine is chosen, and the job that an engine gets."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.chat import ChatRequest, Message, Reasoning, Sampling, Tool, ToolCall
from antiphon.completions.plan import Caller, Plan, closed_once, job
from antiphon.engines import Job
from antiphon.engines.thought import OFF, Thinking, Thought
from antiphon.errors import BadRequest
from antiphon.key import Key
from tests.unit.completions.scripted import ASKED, BOUNDS, ScriptedEngine, model_of, offer_of

USER = Message(role="user", content="Hi")
CALLS = Message(role="assistant", tool_calls=(ToolCall("c", "f", "{}"),))
DEFAULTS = Sampling(9, 0.9, 0.8, 7, 0.6, 0.5, 0.4, 1.3)
MARKED = Thought("<think>", "</think>", opened=True, bounded_by="engine")
ZEROS = Sampling(1, 0.0, 0.0, -1, 0.0, 0.0, 0.0, 1.0, 0, {"1": 2.0}, ("x",), logprobs=True, top_logprobs=3)


def turn(text: str) -> Message:
    """An assistant turn."""
    return Message(role="assistant", content=text)


def plan_for(request: ChatRequest, sampling: Sampling = Sampling(), tool_grammar: str | None = None) -> Plan:
    """A plan on one engine, far from its bounds."""
    model = model_of(ScriptedEngine())
    return Plan(request, Caller(Key("k")), model, sampling, 0, 60, 60, grammar="plain", tool_grammar=tool_grammar)


@pytest.mark.parametrize(
    ("turns", "closed"),
    [
        ((USER,), (USER,)),
        ((USER, turn("a")), (USER, turn("a"))),
        ((USER, turn("a"), turn("b")), (USER, turn("ab"))),
        ((USER, turn("")), (USER,)),
        ((USER, turn(""), turn("")), (USER,)),
        ((turn("a"), USER, turn("b"), turn("c")), (turn("a"), USER, turn("bc"))),
        ((USER, CALLS), (USER, CALLS)),
        ((USER, CALLS, turn("a"), turn("b")), (USER, CALLS, turn("ab"))),
        ((turn(""),), (turn(""),)),
    ],
)
def test_closing_turns_are_merged_or_dropped(turns: tuple[Message, ...], closed: tuple[Message, ...]) -> None:
    """Several become one, an empty one goes unless it is all there is."""
    assert closed_once(turns) == closed


def test_what_the_request_says_wins() -> None:
    """Zero is a value, not a gap."""
    assert ZEROS.filled(DEFAULTS) == ZEROS


def test_gaps_are_filled_from_the_model() -> None:
    """Every field that a model may set a default for."""
    assert Sampling().filled(DEFAULTS) == DEFAULTS


def test_fields_without_defaults_stay_the_request_s() -> None:
    """Seed, bias, stops and log-probabilities never come from the model."""
    assert Sampling().filled(ZEROS) == Sampling(1, 0.0, 0.0, -1, 0.0, 0.0, 0.0, 1.0)


def test_each_choice_has_a_seed_of_its_own() -> None:
    """The first has the caller's, each next one more."""
    plan = plan_for(ASKED, Sampling(seed=5))
    offer = plan.model.offers[0]
    assert [job(plan, offer, i).sampling.seed for i in range(3)] == [5, 6, 7]
    assert job(plan_for(ASKED), offer, 2).sampling.seed is None


def test_a_job_names_the_model_as_the_engine_does() -> None:
    """With the plain grammar and the closing turn."""
    request = msgspec.structs.replace(ASKED, messages=(USER, turn("a"), turn("b")))
    plan = plan_for(request)
    made = job(plan, plan.model.offers[0], 0)
    assert (made.model, made.grammar, made.prefill) == ("upstream-m", "plain", "ab")


def test_tools_go_to_an_engine_that_knows_them() -> None:
    """Then no grammar binds the text and the messages stay as they are."""
    request = msgspec.structs.replace(ASKED, tools=(Tool("f"),))
    plan = plan_for(request, tool_grammar="tools")
    offer = offer_of(ScriptedEngine(), native_tools=True)
    made = job(plan, offer, 0)
    assert (made.tools, made.grammar, made.messages) == ((Tool("f"),), None, (USER,))
    assert not plan.emulates_tools(offer)


def test_tools_are_told_to_an_engine_that_does_not_know_them() -> None:
    """In a system turn, with the grammar for emulated calls."""
    request = msgspec.structs.replace(ASKED, tools=(Tool("f"),))
    plan = plan_for(request, tool_grammar="tools")
    made = job(plan, plan.model.offers[0], 0)
    assert (made.tools, made.grammar, [m.role for m in made.messages]) == ((), "tools", ["system", "user"])
    assert plan.emulates_tools(plan.model.offers[0])


@pytest.mark.parametrize("native", [True, False])
def test_tools_that_may_not_be_called_are_not_told(native: bool) -> None:
    """`tool_choice: none` gives plain text."""
    request = msgspec.structs.replace(ASKED, tools=(Tool("f"),), tool_choice="none")
    made = job(plan_for(request), offer_of(ScriptedEngine(), native_tools=native), 0)
    assert (made.tools, made.grammar, made.messages) == ((), "plain", (USER,))


def test_earlier_calls_become_text_for_an_engine_that_does_not_know_tools() -> None:
    """Even where the request offers no tool now."""
    result = Message(role="tool", content="4", tool_call_id="c")
    request = msgspec.structs.replace(ASKED, messages=(USER, CALLS, result))
    plan = plan_for(request)
    made = job(plan, plan.model.offers[0], 0)
    assert [m.role for m in made.messages] == ["user", "assistant", "user"]
    assert not any(m.tool_calls for m in made.messages)
    assert job(plan, offer_of(ScriptedEngine(), native_tools=True), 0).messages == request.messages


def test_the_job_of_a_prompt() -> None:
    """Its text alone: no messages, no tools, no grammar; its seeds are those that it would have by itself."""
    request = ChatRequest("m", (), n=2, prompts=("one", (2, 3)), user="u")
    plan = plan_for(request, Sampling(seed=5))
    jobs = [job(plan, offer_of(ScriptedEngine()), index) for index in range(4)]
    assert [each.prompt for each in jobs] == ["one", "one", (2, 3), (2, 3)]
    assert [each.sampling.seed for each in jobs] == [5, 6, 5, 6]
    assert {(each.model, each.messages, each.grammar, each.user) for each in jobs} == {("upstream-m", (), None, "u")}
    assert jobs[0].prefill is None


@pytest.mark.parametrize(
    ("asked_s", "defaults_s", "total_s"),
    [(5.0, (7.0,), 5.0), (None, (None, 7.0, 9.0), 7.0), (None, (None,), 60), (60.0, (), 60.0)],
)
def test_the_total_time(asked_s: float | None, defaults_s: tuple[float | None, ...], total_s: float) -> None:
    """As asked, else the first default that there is, else the gateway's."""
    assert BOUNDS.total(asked_s, *defaults_s) == total_s


def test_more_time_than_anyone_gets() -> None:
    """The refusal names field and limit."""
    with pytest.raises(BadRequest, match="at most 600") as refused:
        BOUNDS.total(600.5)
    assert refused.value.param == "timeout_secs"


def thoughtful(request: ChatRequest, thought: Thought | None = MARKED, **fields: str) -> Job:
    """The job for an engine whose model thinks in that way, in a plan with these fields besides."""
    offer = msgspec.structs.replace(offer_of(ScriptedEngine()), thought=thought)
    model = msgspec.structs.replace(model_of(ScriptedEngine()), offers=(offer,))
    plan = msgspec.structs.replace(plan_for(request, Sampling(max_tokens=50)), model=model, **fields)
    return job(plan, offer, 0)


def test_thinking_is_told_with_its_share() -> None:
    """And the grammar stands behind the thought."""
    asked = thoughtful(msgspec.structs.replace(ASKED, reasoning=Reasoning(effort="low")), grammar='root ::= "7"\n')
    assert asked.thinking == Thinking(enabled=True, tokens_max=10, level="low")
    assert asked.grammar is not None
    assert asked.grammar.startswith("root ::= thought-0\n")


def test_a_model_that_cannot_think_is_told_nothing_of_it() -> None:
    """Its grammar binds from the first token."""
    asked = thoughtful(msgspec.structs.replace(ASKED, reasoning=Reasoning(effort="low")), None)
    assert (asked.thinking, asked.grammar) == (None, "plain")


def test_a_begun_answer_is_not_thought_about() -> None:
    """Whatever was asked for."""
    request = msgspec.structs.replace(ASKED, reasoning=Reasoning(effort="high"))
    asked = thoughtful(request, prefill="So")
    assert (asked.thinking, asked.grammar) == (OFF, "plain")
