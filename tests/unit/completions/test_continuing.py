"""One choice whose engine breaks off in the middle: seams, rests, engines that cannot go on, what it took in all."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from antiphon.chat import ChatRequest, Delta, Message, Reasoning, Sampling, Tool, ToolCallDelta, Usage
from antiphon.completions import generate
from antiphon.completions.generate import ChoiceStream
from antiphon.completions.plan import Bounds, Plan
from antiphon.completions.poison import Poison
from antiphon.credits.receipt import Served
from antiphon.engines import ModelFacts
from antiphon.engines.thought import Thought
from antiphon.errors import BadRequest, EngineFailed, EngineLost, PoisonPrompt, Unavailable
from antiphon.ids import seeded
from antiphon.models.catalogue import Model, Offer
from antiphon.models.placement import Placement
from tests.unit.completions.scripted import ASKED, BOUNDS, HELLO, ScriptedEngine, Step, model_of, plan_of

STOP = [Delta(finish_reason="stop")]
BROKEN = EngineFailed("It broke.")
GREEDY = Sampling(temperature=0.0)


def said(*words: str) -> tuple[Step, ...]:
    """Steps of one delta each."""
    return tuple([Delta(content=word)] for word in words)


def choice_of(plan: Plan, *, bounds: Bounds = BOUNDS, index: int = 0) -> ChoiceStream:
    """The choice, not started."""
    return ChoiceStream(plan, index, Placement(queue_max=9), bounds=bounds, ids=seeded(1))


async def read(choice: ChoiceStream) -> list[Delta]:
    """All deltas of a choice."""
    await choice.start()
    deltas: list[Delta] = []
    while (some := await choice.next()) != []:
        deltas += some or []
    return deltas


def text(deltas: list[Delta]) -> str:
    """What was said."""
    return "".join(delta.content for delta in deltas)


async def test_another_engine_goes_on_behind_what_was_said() -> None:
    """It gets the text so far as a closing turn, fewer tokens, the same seed; the usage counts each token once."""
    first = ScriptedEngine("node-1", opens=((*said("He", "l"), BROKEN),))
    second = ScriptedEngine("node-2", opens=((*said("lo"), STOP),), usage=Usage(9, 1), prompt_tokens=7)
    plan = plan_of(model_of(first, second), sampling=Sampling(max_tokens=8, seed=4))
    choice = choice_of(plan)
    deltas = await read(choice)
    assert (text(deltas), deltas[-1].finish_reason) == ("Hello", "stop")
    job = second.jobs[0]
    assert job.messages == (*ASKED.messages, Message("assistant", "Hel"))
    assert (job.sampling.max_tokens, job.sampling.seed) == (6, 4)
    assert (choice.usage, choice.node, choice.tokens) == (Usage(7, 3), "node-2", 3)
    parts = [Served("node-1", first.jobs[0].attempt, 2), Served("node-2", job.attempt, 1)]
    assert list(choice.served) == parts
    assert first.streams[0].closed


async def test_each_attempt_has_a_name_and_a_deadline() -> None:
    """Names differ, the deadline is what is left of the answer's time."""
    first = ScriptedEngine("node-1", opens=((*said("a"), BROKEN),))
    second = ScriptedEngine("node-2", opens=((STOP,),))
    await read(choice_of(plan_of(model_of(first, second), total_s=30)))
    attempts = [first.jobs[0], second.jobs[0]]
    assert len({job.attempt for job in attempts}) == 2
    assert all(0 < (job.deadline_s or 0) <= 30 for job in attempts)


async def test_a_prompt_that_nobody_counts_is_what_was_told_less_what_was_said() -> None:
    """The engine that goes on reads the text so far as a part of its prompt."""
    engines = (
        ScriptedEngine("node-1", opens=((*said("He", "l"), BROKEN),)),
        ScriptedEngine("node-2", opens=((*said("lo"), STOP),), usage=Usage(9, 1, cached_tokens=8)),
    )
    choice = choice_of(plan_of(model_of(*engines)))
    await read(choice)
    assert choice.usage == Usage(7, 3, cached_tokens=7)


async def test_the_clients_own_beginning_stays_in_front() -> None:
    """The closing turn is what the client began and what was said since."""
    request = msgspec.structs.replace(ASKED, messages=(*ASKED.messages, Message("assistant", "Oh, ")))
    engines = (
        ScriptedEngine("node-1", opens=((*said("He"), BROKEN),)),
        ScriptedEngine("node-2", opens=((*said("llo"), STOP),)),
    )
    plan = msgspec.structs.replace(plan_of(model_of(*engines), request), prefill="Oh, ")
    assert text(await read(choice_of(plan))) == "Hello"
    assert engines[1].jobs[0].prefill == "Oh, He"


async def test_a_text_completion_goes_on_behind_its_prompt() -> None:
    """Whatever the engine does with closing turns."""
    engines = (
        ScriptedEngine("node-1", opens=((*said("lo"), BROKEN),)),
        ScriptedEngine("node-2", opens=((*said(" you"), STOP),), continues=False),
    )
    request = ChatRequest("m", (), prompts=("Hel",))
    assert text(await read(choice_of(plan_of(model_of(*engines), request)))) == "lo you"
    assert engines[1].jobs[0].prompt == "Hello"


async def test_an_engine_may_go_on_where_it_broke_off_itself() -> None:
    """If there is no other one, after a rest."""
    engine = ScriptedEngine(opens=((*said("He"), BROKEN), Unavailable(), (*said("llo"), STOP)))
    assert text(await read(choice_of(plan_of(model_of(engine))))) == "Hello"
    assert [job.prefill for job in engine.jobs[:3]] == [None, "He", "He"]


async def test_so_many_seams_and_no_more() -> None:
    """Attempts that said nothing do not count."""
    scripts: tuple[tuple[Step, ...], ...] = tuple((*said(word), BROKEN) for word in "abc")
    engine = ScriptedEngine(opens=(*scripts, (BROKEN,), (*said("d"), STOP)))
    plan = plan_of(model_of(engine))
    choice = choice_of(plan)
    assert text(await read(choice)) == "abcd"
    engine = ScriptedEngine(opens=scripts)
    with pytest.raises(EngineFailed, match="It broke"):
        await read(choice_of(plan_of(model_of(engine)), bounds=msgspec.structs.replace(BOUNDS, continuations_max=2)))


async def test_nobody_looks_for_an_engine_for_ever() -> None:
    """As long as a first token may take; then what broke the answer off is told."""
    engine = ScriptedEngine(opens=((*said("a"), BROKEN), *(Unavailable() for _ in range(99))))
    with pytest.raises(EngineFailed, match="It broke"):
        await read(choice_of(plan_of(model_of(engine), first_token_s=0.2)))


async def test_an_answer_of_all_its_tokens_is_only_ended() -> None:
    """No engine is asked for nothing, and one that is there counts the prompt, which was read."""
    engine = ScriptedEngine(opens=((*said("a", "b"), BROKEN),), prompt_tokens=7)
    choice = choice_of(plan_of(model_of(engine), sampling=Sampling(max_tokens=2)))
    deltas = await read(choice)
    assert (text(deltas), deltas[-1].finish_reason, choice.tokens) == ("ab", "length", 2)
    assert choice.usage == Usage(prompt_tokens=7, completion_tokens=2)


async def test_an_engine_that_refuses_to_go_on_is_passed_over() -> None:
    """It is not asked again; the request was good."""
    engines = (
        ScriptedEngine("node-1", opens=((*said("a"), BROKEN), (*said("b"), STOP))),
        ScriptedEngine("node-2", opens=((BadRequest("No prefill here."),),)),
    )
    assert text(await read(choice_of(plan_of(model_of(*engines))))) == "ab"


async def test_a_stall_is_mended_only_where_another_engine_is_free() -> None:
    """Otherwise the silent one has all the time that it was promised."""
    stalling = msgspec.structs.replace(BOUNDS, stall_s=0.02)
    slow: tuple[Step, ...] = (*said("a"), None, *said("b"), STOP)
    alone = ScriptedEngine(opens=(slow,))
    assert text(await read(choice_of(plan_of(model_of(alone)), bounds=stalling))) == "ab"
    engines = (ScriptedEngine("node-1", opens=(slow,)), ScriptedEngine("node-2", opens=((*said("c"), STOP),)))
    assert text(await read(choice_of(plan_of(model_of(*engines)), bounds=stalling))) == "ac"


async def test_calls_in_text_go_on_within_a_call() -> None:
    """The reader of calls stands where it stood, and the rest of the grammar binds what is left.

    Also at an engine that knows tools by itself.
    """
    call = '<tool_call>\n{"name": "f", "arguments": {"x": 1}}\n</tool_call>'
    engines = (
        ScriptedEngine("node-1", opens=((*said(call[:35]), BROKEN),)),
        ScriptedEngine("node-2", opens=((*said(call[35:]), STOP),)),
    )
    model = Model("m", (Offer(engines[0], "m"), Offer(engines[1], "m", native_tools=True)))
    request = msgspec.structs.replace(ASKED, tools=(Tool("f"),))
    plan = msgspec.structs.replace(
        plan_of(model, request), tool_grammar=f"root ::= {msgspec.json.encode(call).decode()}\n"
    )
    deltas = await read(choice_of(plan))
    pieces = [piece for delta in deltas for piece in delta.tool_calls]
    assert [piece.name for piece in pieces if piece.name] == ["f"]
    assert "".join(piece.arguments for piece in pieces) == '{"x": 1}'
    assert deltas[-1].finish_reason == "tool_calls"
    job = engines[1].jobs[0]
    assert (job.tools, job.prefill) == ((), call[:35])
    assert job.grammar is not None
    assert "name" not in job.grammar


def native(*engines: ScriptedEngine, sampling: Sampling = GREEDY) -> Plan:
    """A plan with a tool that the engines know by themselves."""
    request = msgspec.structs.replace(ASKED, tools=(Tool("f"),))
    return plan_of(model_of(*engines, native_tools=True), request, sampling=sampling)


def called(*pieces: str) -> tuple[Step, ...]:
    """A call, its arguments in pieces."""
    begun = [Delta(tool_calls=(ToolCallDelta(0, "call_1", "f"),))]
    return (begun, *([Delta(tool_calls=(ToolCallDelta(0, arguments=piece),))] for piece in pieces))


END = [Delta(finish_reason="tool_calls")]


async def test_native_calls_are_made_again_and_only_what_is_new_is_shown() -> None:
    """One id, no piece twice, and the usage as the second engine tells it."""
    engines = (
        ScriptedEngine("node-1", opens=((*called('{"x"', ": 1"), BROKEN),)),
        ScriptedEngine("node-2", opens=((*called('{"x": ', "12", "}"), END),), usage=Usage(7, 5)),
    )
    choice = choice_of(native(*engines))
    pieces = [piece for delta in await read(choice) for piece in delta.tool_calls]
    assert [piece.id for piece in pieces if piece.id] == ["call_1"]
    assert "".join(piece.arguments for piece in pieces) == '{"x": 12}'
    assert choice.usage == Usage(7, 5)


@pytest.mark.parametrize(("sampling", "jobs"), [(GREEDY, 1), (Sampling(temperature=1.0), 0)])
async def test_native_calls_that_do_not_repeat_end_in_the_error(sampling: Sampling, jobs: int) -> None:
    """Whether another engine says something else, or nothing would make it say the same."""
    engines = (
        ScriptedEngine("node-1", opens=((*called('{"x"'), BROKEN),)),
        ScriptedEngine("node-2", opens=((*called('{"y"'), END),)),
    )
    with pytest.raises(EngineFailed):
        await read(choice_of(native(*engines, sampling=sampling)))
    assert len(engines[1].jobs) == jobs


MARKED = Thought("<think>", "</think>")


def thinking(*engines: ScriptedEngine, exclude: bool = False) -> Plan:
    """A plan for a model that thinks, on these engines."""
    offers = tuple(Offer(engine, "m", thought=MARKED) for engine in engines)
    return plan_of(Model("m", offers), msgspec.structs.replace(ASKED, reasoning=Reasoning(exclude=exclude)))


async def test_an_answer_behind_a_thought_goes_on_behind_it() -> None:
    """The thought is closed in front of the text, and counted once."""
    engines = (
        ScriptedEngine("node-1", opens=(([Delta(reasoning="Hm.")], *said("He"), BROKEN),)),
        ScriptedEngine("node-2", opens=((*said("llo"), STOP),), usage=Usage(9, 1), prompt_tokens=7),
    )
    choice = choice_of(thinking(*engines))
    assert text(await read(choice)) == "Hello"
    assert engines[1].jobs[0].prefill == "<think>\nHm.\n</think>\n\nHe"
    assert choice.usage == Usage(7, 3, reasoning_tokens=1)


async def test_a_thought_goes_on_as_a_thought() -> None:
    """An engine that goes on inside it shows it as text up to its mark."""
    engines = (
        ScriptedEngine("node-1", opens=(([Delta(reasoning="Hm")], BROKEN),)),
        ScriptedEngine("node-2", opens=((*said(", so.", "\n</thi", "nk>\n\n", "Hello"), STOP),)),
    )
    deltas = await read(choice_of(thinking(*engines)))
    assert ("".join(delta.reasoning for delta in deltas), text(deltas)) == ("Hm, so.", "Hello")
    assert engines[1].jobs[0].prefill == "<think>\nHm"


async def test_a_thought_that_nobody_saw_is_forgotten() -> None:
    """The other engine begins anew, and the answer is whole."""
    engines = (
        ScriptedEngine("node-1", opens=(([Delta(reasoning="Hm")], BROKEN),)),
        ScriptedEngine("node-2", opens=(HELLO,)),
    )
    choice = choice_of(thinking(*engines, exclude=True))
    assert text(await read(choice)) == "Hello"
    assert (choice.tokens, engines[1].jobs[0].prefill) == (2, None)


async def test_an_engine_that_cannot_go_on_is_left_out() -> None:
    """And where none can, the answer ends in its error at once."""
    engines = (
        ScriptedEngine("node-1", opens=((*said("a"), BROKEN), (*said("b"), STOP))),
        ScriptedEngine("node-2", continues=False),
    )
    assert text(await read(choice_of(plan_of(model_of(*engines))))) == "ab"
    alone = ScriptedEngine(opens=((*said("a"), BROKEN),), continues=False)
    with pytest.raises(EngineFailed, match="It broke"):
        await read(choice_of(plan_of(model_of(alone))))


async def test_a_text_that_is_no_beginning_of_what_was_asked_ends_in_the_error() -> None:
    """No engine could go on with it."""
    engines = (ScriptedEngine("node-1", opens=((*said("x"), BROKEN),)), ScriptedEngine("node-2"))
    plan = msgspec.structs.replace(plan_of(model_of(*engines)), grammar='root ::= "a"\n')
    with pytest.raises(EngineFailed, match="It broke"):
        await read(choice_of(plan))
    assert engines[1].jobs == []


async def test_a_document_that_its_schema_refuses_is_not_gone_on_with() -> None:
    """It is finished, and wrong."""
    engines = (ScriptedEngine("node-1", opens=((*said("{"), STOP),)), ScriptedEngine("node-2"))
    with pytest.raises(EngineFailed):
        await read(choice_of(msgspec.structs.replace(plan_of(model_of(*engines)), schema={"type": "object"})))
    assert engines[1].jobs == []


class Dead(ScriptedEngine):
    """Gives no sign of life once it was asked for an answer."""

    async def models(self) -> list[ModelFacts]:
        """Nothing listens any more."""
        raise Unavailable


async def test_connections_that_break_are_no_deaths() -> None:
    """As long as the engine is there."""
    lost = tuple((*said(word), EngineLost()) for word in "abc")
    engine = ScriptedEngine(opens=(*lost, (*said("d"), STOP)))
    assert text(await read(choice_of(plan_of(model_of(engine))))) == "abcd"


async def test_what_comes_again_is_a_sign_that_the_prompt_is_not_to_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that dies while it repeats what another one said has read the prompt long ago."""
    monkeypatch.setattr(generate, "SOON_S", 0.0)
    heard = [Delta(tool_calls=(ToolCallDelta(0, name="f", arguments='{"a": 1'),))]
    engines = [Dead(f"node-{i}", opens=((heard, EngineLost()),)) for i in range(3)]
    last = ScriptedEngine("node-3", opens=((heard, [Delta(tool_calls=(ToolCallDelta(0, arguments="}"),))], STOP),))
    request = msgspec.structs.replace(ASKED, tools=(Tool("f"),))
    plan = plan_of(model_of(*engines, last, native_tools=True), request, sampling=GREEDY)
    deltas = await read(choice_of(plan))
    assert "".join(piece.arguments for delta in deltas for piece in delta.tool_calls) == '{"a": 1}'


async def test_an_engine_that_dies_where_others_did_not_is_no_sign_of_poison() -> None:
    """What is made again had got much further before."""
    pieces = [[Delta(tool_calls=(ToolCallDelta(0, name="f"),))]]
    pieces += [[Delta(tool_calls=(ToolCallDelta(0, arguments=digit),))] for digit in "[12345678"]
    engines = [Dead(f"node-{i}", opens=((*pieces[:end], EngineLost()),)) for i, end in enumerate((10, 2, 2))]
    last = ScriptedEngine("node-3", opens=((*pieces, [Delta(tool_calls=(ToolCallDelta(0, arguments="]"),))], STOP),))
    request = msgspec.structs.replace(ASKED, tools=(Tool("f"),))
    plan = plan_of(model_of(*engines, last, native_tools=True), request, sampling=GREEDY)
    deltas = await read(choice_of(plan))
    assert "".join(piece.arguments for delta in deltas for piece in delta.tool_calls) == "[12345678]"


async def test_a_request_that_kills_engines_kills_two() -> None:
    """Then it is refused, and so is the next one like it, before any engine is asked."""
    engines = [Dead(f"node-{i}", opens=((*said("a"), EngineLost()),)) for i in range(4)]
    plan = plan_of(model_of(*engines))
    poison = Poison(asyncio.get_running_loop().time)
    for _ in range(2):
        choice = ChoiceStream(plan, 0, Placement(queue_max=9), bounds=BOUNDS, ids=seeded(1), poison=poison)
        with pytest.raises(PoisonPrompt):
            await read(choice)
    assert [len(engine.jobs) for engine in engines] == [1, 1, 0, 0]


def joined(*engines: ScriptedEngine, later: ScriptedEngine, plan: Plan | None = None) -> ChoiceStream:
    """A choice of a model that another engine serves as well once it was planned."""
    first = model_of(*engines)
    offers = (*first.offers, Offer(later, "m"))
    return ChoiceStream(
        plan or plan_of(first),
        0,
        Placement(queue_max=9),
        bounds=BOUNDS,
        ids=seeded(1),
        latest=lambda model: msgspec.structs.replace(model, offers=offers),
    )


class Gone(ScriptedEngine):
    """Cannot be asked again once it was asked."""

    def unavailable(self) -> int | None:
        """After its first job."""
        return 1 if self.jobs else None


async def test_an_engine_that_joined_since_goes_on() -> None:
    """As one does that was there from the start."""
    second = ScriptedEngine("node-2", opens=((*said("llo"), STOP),))
    choice = joined(Gone("node-1", opens=((*said("He"), BROKEN),)), later=second)
    assert text(await read(choice)) == "Hello"
    assert (choice.node, second.jobs[0].prefill) == ("node-2", "He")


async def test_an_engine_that_joined_since_begins_anew() -> None:
    """Where the only one broke off before it had said anything."""
    choice = joined(Gone("node-1", opens=((EngineLost(),),)), later=ScriptedEngine("node-2", opens=(HELLO,)))
    assert text(await read(choice)) == "Hello"


async def test_an_engine_that_joined_since_and_cannot_be_told_of_tools_is_left_alone() -> None:
    """No grammar was made for it, as all engines knew tools by themselves."""
    first, second = ScriptedEngine("node-1", opens=((*said("He"), BROKEN),)), ScriptedEngine("node-2")
    plan = plan_of(model_of(first, native_tools=True), msgspec.structs.replace(ASKED, tools=(Tool("f"),)))
    with pytest.raises(EngineFailed, match="It broke"):
        await read(joined(first, later=second, plan=plan))
    assert second.jobs == []
