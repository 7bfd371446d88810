"""What placement is told of a plan."""

from __future__ import annotations

import pytest

from antiphon.chat import ChatRequest, Image, Message, Sampling, Text, Tool, ToolCall
from antiphon.completions.asks import ask
from antiphon.models.ask import Ask
from tests.unit.completions.scripted import ScriptedEngine, model_of, plan_of

PAGE = "What follows is a long page of which nothing matters but its beginning. " * 40


def asked(*turns: Message, tools: tuple[Tool, ...] = (), engines: int = 2) -> Ask:
    """A conversation as it looks for an engine."""
    model = model_of(*(ScriptedEngine(f"node-{number}") for number in range(engines)))
    return ask(plan_of(model, ChatRequest("m", turns, tools=tools)))


async def test_what_a_request_is_expected_to_cost() -> None:
    """Its prompt by its length, its answer by what it may have at most, or as most are."""
    model = model_of(ScriptedEngine())
    prompts = plan_of(model, ChatRequest("m", (), n=2, prompts=("x" * 400, (1,) * 300)))
    assert ask(plan_of(model, sampling=Sampling(max_tokens=7))).tokens == 7
    assert ask(plan_of(model, sampling=Sampling(max_tokens=100_000))).tokens == 512
    assert [ask(prompts, index).tokens for index in (1, 2)] == [100 + 512, 300 + 512]


async def test_a_conversation_that_goes_on_begins_as_before() -> None:
    """All numbers of the earlier turn come first, whatever it holds."""
    call = ToolCall("id", "look", '{"at": "sky"}')
    turns = (
        Message("system", PAGE),
        Message("user", (Text("What is this?"), Image("data:image/png;base64,AAAA"))),
        Message("assistant", None, tool_calls=(call,)),
        Message("tool", PAGE, tool_call_id="id"),
    )
    before, after = asked(*turns[:2]).prefix, asked(*turns).prefix
    assert len(before) > 3
    assert after[: len(before)] == before
    assert len(after) > len(before)


async def test_what_begins_otherwise_has_nothing_in_common() -> None:
    """Another first turn, another role of it, other tools in front of it, another image."""
    one = asked(Message("user", PAGE)).prefix
    others = (
        asked(Message("user", f"No: {PAGE}")),
        asked(Message("system", PAGE)),
        asked(Message("user", PAGE), tools=(Tool("look"),)),
        asked(Message("user", (Image("data:image/png;base64,AAAA"), Text(PAGE)))),
        asked(Message("user", (Image("data:image/png;base64,BBBB"), Text(PAGE)))),
    )
    firsts = {one[0], *(other.prefix[0] for other in others)}
    assert len(firsts) == 1 + len(others)


async def test_where_there_is_nothing_to_choose_nothing_is_made() -> None:
    """A model with one engine costs no fingerprint."""
    assert asked(Message("user", PAGE), engines=1).prefix == ()
    assert asked(Message("user", "Hi")).prefix == ()


@pytest.mark.parametrize(
    ("first_s", "whole_s", "bound"),
    [
        (None, None, ("max_ttft_ms", None)),
        (2.0, None, ("max_ttft_ms", 2.0)),
        (None, 5.0, ("timeout_secs", 5.0)),
        (2.0, 5.0, ("max_ttft_ms", 2.0)),
        (9.0, 5.0, ("timeout_secs", 5.0)),
    ],
)
async def test_the_nearer_bound_is_told(
    first_s: float | None, whole_s: float | None, bound: tuple[str, float | None]
) -> None:
    """A first token is of no use after the time for the whole answer, so that bounds it too."""
    request = ChatRequest("m", (Message("user", "Hi"),), max_ttft_s=first_s, timeout_s=whole_s)
    told = ask(plan_of(model_of(ScriptedEngine()), request))
    assert (told.bound, told.first_token_s) == bound
