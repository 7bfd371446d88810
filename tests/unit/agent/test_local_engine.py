"""The models of a machine as one engine."""

from __future__ import annotations

import pytest

from antiphon.agent.local_engine import ByModel, LocalEngine
from antiphon.chat import Message, Sampling
from antiphon.engines import Job, ModelFacts
from antiphon.errors import BadRequest, Unavailable
from antiphon.models.catalogue import Catalogue, Model, Offer
from tests.unit.completions.scripted import HELLO, ScriptedEngine


def job(model: str) -> Job:
    """A job for a model."""
    return Job(model, (Message(role="user", content="Hi"),), Sampling())


def made(*engines: ScriptedEngine, slots: int | None = 2) -> LocalEngine:
    """A local engine; each engine serves the model `m0`, `m1` and so on, under another name of its own."""
    catalogue = Catalogue()
    models = [
        Model(f"m{number}", (Offer(engine, f"own-{number}", slots=slots),), context_length=512)
        for number, engine in enumerate(engines)
    ]
    catalogue.replace("here", tuple(models))
    return LocalEngine("node", catalogue)


async def test_a_job_goes_to_the_engine_of_its_model() -> None:
    """By the name that the engine knows the model by."""
    one, two = ScriptedEngine("a"), ScriptedEngine("b", opens=(HELLO,), prompt_tokens=7)
    engine = made(one, two)
    assert await (await engine.open(job("m1"))).next(0.0)
    assert await engine.count_prompt_tokens(job("m1")) == 7
    assert ([asked.model for asked in one.jobs], {asked.model for asked in two.jobs}) == ([], {"own-1"})


async def test_what_it_serves() -> None:
    """Slots are summed when all are known; it can do what all of them can."""
    engine = made(ScriptedEngine("a"), ScriptedEngine("b", continues=False))
    assert [facts.name for facts in await engine.models()] == ["m0", "m1"]
    assert engine.served()[0] == (ModelFacts("m0", 512), True)
    assert (engine.slots, engine.continues, engine.takes_grammar, engine.unavailable()) == (4, False, True, None)
    assert made(ScriptedEngine("a"), slots=None).slots is None


async def test_engines_that_died_are_told_of() -> None:
    """Whoever asks for a sign of life gets none where one of its engines gives none."""

    class Dead(ScriptedEngine):
        async def models(self) -> list[ModelFacts]:
            """Nothing listens any more."""
            raise Unavailable

    with pytest.raises(Unavailable):
        await made(ScriptedEngine("a"), Dead("b")).models()


async def test_what_it_does_not_serve() -> None:
    """A model that is unknown, and one that is not ready."""
    engine = made(ScriptedEngine("a", wait_s=3))
    assert (engine.ready, engine.unavailable()) == (False, 2)
    with pytest.raises(Unavailable):
        await engine.open(job("m0"))
    with pytest.raises(BadRequest):
        await engine.open(job("x"))


def test_the_link_looks_models_up() -> None:
    """Each name leads to the one engine, others to none."""
    engine = made(ScriptedEngine("a"), ScriptedEngine("b"))
    by_model = ByModel(engine)
    assert (list(by_model), len(by_model)) == (["m0", "m1"], 2)
    assert by_model["m1"] is engine
    assert by_model.get("own-1") is None
