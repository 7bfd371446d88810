"""Plain answers that use tools of the server."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.chat import ChatRequest, Choice, Message, NamedTool, ToolChoice, Usage
from antiphon.completions.record import Record
from antiphon.errors import BadRequest, DeadlineExceeded, EngineFailed
from tests.unit.completions.scripted import ASKED, BOUNDS, USAGE, ScriptedEngine, ignore, model_of, plan_of
from tests.unit.completions.tooling import CLOCK, ROME, THRICE, TOOLS, WEATHER, ScriptedTools, calling, loop_of, saying

NAME = WEATHER.tool.name


async def test_calls_are_made_until_there_is_an_answer() -> None:
    """Only the last text is shown; usage is that of all rounds; the whole is noted once."""
    engine = ScriptedEngine(
        opens=(calling((NAME, ROME), text="Wait."), calling((CLOCK.tool.name, "{}")), saying("18."))
    )
    tools, records = ScriptedTools("It is 18 degrees.", "noon"), list[Record]()
    plan = plan_of(model_of(engine, native_tools=True))
    completion, node = await loop_of(tools, records).complete(plan, TOOLS, ignore)
    assert completion.choices == (Choice(content="18."),)
    assert (completion.usage, node, tools.calls) == (THRICE, "node-1", [("weather", {"city": "Rome"}), ("clock", {})])
    assert [(record.plan, record.usage, record.failure, record.node) for record in records] == [
        (plan, THRICE, None, "node-1")
    ]
    assert (records[0].choices, records[0].usages) == (completion.choices, (THRICE,))


async def test_the_model_sees_calls_and_results() -> None:
    """As turns of the conversation, in order."""
    engine = ScriptedEngine(opens=(calling((NAME, ROME), (CLOCK.tool.name, "{}"), text="Wait."), saying("18.")))
    tools = ScriptedTools("It is 18 degrees.", "noon")
    await loop_of(tools, []).complete(plan_of(model_of(engine, native_tools=True)), TOOLS, ignore)
    first, second = (job.messages for job in engine.jobs)
    assert first == ASKED.messages
    asked, weather, clock = second[1:]
    assert (asked.content, [call.name for call in asked.tool_calls]) == ("Wait.", [NAME, CLOCK.tool.name])
    assert (weather, clock) == (
        Message("tool", "It is 18 degrees.", name=NAME, tool_call_id="call_0"),
        Message("tool", "noon", name=CLOCK.tool.name, tool_call_id="call_1"),
    )


async def test_the_last_round_has_no_tools() -> None:
    """So that an answer comes, however much the model would like to go on."""
    again = calling((CLOCK.tool.name, "{}"))
    engine = ScriptedEngine(opens=(again, again, saying("Enough.")))
    tools = ScriptedTools("noon", "noon")
    plan = plan_of(model_of(engine, native_tools=True))
    completion, _ = await loop_of(tools, [], rounds_max=3).complete(plan, TOOLS, ignore)
    assert completion.choices[0].content == "Enough."
    assert [len(job.tools) for job in engine.jobs] == [2, 2, 0]


@pytest.mark.parametrize(
    ("choice", "first"), [("required", "required"), (NamedTool(NAME), NamedTool(NAME)), ("none", "auto")]
)
async def test_a_forced_call_is_forced_once(choice: ToolChoice, first: ToolChoice) -> None:
    """Else the model could never answer; without functions of its own a request's `none` says nothing."""
    engine = ScriptedEngine(opens=(calling((NAME, ROME)), saying("18.")))
    request = msgspec.structs.replace(ASKED, tool_choice=choice)
    plan = plan_of(model_of(engine, native_tools=True), request)
    await loop_of(ScriptedTools("x"), []).complete(plan, TOOLS, ignore)
    assert [job.tool_choice for job in engine.jobs] == [first, "auto"]


async def test_an_answer_that_has_begun_calls_nothing() -> None:
    """It is only continued."""
    engine = ScriptedEngine(opens=(saying("18."),))
    request = ChatRequest("m", (*ASKED.messages, Message("assistant", "It is")))
    plan = msgspec.structs.replace(plan_of(model_of(engine, native_tools=True), request), prefill="It is")
    completion, _ = await loop_of(ScriptedTools(), []).complete(plan, TOOLS, ignore)
    assert (completion.choices[0].content, engine.jobs[0].tools) == ("18.", ())


async def test_several_choices_are_refused() -> None:
    """Each would go its own way."""
    plan = plan_of(model_of(ScriptedEngine()), msgspec.structs.replace(ASKED, n=2))
    with pytest.raises(BadRequest) as raised:
        loop_of(ScriptedTools(), []).open(plan, TOOLS)
    assert raised.value.param == "n"


async def test_calls_without_an_id_get_one() -> None:
    """The turns of their results have to name it."""
    steps = calling((CLOCK.tool.name, "{}"), named=False)
    engine = ScriptedEngine(opens=(steps, saying("Noon.")))
    await loop_of(ScriptedTools("noon"), []).complete(plan_of(model_of(engine, native_tools=True)), TOOLS, ignore)
    _, asked, result = engine.jobs[1].messages
    assert asked.tool_calls[0].id == result.tool_call_id
    assert str(result.tool_call_id).startswith("call_")


async def test_heartbeats_go_on_while_tools_run() -> None:
    """Until the deadline, which ends the tools too."""
    engine = ScriptedEngine(opens=(calling((CLOCK.tool.name, "{}")),))
    tools, records, beats = ScriptedTools(""), list[Record](), list[int]()
    loop = loop_of(tools, records, bounds=msgspec.structs.replace(BOUNDS, heartbeat_s=0.01))
    plan = plan_of(model_of(engine, native_tools=True), total_s=0.8)
    with pytest.raises(DeadlineExceeded):
        await loop.complete(plan, TOOLS, lambda: beats.append(1))
    assert beats
    assert [(record.failure, record.usage) for record in records] == [("deadline_exceeded", USAGE)]


async def test_a_failure_in_a_later_round_ends_the_answer() -> None:
    """What the rounds before it took is told."""
    engine = ScriptedEngine(opens=(calling((CLOCK.tool.name, "{}")), EngineFailed("It broke.")))
    records: list[Record] = []
    with pytest.raises(EngineFailed):
        await loop_of(ScriptedTools("noon"), records).complete(
            plan_of(model_of(engine, native_tools=True)), TOOLS, ignore
        )
    assert [(record.failure, record.usage) for record in records] == [("engine_failed", USAGE)]


async def test_results_that_do_not_fit_are_shortened() -> None:
    """Until the engine takes the prompt; the model is told what it does not see."""
    too_long = BadRequest("Too long.", param="messages", code="context_length_exceeded")
    engine = ScriptedEngine(opens=(calling((CLOCK.tool.name, "{}")), (too_long,), (too_long,), saying("Noon.")))
    records: list[Record] = []
    completion, _ = await loop_of(ScriptedTools("x" * 4000), records).complete(
        plan_of(model_of(engine, native_tools=True)), TOOLS, ignore
    )
    assert completion.choices[0].content == "Noon."
    assert [len(job.messages[-1].text) for job in engine.jobs] == [2, 4000, 2031, 1031]
    assert [record.failure for record in records] == [None]


async def test_a_prompt_that_is_too_long_by_itself_is_refused() -> None:
    """No result is to blame."""
    too_long = BadRequest("Too long.", param="messages", code="context_length_exceeded")
    engine = ScriptedEngine(opens=((too_long,),))
    with pytest.raises(BadRequest):
        await loop_of(ScriptedTools(), []).complete(plan_of(model_of(engine, native_tools=True)), TOOLS, ignore)


async def test_the_models_context_is_known_before() -> None:
    """An engine that can count is asked, and results are shortened until its count fits."""
    engine = ScriptedEngine(opens=(calling((CLOCK.tool.name, "{}")), saying("Noon.")), prompt_tokens=90)
    model = msgspec.structs.replace(model_of(engine, native_tools=True), context_length=100)
    completion, _ = await loop_of(ScriptedTools("noon"), []).complete(plan_of(model), TOOLS, ignore)
    assert completion.usage == Usage(14, 4)
