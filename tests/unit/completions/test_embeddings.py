"""The life of a request for embeddings: planned, placed, shortened, counted once."""

from __future__ import annotations

import asyncio
import struct

import msgspec
import pytest

from antiphon.chat import EmbeddingRequest, Usage
from antiphon.completions.embeddings import EmbeddingPlan, EmbeddingRecord, EmbeddingService
from antiphon.completions.plan import Bounds, Caller
from antiphon.completions.vectors import numbers
from antiphon.errors import BadRequest, DeadlineExceeded, EngineFailed, ModelNotFound, PermissionDenied, Unavailable
from antiphon.key import Key
from antiphon.models.ask import Ask
from antiphon.models.catalogue import Catalogue, Model, Prices
from antiphon.models.placement import Placement
from antiphon.wheel import TimerWheel
from tests.unit.completions.scripted import BOUNDS, ScriptedEngine, ignore, model_of

ASKED = EmbeddingRequest("m", ("one", "two"))
CALLER = Caller(Key("ann"))
VECTORS = (struct.pack("<3f", 3.0, 4.0, 0.0), struct.pack("<3f", 0.0, 1.0, 0.0))
ANSWER = (VECTORS, Usage(prompt_tokens=5))
TOO_LONG = BadRequest("input: the text does not fit.", param="input", code="context_length_exceeded")


class Served:
    """The service over one model, and what it noted."""

    def __init__(self, *engines: ScriptedEngine, bounds: Bounds = BOUNDS, **model: object) -> None:
        self.records: list[EmbeddingRecord] = []
        catalogue = Catalogue()
        embedding: Model = msgspec.structs.replace(model_of(*engines), **({"embeds": True} | model))
        catalogue.replace("tests", (embedding, Model("chatty", (), embeds=False)))
        self.placement = Placement(queue_max=9)
        self.service = EmbeddingService(
            catalogue,
            self.placement,
            bounds,
            projects=dict,
            wheel=TimerWheel(asyncio.get_running_loop(), tick_s=0.001),
            on_end=self.records.append,
        )

    def plan(self, **fields: object) -> EmbeddingPlan:
        """The plan for the plain request with other fields."""
        return self.service.plan(msgspec.structs.replace(ASKED, **fields), CALLER)


async def test_vectors_and_what_they_took() -> None:
    """By the upstream's name of the model, noted once."""
    engine = ScriptedEngine(embeddings=(ANSWER,))
    served = Served(engine)
    embeddings, node = await served.service.embed(served.plan(), ignore)
    assert (embeddings.vectors, embeddings.usage, node) == (*ANSWER, "node-1")
    assert engine.embedded == [("upstream-m", ("one", "two"))]
    assert [(record.usage, record.failure) for record in served.records] == [(ANSWER[1], None)]


async def test_fewer_dimensions_are_cut_here() -> None:
    """Again of length 1; no engine is asked for it."""
    served = Served(ScriptedEngine(embeddings=(ANSWER, ANSWER)))
    embeddings, _ = await served.service.embed(served.plan(dimensions=2), ignore)
    assert numbers(embeddings.vectors[0]) == pytest.approx((0.6, 0.8))
    assert (await served.service.embed(served.plan(dimensions=3), ignore))[0].vectors == VECTORS


async def test_more_dimensions_than_there_are() -> None:
    """The refusal says how many the model has."""
    served = Served(ScriptedEngine(embeddings=(ANSWER,)))
    with pytest.raises(BadRequest, match="the model has 3") as refused:
        await served.service.embed(served.plan(dimensions=4), ignore)
    assert refused.value.param == "dimensions"
    assert [record.failure for record in served.records] == ["invalid_value"]


@pytest.mark.parametrize("failure", [EngineFailed("It broke."), Unavailable("Busy.", retry_after_s=3)])
async def test_an_engine_that_fails_is_replaced(failure: EngineFailed) -> None:
    """Only the end is noted, and nothing is left counted as busy."""
    served = Served(ScriptedEngine("a", embeddings=(failure,)), ScriptedEngine("b", embeddings=(ANSWER,)))
    _, node = await served.service.embed(served.plan(), ignore)
    assert node == "b"
    assert [record.failure for record in served.records] == [None]
    model = served.plan().model
    places = [served.placement.take(Ask(model), frozenset(tried)) for tried in ((), ("a",))]
    assert [place and place.load.in_flight for place in places] == [1, 1]


async def test_when_all_fail_the_last_failure_is_told() -> None:
    """Not that there is nobody left."""
    engines = [ScriptedEngine(name, embeddings=(EngineFailed(f"{name} broke."),)) for name in ("a", "b")]
    served = Served(*engines)
    with pytest.raises(EngineFailed, match="broke"):
        await served.service.embed(served.plan(), ignore)
    assert [record.failure for record in served.records] == ["engine_failed"]


async def test_a_model_without_a_live_node() -> None:
    """Unavailable, with the wait that its engine asks for."""
    served = Served(ScriptedEngine(wait_s=7))
    with pytest.raises(Unavailable) as refused:
        await served.service.embed(served.plan(), ignore)
    assert refused.value.retry_after_s == 7


async def test_a_refusal_is_the_caller_s() -> None:
    """No other engine is asked."""
    served = Served(ScriptedEngine("a", embeddings=(BadRequest("No."),)), ScriptedEngine("b"))
    with pytest.raises(BadRequest, match="No."):
        await served.service.embed(served.plan(), ignore)


@pytest.mark.parametrize(
    ("tokens", "place"), [(9, "input[1]"), (8, "input"), (None, "input"), (EngineFailed("It broke."), "input")]
)
async def test_the_text_that_is_too_long_is_named(tokens: int | EngineFailed | None, place: str) -> None:
    """Where the engine can tell which one; else its own refusal stands."""
    engine = ScriptedEngine(embeddings=(TOO_LONG,), prompt_tokens=tokens)
    served = Served(engine, context_length=8)
    with pytest.raises(BadRequest) as refused:
        await served.service.embed(served.plan(inputs=((1, 2), "a longer text")), ignore)
    assert (refused.value.param, refused.value.code) == (place, "context_length_exceeded")
    assert [job.prompt for job in engine.jobs] == ["a longer text"]


async def test_the_time_limit() -> None:
    """A silent engine is left, with heartbeats on the way."""
    beats: list[None] = []
    bounds = msgspec.structs.replace(BOUNDS, heartbeat_s=0.02)
    served = Served(ScriptedEngine(embeddings=(None,)), bounds=bounds)
    with pytest.raises(DeadlineExceeded):
        await served.service.embed(served.plan(timeout_s=0.8), lambda: beats.append(None))
    assert beats
    assert [record.failure for record in served.records] == ["deadline_exceeded"]


async def test_more_time_than_anyone_gets_is_refused() -> None:
    """As for a chat."""
    with pytest.raises(BadRequest) as refused:
        Served(ScriptedEngine()).plan(timeout_s=601.0)
    assert refused.value.param == "timeout_secs"


async def test_what_a_request_names_is_checked() -> None:
    """The model, what it does, who may use it, which tokens it has."""
    served = Served(ScriptedEngine(), vocabulary_size=10)
    with pytest.raises(ModelNotFound):
        served.plan(model="nothing")
    with pytest.raises(BadRequest, match="'chatty' generates text, it makes no embeddings") as refused:
        served.plan(model="chatty")
    assert (refused.value.param, refused.value.code) == ("model", "model_not_supported")
    with pytest.raises(PermissionDenied):
        served.service.plan(ASKED, Caller(Key("ann", models=frozenset({"chatty"}))))
    with pytest.raises(BadRequest, match="no token 10"):
        served.plan(inputs=((1, 10),))


async def test_a_key_may_be_bound_to_nodes_and_prices() -> None:
    """As for a chat."""
    first, second = ScriptedEngine("node-1"), ScriptedEngine("node-2", embeddings=(ANSWER,))
    served = Served(first, second, prices=Prices(prompt=5))
    plan = served.service.plan(ASKED, Caller(Key("ann", nodes=frozenset({"node-2"}), prompt_price_max=5)))
    assert (await served.service.embed(plan, ignore))[1] == "node-2"
    with pytest.raises(PermissionDenied):
        served.service.plan(ASKED, Caller(Key("ann", prompt_price_max=4)))


async def test_what_a_model_does_may_not_be_known_yet() -> None:
    """Its file is on its way, or its upstream down: that is no fault of the request, which may be tried again."""
    served = Served(ScriptedEngine(wait_s=7), embeds=None)
    with pytest.raises(Unavailable) as refused:
        await served.service.embed(served.plan(), ignore)
    assert refused.value.retry_after_s == 7


async def test_a_client_that_leaves_is_noted() -> None:
    """And the engine's place is given back."""
    served = Served(ScriptedEngine(embeddings=(None,)))
    task = asyncio.get_running_loop().create_task(served.service.embed(served.plan(), ignore))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(record.usage, record.failure) for record in served.records] == [(Usage(), "client_gone")]
    assert [load.in_flight for load in served.placement._loads] == [0]
