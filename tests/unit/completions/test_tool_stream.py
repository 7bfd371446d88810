"""Streams that use tools of the server: what is shown of them, and when."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.chat import Choice, Delta, Usage
from antiphon.completions.record import Record
from antiphon.completions.tool_stream import ToolStream
from antiphon.errors import DeadlineExceeded, Unavailable
from tests.unit.completions.scripted import BOUNDS, USAGE, ScriptedEngine, Step, model_of, plan_of
from tests.unit.completions.tooling import CLOCK, ROME, TOOLS, WEATHER, ScriptedTools, calling, loop_of, saying

NAME = WEATHER.tool.name
EMULATED: tuple[Step, ...] = (
    [Delta(content='<tool_call>\n{"name": "sky__clock", ')],
    [Delta(content='"arguments": {}}\n</tool_call>')],
    [Delta(finish_reason="stop")],
)


async def shown(stream: ToolStream) -> list[list[Delta] | None]:
    """Everything that a started stream gives."""
    found: list[list[Delta] | None] = []
    while (deltas := await stream.next()) != []:
        found.append(deltas)
    stream.close()
    return found


async def test_a_native_answer_comes_at_its_end() -> None:
    """A call may follow any text, so that nothing is certain before; the round with the call is never seen."""
    engine = ScriptedEngine(opens=(calling((NAME, ROME), text="Wait."), saying("It ", "is 18.")))
    stream = loop_of(ScriptedTools("18"), []).open(plan_of(model_of(engine, native_tools=True)), TOOLS)
    await stream.start()
    answer = [Delta(content="It "), Delta(content="is 18."), Delta(finish_reason="stop")]
    assert await shown(stream) == [answer]
    assert (stream.usage, stream.node, stream.choices) == (Usage(14, 4), "node-1", (Choice(content="It is 18."),))


async def test_an_emulated_answer_comes_as_it_is_written() -> None:
    """Its grammar allows calls only at the beginning."""
    engine = ScriptedEngine(opens=(EMULATED, saying("It ", "is noon.")))
    stream = loop_of(ScriptedTools("noon"), []).open(plan_of(model_of(engine)), TOOLS)
    await stream.start()
    pieces = await shown(stream)
    assert [piece[0].content for piece in pieces if piece] == ["It", " is noon.", ""]
    assert "<tool_response>" in engine.jobs[1].messages[-1].text
    assert [job.grammar is not None for job in engine.jobs] == [True, True]


async def test_the_last_round_comes_as_it_is_written() -> None:
    """It has no tools."""
    engine = ScriptedEngine(opens=(calling((CLOCK.tool.name, "{}")), saying("No", "on.")))
    stream = loop_of(ScriptedTools("noon"), [], rounds_max=2).open(plan_of(model_of(engine, native_tools=True)), TOOLS)
    await stream.start()
    assert await shown(stream) == [[Delta(content="No")], [Delta(content="on.")], [Delta(finish_reason="stop")]]


async def test_heartbeats_while_tools_run_and_while_nothing_is_certain() -> None:
    """None whenever one is due."""
    engine = ScriptedEngine(opens=((None, *calling((CLOCK.tool.name, "{}"))),))
    loop = loop_of(ScriptedTools(""), [], bounds=msgspec.structs.replace(BOUNDS, heartbeat_s=0.005))
    stream = loop.open(plan_of(model_of(engine, native_tools=True), total_s=0.8), TOOLS)
    await stream.start()
    assert await stream.next() is None
    beats = 0
    with pytest.raises(DeadlineExceeded):
        while await stream.next() is None:
            beats += 1
    assert beats
    stream.close()


async def test_a_client_that_leaves_ends_the_tools() -> None:
    """The call is cancelled, and told as such once."""
    engine = ScriptedEngine(opens=(calling((CLOCK.tool.name, "{}")),))
    tools, records = ScriptedTools(""), list[Record]()
    loop = loop_of(tools, records, bounds=msgspec.structs.replace(BOUNDS, heartbeat_s=0.005))
    stream = loop.open(plan_of(model_of(engine, native_tools=True)), TOOLS)
    await stream.start()
    assert await stream.next() is None
    calling_now = stream._calling
    assert calling_now is not None
    stream.close()
    stream.close()
    with pytest.raises(BaseException):  # noqa: B017, PT011 - CancelledError is no Exception
        await calling_now[1]
    assert tools.cancelled == 1
    assert [(record.failure, record.usage) for record in records] == [("client_gone", USAGE)]


async def test_a_client_that_leaves_in_a_round_ends_the_engine() -> None:
    """As with any stream."""
    engine = ScriptedEngine(opens=(saying("a", "b"),))
    records: list[Record] = []
    stream = loop_of(ScriptedTools(), records).open(plan_of(model_of(engine)), TOOLS)
    await stream.start()
    assert await stream.next() == [Delta(content="a")]
    stream.close()
    assert engine.streams[0].closed
    assert [record.failure for record in records] == ["client_gone"]
    assert records[0].choices == (Choice(content="a"),)


async def test_a_failure_before_anything_is_told_at_the_start() -> None:
    """So that a status can still be said."""
    records: list[Record] = []
    stream = loop_of(ScriptedTools(), records).open(plan_of(model_of(ScriptedEngine(wait_s=3))), TOOLS)
    with pytest.raises(Unavailable) as raised:
        await stream.start()
    stream.failed(raised.value)
    stream.close()
    assert [record.failure for record in records] == ["unavailable"]


async def test_a_cut_call_ends_with_its_reason() -> None:
    """There is no answer to show."""
    engine = ScriptedEngine(opens=(calling((NAME, '{"ci'), text="Wait.", finish="length"),))
    stream = loop_of(ScriptedTools(), []).open(plan_of(model_of(engine, native_tools=True)), TOOLS)
    await stream.start()
    assert await shown(stream) == [[Delta(finish_reason="length")]]
    assert stream.choices == (Choice(content="", finish_reason="length"),)
