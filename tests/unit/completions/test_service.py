"""The life of a completion: placed, generated, counted once."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from antiphon.chat import Choice, Delta, Sampling, ToolCall, Usage
from antiphon.completions.plan import Bounds, Plan
from antiphon.completions.poison import Poison
from antiphon.completions.prepare import Preparation
from antiphon.completions.record import Record
from antiphon.completions.service import Completions
from antiphon.completions.suspicion import Suspicion
from antiphon.engines import ModelFacts
from antiphon.errors import (
    AntiphonError,
    BadRequest,
    DeadlineExceeded,
    EngineFailed,
    EngineLost,
    PoisonPrompt,
    Unavailable,
)
from antiphon.ids import seeded
from antiphon.models.catalogue import Catalogue, Offer
from antiphon.models.placement import Placement
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.limits import ImageLimits
from antiphon.wheel import TimerWheel
from tests.unit.completions.scripted import (
    ASKED,
    BOUNDS,
    BREAKING,
    HELLO,
    USAGE,
    ScriptedEngine,
    ignore,
    model_of,
    plan_of,
)

ANSWER = (Choice(content="Hello"), USAGE)
BROKEN = EngineFailed("It broke.")


@pytest.fixture
def records() -> list[Record]:
    """What was noted."""
    return []


@pytest.fixture
async def service(records: list[Record]) -> Completions:
    """The service with generous bounds."""
    return service_of(records, BOUNDS)


def service_of(records: list[Record], bounds: Bounds, poison: Poison | None = None) -> Completions:
    """The service with these bounds."""
    wheel = TimerWheel(asyncio.get_running_loop(), tick_s=0.001)
    preparation = Preparation(Catalogue(), ImageAdmission(ImageLimits()), bounds, ids=seeded(9), projects=dict)
    placement = Placement(queue_max=9)
    return Completions(preparation, placement, bounds, ids=seeded(1), wheel=wheel, on_end=records.append, poison=poison)


def two_choices(*engines: ScriptedEngine, sampling: Sampling = Sampling()) -> Plan:
    """A plan of two choices."""
    return plan_of(model_of(*engines), msgspec.structs.replace(ASKED, n=2), sampling=sampling)


async def test_a_plain_answer_comes_in_one_piece(service: Completions, records: list[Record]) -> None:
    """With the node that served, noted once."""
    completion, node = await service.complete(plan_of(model_of(ScriptedEngine(answers=(ANSWER,)))), ignore)
    assert (completion.choices, completion.usage, node) == ((ANSWER[0],), USAGE, "node-1")
    assert [(record.usage, record.failure) for record in records] == [(USAGE, None)]


async def test_an_engine_that_fails_is_replaced(service: Completions, records: list[Record]) -> None:
    """Only the end is noted."""
    engines = (ScriptedEngine("node-1", answers=(BROKEN,)), ScriptedEngine("node-2", answers=(ANSWER,)))
    _, node = await service.complete(plan_of(model_of(*engines)), ignore)
    assert (node, [record.failure for record in records]) == ("node-2", [None])


async def test_three_attempts_are_all(service: Completions, records: list[Record]) -> None:
    """A fourth engine is not bothered."""
    engines = [ScriptedEngine(f"node-{i}", answers=(BROKEN,)) for i in range(4)]
    with pytest.raises(EngineFailed):
        await service.complete(plan_of(model_of(*engines)), ignore)
    assert [len(engine.jobs) for engine in engines] == [1, 1, 1, 0]
    assert [record.failure for record in records] == ["engine_failed"]


async def test_the_last_failure_is_told_when_no_engine_is_left(service: Completions) -> None:
    """Not that none is left."""
    with pytest.raises(EngineFailed, match="It broke"):
        await service.complete(plan_of(model_of(ScriptedEngine(answers=(BROKEN,)))), ignore)


async def test_no_engine_at_all(service: Completions, records: list[Record]) -> None:
    """Unavailable with the engine's own wait."""
    with pytest.raises(Unavailable) as raised:
        await service.complete(plan_of(model_of(ScriptedEngine(wait_s=4))), ignore)
    assert (raised.value.retry_after_s, [record.failure for record in records]) == (4, ["unavailable"])


async def test_a_refusal_is_not_tried_elsewhere(service: Completions, records: list[Record]) -> None:
    """A bad request is bad everywhere."""
    engines = (ScriptedEngine("node-1", answers=(BadRequest("No."),)), ScriptedEngine("node-2", answers=(ANSWER,)))
    with pytest.raises(BadRequest):
        await service.complete(plan_of(model_of(*engines)), ignore)
    assert (engines[1].jobs, [record.failure for record in records]) == ([], ["invalid_value"])


async def test_a_plain_answer_that_takes_too_long(service: Completions, records: list[Record]) -> None:
    """The deadline holds, the place is given back."""
    with pytest.raises(DeadlineExceeded):
        await service.complete(plan_of(model_of(ScriptedEngine(answers=(None,))), total_s=0.002), ignore)
    assert [record.failure for record in records] == ["deadline_exceeded"]
    assert service._placement._loads.of("node-1").in_flight == 0


async def test_calls_without_an_id_get_one(service: Completions) -> None:
    """Those that have one keep it."""
    calls = (ToolCall("", "f", "{}"), ToolCall("own", "g", "{}"))
    engine = ScriptedEngine(answers=((Choice(tool_calls=calls), USAGE),))
    completion, _ = await service.complete(plan_of(model_of(engine)), ignore)
    ids = seeded(1)
    assert engine.jobs[0].attempt == ids.make("att-")
    assert [call.id for call in completion.choices[0].tool_calls] == [ids.make("call_"), "own"]


async def test_usage_is_believed_up_to_what_was_allowed(service: Completions, records: list[Record]) -> None:
    """An engine cannot bill more tokens than max_tokens."""
    engine = ScriptedEngine(answers=((Choice(content="x"), Usage(7, 900)),))
    completion, _ = await service.complete(plan_of(model_of(engine), sampling=Sampling(max_tokens=5)), ignore)
    assert completion.usage == records[0].usage == Usage(7, 5)


async def test_several_choices_are_folded(service: Completions, records: list[Record]) -> None:
    """In the order of their indices, usage summed."""
    completion, node = await service.complete(two_choices(ScriptedEngine(opens=(HELLO, HELLO))), ignore)
    assert completion.choices == (Choice(index=0, content="Hello"), Choice(index=1, content="Hello"))
    assert (completion.usage, node) == (Usage(7, 4), "node-1")
    assert [(record.usage, record.failure) for record in records] == [(Usage(7, 4), None)]


async def test_a_schema_failure_is_noted(service: Completions, records: list[Record]) -> None:
    """A plain answer that its schema refuses is the engine's failure."""
    plan = plan_of(model_of(ScriptedEngine(opens=(HELLO,))))
    with pytest.raises(EngineFailed):
        await service.complete(msgspec.structs.replace(plan, schema={"type": "object"}), ignore)
    assert [record.failure for record in records] == ["engine_failed"]


async def test_a_folded_answer_beats(records: list[Record]) -> None:
    """Each heartbeat that is due is passed on."""
    service = service_of(records, msgspec.structs.replace(BOUNDS, heartbeat_s=-1))
    beats: list[int] = []
    engine = ScriptedEngine(opens=((None, None, *HELLO),), stops_plain=False)
    completion, _ = await service.complete(plan_of(model_of(engine)), lambda: beats.append(1))
    assert (completion.choices[0].content, len(beats)) == ("Hello", 2)


async def test_a_stream_is_noted_once(service: Completions, records: list[Record]) -> None:
    """However often it is closed."""
    stream = service.open(plan_of(model_of(ScriptedEngine(opens=(HELLO,)))))
    await stream.start()
    while await stream.next():
        pass
    stream.close()
    stream.close()
    assert [(record.usage, record.failure) for record in records] == [(USAGE, None)]
    assert records[0].first_token_at is not None


async def test_a_stream_that_nobody_reads_to_its_end(service: Completions, records: list[Record]) -> None:
    """It is noted as the client's leaving, with the tokens counted here."""
    engine = ScriptedEngine(opens=(([Delta(content="a")], *HELLO),))
    stream = service.open(plan_of(model_of(engine)))
    await stream.start()
    await stream.next()
    stream.close()
    assert [(record.usage, record.failure) for record in records] == [(Usage(0, 1), "client_gone")]
    assert engine.streams[0].closed


async def test_a_plain_answer_that_nobody_waits_for(service: Completions, records: list[Record]) -> None:
    """Its client's leaving is noted as a stream's is, though nothing is known of what was generated."""
    task = asyncio.get_running_loop().create_task(
        service.complete(plan_of(model_of(ScriptedEngine(answers=(None,)))), ignore)
    )
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(record.usage, record.failure) for record in records] == [(Usage(), "client_gone")]


async def test_a_plain_request_under_suspicion_keeps_apart(records: list[Record]) -> None:
    """It goes where no other one is on trial, and waits while there is no such engine."""
    loop = asyncio.get_running_loop()
    poison, dead = Poison(loop.time), ScriptedEngine("dead", wait_s=1)
    engines = [ScriptedEngine(f"node-{i}", answers=(ANSWER,)) for i in (1, 2)]
    plan = plan_of(model_of(*engines))
    await Suspicion(poison, plan).lost(dead, soon=True)
    poison.begin(b"another", "node-1")
    service = service_of(records, BOUNDS, poison)
    _, node = await service.complete(plan, ignore)
    assert node == "node-2"
    alone = plan_of(model_of(engines[0]))
    await Suspicion(poison, alone).lost(dead, soon=True)
    loop.call_later(0.05, lambda: poison.left(b"another", "node-1", lost=False))
    _, node = await service.complete(alone, ignore)
    assert node == "node-1"


async def test_a_plain_request_that_kills_engines_kills_two(records: list[Record]) -> None:
    """Then it is refused."""

    class Dead(ScriptedEngine):
        async def models(self) -> list[ModelFacts]:
            """Nothing listens any more."""
            raise Unavailable

    poison = Poison(asyncio.get_running_loop().time)
    engines = [Dead(f"node-{i}", answers=(EngineLost(),)) for i in range(3)]
    with pytest.raises(PoisonPrompt):
        await service_of(records, BOUNDS, poison).complete(plan_of(model_of(*engines)), ignore)
    assert [len(engine.jobs) for engine in engines] == [1, 1, 0]
    assert [record.failure for record in records] == ["poison_prompt"]


async def test_a_plain_request_that_waited_may_be_accused_meanwhile(records: list[Record]) -> None:
    """It gives back the place that it waited for, and is noted once."""
    loop = asyncio.get_running_loop()
    poison, engine = Poison(loop.time), ScriptedEngine(answers=(None, ANSWER))
    plan = plan_of(msgspec.structs.replace(model_of(engine), offers=(Offer(engine, "m", slots=1),)))
    service = service_of(records, BOUNDS, poison)
    first = asyncio.create_task(service.complete(plan, ignore))
    await asyncio.sleep(0)
    await Suspicion(poison, plan).lost(ScriptedEngine("dead-1", wait_s=1), soon=True)
    second = asyncio.create_task(service.complete(plan, ignore))
    await asyncio.sleep(0)
    with pytest.raises(PoisonPrompt):
        await Suspicion(poison, plan).lost(ScriptedEngine("dead-2", wait_s=1), soon=True)
    first.cancel()
    with pytest.raises(PoisonPrompt):
        await second
    assert [record.failure for record in records] == ["client_gone", "poison_prompt"]
    assert service._placement._loads.of("node-1").in_flight == 0


async def test_a_failure_says_when_to_come_again(service: Completions) -> None:
    """Plain or streamed, before anything was said; what broke off later cannot be sent again by itself."""
    for stream in (False, True):
        engine = ScriptedEngine(opens=(Unavailable("It is away."),), answers=(Unavailable("It is away."),))
        with pytest.raises(Unavailable) as raised:
            await (_streamed(service, engine) if stream else service.complete(plan_of(model_of(engine)), ignore))
        assert (raised.value.retry_after_s in (1, 2), raised.value.retryable) == (True, None)
    late = EngineFailed("It broke later.")
    with pytest.raises(EngineFailed):
        await _streamed(service_of([], BREAKING), ScriptedEngine(opens=((*HELLO[:1], late),)))
    assert late.retry_after_s is None


async def _streamed(service: Completions, engine: ScriptedEngine) -> None:
    """Read a stream to its end."""
    stream = service.open(plan_of(model_of(engine)))
    try:
        await stream.start()
        while await stream.next():
            pass
    except AntiphonError as error:
        stream.failed(error)
        raise
    finally:
        stream.close()
