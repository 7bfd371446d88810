"""One choice: attempts elsewhere, time-outs, the cut at max_tokens, emulated calls, the schema."""

from __future__ import annotations

import json

import msgspec
import pytest

from antiphon.chat import Choice, Delta, Reasoning, Sampling, Tool, ToolCallDelta, Usage
from antiphon.completions.generate import ChoiceStream
from antiphon.completions.plan import Bounds, Plan
from antiphon.engines import Take
from antiphon.errors import AntiphonError, BadRequest, DeadlineExceeded, EngineFailed, FirstTokenTimeout, Unavailable
from antiphon.ids import seeded
from antiphon.models.ask import NOWHERE, Ask
from antiphon.models.load import Place
from antiphon.models.placement import Placement
from tests.unit.completions.scripted import (
    ASKED,
    BOUNDS,
    BREAKING,
    HELLO,
    USAGE,
    ScriptedEngine,
    ScriptedStream,
    Step,
    model_of,
    plan_of,
)

STOP = Delta(finish_reason="stop")
BROKEN = EngineFailed("It broke.")


def choice_of(
    plan: Plan, *, index: int = 0, bounds: Bounds = BOUNDS, placement: Placement | None = None
) -> ChoiceStream:
    """The choice, not started."""
    return ChoiceStream(plan, index, placement or Placement(queue_max=9), bounds=bounds, ids=seeded(1))


async def read(choice: ChoiceStream) -> list[Delta]:
    """All deltas of a choice; it must not beat."""
    await choice.start()
    read: list[Delta] = []
    while (deltas := await choice.next()) != []:
        assert deltas is not None
        read += deltas
    return read


def text(deltas: list[Delta]) -> str:
    """What was said."""
    return "".join(delta.content for delta in deltas)


async def test_deltas_come_as_the_engine_gives_them() -> None:
    """With the choice's index, and the usage at the end."""
    choice = choice_of(plan_of(model_of(ScriptedEngine(opens=(HELLO,)))), index=2)
    deltas = await read(choice)
    assert [(delta.index, delta.content, delta.finish_reason) for delta in deltas] == [
        (2, "Hel", None),
        (2, "lo", None),
        (2, "", "stop"),
    ]
    assert (choice.node, choice.tokens, choice.usage, choice.complete) == ("node-1", 2, USAGE, True)
    assert choice.first_token_at is not None


@pytest.mark.parametrize("failure", [BROKEN, Unavailable(retry_after_s=3)])
async def test_an_engine_that_does_not_open_is_replaced(failure: AntiphonError) -> None:
    """Nobody sees it."""
    engines = (ScriptedEngine("node-1", opens=(failure,)), ScriptedEngine("node-2", opens=(HELLO,)))
    choice = choice_of(plan_of(model_of(*engines)))
    assert text(await read(choice)) == "Hello"
    assert choice.node == "node-2"


async def test_an_engine_that_fails_before_its_first_delta_is_replaced() -> None:
    """Its stream is closed and its place given back."""
    engines = (ScriptedEngine("node-1", opens=((BROKEN,),)), ScriptedEngine("node-2", opens=(HELLO,)))
    placement = Placement(queue_max=9)
    choice = choice_of(plan_of(model_of(*engines)), placement=placement)
    assert text(await read(choice)) == "Hello"
    assert engines[0].streams[0].closed
    choice.close()
    assert [load.in_flight for load in placement._loads] == [0, 0]


class Reluctant(Placement):
    """A placement that lets no second attempt through at first, as while the budget of retries is used up."""

    refusals = 2

    def take(self, ask: Ask, tried: frozenset[str] = NOWHERE) -> Place | None:
        """Refuse retries, so many times."""
        if tried and self.refusals:
            self.refusals -= 1
            raise Unavailable(retry_after_s=2)
        return super().take(ask, tried)


async def test_an_engine_that_may_not_be_asked_just_now_is_waited_for() -> None:
    """What broke off unheard is begun anew as soon as a retry is let through; where nobody is left it fails at once."""
    engines = (ScriptedEngine("node-1", opens=((BROKEN,),)), ScriptedEngine("node-2", opens=(HELLO,)))
    placement = Reluctant(queue_max=9)
    choice = choice_of(plan_of(model_of(*engines)), placement=placement)
    assert text(await read(choice)) == "Hello"
    assert (choice.node, placement.refusals) == ("node-2", 0)


async def test_without_continuations_nothing_is_tried_elsewhere_after_the_first_delta() -> None:
    """What was said cannot be taken back."""
    broken: tuple[Step, ...] = ([Delta(content="Hel")], BROKEN)
    engines = (ScriptedEngine("node-1", opens=(broken,)), ScriptedEngine("node-2", opens=(HELLO,)))
    with pytest.raises(EngineFailed, match="It broke"):
        await read(choice_of(plan_of(model_of(*engines)), bounds=BREAKING))
    assert engines[1].jobs == []


async def test_each_engine_is_tried_once() -> None:
    """When all have failed, the last failure is told."""
    engines = (ScriptedEngine("node-1", opens=(Unavailable(),)), ScriptedEngine("node-2", opens=(BROKEN,)))
    with pytest.raises(EngineFailed, match="It broke"):
        await read(choice_of(plan_of(model_of(*engines))))
    assert [len(engine.jobs) for engine in engines] == [1, 1]


async def test_three_attempts_are_all() -> None:
    """A fourth engine is not bothered once three streams have broken."""
    engines = [ScriptedEngine(f"node-{i}", opens=((BROKEN,),)) for i in range(4)]
    with pytest.raises(EngineFailed, match="It broke"):
        await read(choice_of(plan_of(model_of(*engines))))
    assert [len(engine.jobs) for engine in engines] == [1, 1, 1, 0]


async def test_three_refused_openings_are_all() -> None:
    """A fourth engine is not bothered once three have refused to begin."""
    engines = [ScriptedEngine(f"node-{i}", opens=(BROKEN,)) for i in range(4)]
    with pytest.raises(EngineFailed, match="It broke"):
        await read(choice_of(plan_of(model_of(*engines))))
    assert [len(engine.jobs) for engine in engines] == [1, 1, 1, 0]


async def test_a_refusal_is_not_tried_elsewhere() -> None:
    """A bad request is bad everywhere."""
    engines = (ScriptedEngine("node-1", opens=(BadRequest("No."),)), ScriptedEngine("node-2", opens=(HELLO,)))
    with pytest.raises(BadRequest):
        await read(choice_of(plan_of(model_of(*engines))))
    assert engines[1].jobs == []


async def test_no_engine_at_all() -> None:
    """Unavailable, with a wait."""
    with pytest.raises(Unavailable) as raised:
        await read(choice_of(plan_of(model_of(ScriptedEngine(wait_s=4)))))
    assert raised.value.retry_after_s is not None


async def test_the_first_token_is_late() -> None:
    """Its bound has a name of its own."""
    plan = plan_of(model_of(ScriptedEngine(opens=((None,),))), first_token_s=-1)
    with pytest.raises(FirstTokenTimeout):
        await read(choice_of(plan))


async def test_the_engine_falls_silent() -> None:
    """After the first token, silence is the engine's failure."""
    plan = plan_of(model_of(ScriptedEngine(opens=(([Delta(content="a")], None),))))
    with pytest.raises(EngineFailed, match="fell silent"):
        await read(choice_of(plan, bounds=msgspec.structs.replace(BREAKING, inter_token_s=-1)))


@pytest.mark.parametrize("step", [None, [Delta(content="a")]])
async def test_the_total_time_is_up(step: Step) -> None:
    """Whether the engine waits or talks."""
    plan = plan_of(model_of(ScriptedEngine(opens=((step,),))), total_s=-1)
    with pytest.raises(DeadlineExceeded):
        await read(choice_of(plan))


async def test_silence_beats() -> None:
    """None says that a heartbeat is due; the answer goes on afterwards."""
    plan = plan_of(model_of(ScriptedEngine(opens=((None, *HELLO),))))
    choice = choice_of(plan, bounds=msgspec.structs.replace(BOUNDS, heartbeat_s=-1))
    await choice.start()
    assert await choice.next() is None
    assert await choice.next() == [Delta(content="Hel")]


@pytest.mark.parametrize(("most", "said", "reason"), [(1, "a", "length"), (2, "ab", "length"), (3, "abc", "stop")])
async def test_an_engine_that_goes_on_is_cut(most: int, said: str, reason: str) -> None:
    """At max_tokens, also in the middle of deltas that came together."""
    steps: tuple[Step, ...] = ([Delta(content="a"), Delta(content="b"), Delta(content="c")], [STOP])
    plan = plan_of(model_of(ScriptedEngine(opens=(steps,))), sampling=Sampling(max_tokens=most))
    choice = choice_of(plan)
    deltas = await read(choice)
    assert (text(deltas), deltas[-1].finish_reason, choice.tokens) == (said, reason, most)


async def test_emulated_calls_are_read_out_of_the_text() -> None:
    """With an id made here, and `tool_calls` as the reason."""
    call = '<tool_call>\n{"name": "f", "arguments": {"x": 1}}\n</tool_call>'
    steps: tuple[Step, ...] = (*([Delta(content=part)] for part in (call[:20], call[20:])), [STOP])
    request = msgspec.structs.replace(ASKED, tools=(Tool("f"),))
    plan = plan_of(model_of(ScriptedEngine(opens=(steps,))), request)
    deltas = await read(choice_of(msgspec.structs.replace(plan, tool_grammar="root ::= x")))
    pieces = [piece for delta in deltas for piece in delta.tool_calls]
    ids = seeded(1)
    ids.make("att-")
    assert (pieces[0].name, pieces[0].id) == ("f", ids.make("call_"))
    assert json.loads("".join(piece.arguments for piece in pieces)) == {"x": 1}
    assert (text(deltas).strip(), deltas[-1].finish_reason) == ("", "tool_calls")


async def test_a_text_that_its_schema_refuses_is_the_engine_s_failure() -> None:
    """It is held against the schema when it is finished."""
    plan = plan_of(model_of(ScriptedEngine(opens=(([Delta(content="{")], [STOP]),))))
    with pytest.raises(EngineFailed):
        await read(choice_of(msgspec.structs.replace(plan, schema={"type": "object"})))


async def test_an_engine_that_breaks_after_the_finish_did_its_work() -> None:
    """Its tokens were counted here; how long the prompt was is known to another engine, if there is one."""
    alone = ScriptedEngine(opens=((*HELLO, BROKEN),))
    choice = choice_of(plan_of(model_of(alone)))
    assert text(await read(choice)) == "Hello"
    assert (choice.usage, choice.complete, len(alone.jobs)) == (Usage(0, 2), True, 1)
    counting = ScriptedEngine("node-2", prompt_tokens=7)
    choice = choice_of(plan_of(model_of(ScriptedEngine(opens=((*HELLO, BROKEN),)), counting)))
    await read(choice)
    assert choice.usage == Usage(7, 2)
    failing = ScriptedEngine("node-3", prompt_tokens=BROKEN)
    choice = choice_of(plan_of(model_of(ScriptedEngine(opens=((*HELLO, BROKEN),)), failing, counting)))
    await read(choice)
    assert choice.usage == Usage(7, 2)
    generating = ScriptedEngine("node-2", answers=((Choice(content="H"), Usage(8, 1)),))
    choice = choice_of(plan_of(model_of(ScriptedEngine(opens=((*HELLO, BROKEN),)), generating)))
    await read(choice)
    assert choice.usage == Usage(8, 2)


async def test_what_only_names_a_call_is_no_token_where_none_are_told() -> None:
    """Engines tell of the name of a call apart from its tokens."""
    pieces = (ToolCallDelta(0, id="a", name="f"), ToolCallDelta(0, arguments="{}"))
    call = [Delta(tool_calls=(piece,)) for piece in pieces]
    engine = ScriptedEngine(opens=((call, [STOP], BROKEN),))
    request = msgspec.structs.replace(ASKED, tools=(Tool("f"),))
    choice = choice_of(plan_of(model_of(engine, native_tools=True), request))
    await read(choice)
    assert choice.usage == Usage(0, 1)


async def test_an_answer_that_is_cut_here_has_its_prompt_counted() -> None:
    """By the engine that served it, without generating anything."""
    engine = ScriptedEngine(opens=(([Delta(content="a"), Delta(content="b")],),), prompt_tokens=7)
    choice = choice_of(plan_of(model_of(engine), sampling=Sampling(max_tokens=1)))
    await read(choice)
    assert choice.usage == Usage(7, 1)


async def test_closing_stops_the_engine() -> None:
    """An unfinished stream is ended and the place given back."""
    engine = ScriptedEngine(opens=(HELLO,), usage=Usage())
    placement = Placement(queue_max=9)
    choice = choice_of(plan_of(model_of(engine)), placement=placement)
    await choice.start()
    choice.close()
    choice.close()
    assert engine.streams[0].closed
    assert placement._loads.of("node-1").in_flight == 0


HIDING = msgspec.structs.replace(ASKED, reasoning=Reasoning(exclude=True))
MUSED: tuple[Step, ...] = ([Delta(reasoning="H")], [Delta(reasoning="m")], *HELLO)


async def test_hidden_thoughts_are_counted() -> None:
    """None of them is given; the answer and the usage are whole."""
    choice = choice_of(plan_of(model_of(ScriptedEngine(opens=(MUSED,))), HIDING))
    deltas = await read(choice)
    assert [(delta.content, delta.reasoning) for delta in deltas] == [("Hel", ""), ("lo", ""), ("", "")]
    assert (choice.tokens, choice.usage) == (4, USAGE)


async def test_hidden_thoughts_do_not_keep_the_client_waiting_in_silence() -> None:
    """A heartbeat is due though the engine talks all the time."""
    choice = choice_of(
        plan_of(model_of(ScriptedEngine(opens=(MUSED,))), HIDING),
        bounds=msgspec.structs.replace(BOUNDS, heartbeat_s=-1),
    )
    await choice.start()
    assert [await choice.next() for _ in range(2)] == [None, None]
    assert text(await choice.next() or []) == "Hel"


async def test_a_stop_text_outside_of_calls_ends_the_engine() -> None:
    """What had come behind it does not count, here or in what the engine had told until then."""
    steps: tuple[Step, ...] = ([Delta(content="a")], [Delta(content="bENDc"), Delta(content="d")], BROKEN)
    engine = ScriptedEngine(opens=(steps,))
    request = msgspec.structs.replace(ASKED, tools=(Tool("f"),))
    plan = plan_of(model_of(engine), request, sampling=Sampling(stop=("END",)))
    choice = choice_of(msgspec.structs.replace(plan, tool_grammar="root ::= x"))
    await choice.start()
    engine.streams[0].usage = Usage(7, 3)
    deltas = [delta for some in [await choice.next(), await choice.next()] for delta in some or ()]
    assert (text(deltas), deltas[-1].finish_reason) == ("ab", "stop")
    assert await choice.next() == []
    assert (choice.tokens, choice.usage, choice.complete) == (2, Usage(7, 2), True)
    assert engine.jobs[0].calls_in_text


async def test_a_clean_end_without_a_finish_is_a_failure() -> None:
    """Another engine is asked where nothing was said, and goes on where something was."""
    for begun in ((), HELLO[:1]):
        engines = (ScriptedEngine("node-1", opens=(begun,)), ScriptedEngine("node-2", opens=(HELLO[len(begun) :],)))
        assert text(await read(choice_of(plan_of(model_of(*engines))))) == "Hello"


def collector(into: list[Delta]) -> Take:
    """Takes all there is."""

    def take(deltas: list[Delta]) -> bool:
        into.extend(deltas)
        return True

    return take


async def test_who_has_had_enough_takes_no_more() -> None:
    """What comes then waits for the next call: its client reads more slowly than the engine says."""
    pieces = tuple([Delta(content=letter)] for letter in "abcd")
    choice = choice_of(plan_of(model_of(ScriptedEngine(opens=((*pieces, [STOP]),)))))
    await choice.start()
    assert await choice.next() == pieces[0]
    taken: list[Delta] = []

    def take(deltas: list[Delta]) -> bool:
        taken.extend(deltas)
        return False

    assert await choice.next(take) == pieces[2]
    assert taken == pieces[1]
    assert await choice.next() == pieces[3]


async def test_nothing_is_said_behind_the_end() -> None:
    """An engine that goes on past the limit is cut once, whatever of it had arrived before it was closed."""
    late: list[Take] = []
    more = [Delta(content="!")]

    class Hasty(ScriptedStream):
        async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
            if take is None:
                return await super().next(until)
            late.append(take)
            assert not take([*more, *more, *more])
            return more

    engine = ScriptedEngine(opens=(HELLO,))
    choice = choice_of(plan_of(model_of(engine), sampling=Sampling(max_tokens=2)))
    await choice.start()
    choice._stream = Hasty(HELLO, None)
    deltas = list(await choice.next() or ())
    assert await choice.next(collector(deltas)) == []
    assert [delta.finish_reason for delta in deltas] == [None, None, "length"]
    assert not late[0](more)
    assert choice.tokens == 2


async def test_late_tokens_of_a_stream_that_was_left_are_dropped() -> None:
    """However long after: they are in no text, no count and no measure of time."""
    stale: list[Take] = []

    class Frozen(ScriptedStream):
        async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
            if take is not None:
                stale.append(take)
                raise EngineFailed
            return await super().next(until)

    engine = ScriptedEngine("node-2", opens=(HELLO[1:],))
    choice = choice_of(plan_of(model_of(ScriptedEngine("node-1", opens=(HELLO,)), engine)))
    await choice.start()
    choice._stream = Frozen(HELLO, None)
    deltas = list(await choice.next() or ())
    assert await choice.next(collector(deltas)) == []
    assert not stale[0]([Delta(content="late")])
    assert (text(deltas), choice.tokens) == ("Hello", 2)
