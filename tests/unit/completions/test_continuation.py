"""Which way an answer goes on, and the job that makes it."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.chat import ChatRequest, Delta, Message, Sampling, Tool, ToolCallDelta, Usage
from antiphon.completions.continuation import Way, continued, counted, thinks_on, way, written
from antiphon.completions.plan import Plan
from antiphon.completions.transcript import Transcript
from antiphon.engines.thought import OFF, Thinking, Thought
from antiphon.models.catalogue import Model, Offer
from tests.unit.completions.scripted import ASKED, ScriptedEngine, plan_of

GREEDY = Sampling(temperature=0.0)
HOT = Sampling(temperature=1.0)
MARKED = Thought("<think>", "</think>")


def said(text: str = "", thought: str = "") -> Transcript:
    """What was thought and said."""
    transcript = Transcript()
    transcript.loose += [Delta(reasoning=thought), Delta(content=text)]
    return transcript


def offer(*, continues: bool = True, native: bool = False, thought: Thought | None = None) -> Offer:
    """One engine's serving."""
    return Offer(ScriptedEngine(continues=continues), "m", native_tools=native, thought=thought)


def plan(on: Offer, request: ChatRequest = ASKED, sampling: Sampling = HOT) -> Plan:
    """The plan of a request for that engine."""
    return plan_of(Model("m", (on,)), request, sampling=sampling)


@pytest.mark.parametrize(("sampling", "otherwise"), [(GREEDY, "replay"), (Sampling(seed=0), "replay"), (HOT, None)])
async def test_what_repeats_can_always_be_made_again(sampling: Sampling, otherwise: Way | None) -> None:
    """Nothing else can where the engine does not go on from a text."""
    fit, unfit = offer(), offer(continues=False)
    assert way(plan(fit, sampling=sampling), fit, said("a"), emulated=False) == "prefill"
    assert way(plan(unfit, sampling=sampling), unfit, said("a"), emulated=False) == otherwise
    tools = msgspec.structs.replace(ASKED, tools=(Tool("f"),))
    native = offer(native=True)
    assert way(plan(native, tools, sampling), native, said("a"), emulated=False) == otherwise
    assert way(plan(native, tools, sampling), native, said("a"), emulated=True) == "prefill"
    assert way(plan(fit, tools, sampling), fit, said("a"), emulated=False) is None  # no grammar was made for it
    ids = ChatRequest("m", (), prompts=((1, 2),))
    assert way(plan(fit, ids, sampling), fit, said("a"), emulated=False) == otherwise


async def test_thoughts_need_their_marks() -> None:
    """One whose length is bounded is not gone on with, but may be closed in front of an answer."""
    marked, unmarked = offer(thought=MARKED), offer(thought=Thought())
    for on, expected in ((marked, "prefill"), (unmarked, None)):
        assert way(plan(on), on, said(thought="Hm"), emulated=False) == expected
    request = msgspec.structs.replace(ASKED, reasoning=msgspec.structs.replace(ASKED.reasoning, max_tokens=9))
    bounded = plan(marked, request, Sampling(max_tokens=99))
    assert bounded.thinking is not None
    assert bounded.thinking.tokens_max == 9
    assert way(bounded, marked, said(thought="Hm"), emulated=False) is None
    assert way(bounded, marked, said("a", "Hm"), emulated=False) == "prefill"


async def test_calls_that_were_told_apart_go_on_in_a_text() -> None:
    """Where there is a grammar for that, the engine goes on from a text, and each call has its name."""
    tools = msgspec.structs.replace(ASKED, tools=(Tool("f"),))
    fit, unfit = offer(thought=MARKED), offer(continues=False)
    named = said("a")
    named.loose += [Delta(tool_calls=(ToolCallDelta(0, name="f", arguments="{"),))]
    unnamed = said("a")
    unnamed.loose += [Delta(tool_calls=(ToolCallDelta(0, arguments="{"),))]
    bound = msgspec.structs.replace(plan(fit, tools), tool_grammar="root ::= x")
    assert way(bound, fit, named, emulated=False) == "prefill"
    assert way(bound, fit, unnamed, emulated=False) is None
    assert way(bound, unfit, named, emulated=False) is None
    assert way(bound, offer(), said("a", "Hm"), emulated=False) is None
    assert way(bound, fit, said("a", "Hm"), emulated=False) == "prefill"


def test_calls_are_written_as_engines_write_them() -> None:
    """All but the last one are closed; a text without any stays as it is."""
    told = said("Well. ")
    assert written(told) == "Well. "
    told.loose += [Delta(tool_calls=(ToolCallDelta(i, name="f", arguments=f'{{"a": {i}'),)) for i in (1, 0)]
    told.loose += [Delta(tool_calls=(ToolCallDelta(0, arguments="}"),))]
    first = '<tool_call>\n{"name": "f", "arguments": {"a": 0}}\n</tool_call>'
    assert written(told) == f'Well.\n{first}\n<tool_call>\n{{"name": "f", "arguments": {{"a": 1'


def test_only_a_thought_without_an_answer_is_gone_on_with() -> None:
    """A replay begins at the start."""
    assert thinks_on("prefill", said(thought="Hm"))
    assert not thinks_on("replay", said(thought="Hm"))
    assert not thinks_on("prefill", said("a", "Hm"))


async def test_the_grammar_of_the_rest_binds_an_open_thought_too() -> None:
    """Up to its mark, then the answer."""
    on = offer(thought=MARKED)
    bound = msgspec.structs.replace(plan(on), grammar='root ::= "yes"\n')
    job = continued(bound, on, 0, said(thought="Hm"), spent=2)
    assert (job.thinking, job.messages[-1]) == (OFF, Message("assistant", "<think>\nHm"))
    assert job.grammar is not None
    assert '"yes"' in job.grammar
    job = continued(bound, on, 0, said("ye", "Hm"), spent=2)
    assert job.grammar is not None
    assert '"s"' in job.grammar
    assert job.thinking == Thinking(enabled=False)


def test_each_token_counts_once() -> None:
    """By the last engine's usage where it tells one, else as counted here."""
    told = Usage(12, 3, cached_tokens=11, reasoning_tokens=0)
    assert counted(told, prompt=None, tokens=8, spent=5, thoughts=2) == Usage(7, 8, 7, 2)
    assert counted(told, prompt=6, tokens=8, spent=5, thoughts=2) == Usage(6, 8, 6, 2)
    assert counted(None, prompt=6, tokens=8, spent=5, thoughts=2) == Usage(6, 8, 0, 2)
