"""A model of our own: what the catalogue shows while its child loads, serves, falls and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import msgspec
import pytest

from antiphon.chat import Message, Sampling
from antiphon.clock import ManualClock
from antiphon.engines import Job
from antiphon.engines.embedded.options import EngineOptions
from antiphon.engines.embedded.supervisor import State, Supervisor
from antiphon.errors import ConfigError, Unavailable
from antiphon.models.catalogue import Catalogue, Model
from antiphon.settings.serving import ModelSettings
from antiphon.sources.embedded import LOADING_RETRY_S, EmbeddedSource
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.plan import Habits

SETTINGS = ModelSettings(name="ours", reference="ours.gguf", aliases=("own",))
JOB = Job("ours", (Message("user", "Hi [[answer tokens=3]]"),), Sampling(max_tokens=5))


class StandIn:
    """What a source uses of a supervisor, its child a server that the test brings."""

    def __init__(self) -> None:
        self.options = EngineOptions(model_name="ours", model_path="ours.gguf", parallel=3)
        self.api_key = "child-key"
        self.state: State = "stopped"
        self.retry_after_s = 0
        self.last_error: str | None = None
        self.address = ""
        self.on_change: Callable[[], None] = lambda: None
        self.stops = 0

    async def start(self) -> None:
        """Begin to load."""
        self.become("loading", retry_after_s=9)

    async def stop(self) -> None:
        """Count it."""
        self.stops += 1
        self.become("stopped")

    def become(self, state: State, *, address: str = "", retry_after_s: int = 0, error: str | None = None) -> None:
        """Another state, told as a supervisor tells it."""
        self.state, self.address, self.retry_after_s, self.last_error = state, address, retry_after_s, error
        self.on_change()


class Running:
    """A source under way, and what it told."""

    def __init__(self, *, broken: ConfigError | None = None) -> None:
        self.catalogue = Catalogue()
        self.supervisor = StandIn()
        self.file_is_there = asyncio.Event()
        self.told: list[tuple[str, str, str]] = []
        self._news = asyncio.Event()
        self._broken = broken
        self.source = EmbeddedSource(
            SETTINGS, self.catalogue, supervise=self._supervise, clock=ManualClock(), on_state=self._tell
        )
        self.task: asyncio.Task[None] | None = None

    async def _supervise(self, settings: ModelSettings, on_change: Callable[[], None]) -> Supervisor:
        assert settings is SETTINGS
        await self.file_is_there.wait()
        if self._broken is not None:
            raise self._broken
        self.supervisor.on_change = on_change
        return cast("Supervisor", self.supervisor)

    def _tell(self, name: str, state: str, detail: str) -> None:
        self.told.append((name, state, detail))
        self._news.set()

    @property
    def model(self) -> Model:
        """The model as the catalogue has it now."""
        (model,) = self.catalogue.list()
        return model

    def start(self) -> None:
        """Let it run."""
        self.file_is_there.set()
        self.task = asyncio.create_task(self.source.run())

    async def until(self, state: str) -> None:
        """Wait until that state was told."""
        async with asyncio.timeout(20):
            while not self.told or self.told[-1][1] != state:
                self._news.clear()
                await self._news.wait()

    async def end(self) -> None:
        """Cancel and close."""
        assert self.task is not None
        self.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.task
        await self.source.close()


async def test_a_model_is_shown_before_its_file_is_there() -> None:
    """Under all its names, unavailable for a moment, and its stand-in refuses whatever is asked of it."""
    running = Running()
    assert running.catalogue.find("own").id == "ours"
    assert running.model.live == ()
    (offer,) = running.model.offers
    assert offer.engine.unavailable() == LOADING_RETRY_S
    assert await offer.engine.models() == []
    assert await offer.engine.count_prompt_tokens(JOB) is None
    for ask in (offer.engine.complete, offer.engine.open):
        with pytest.raises(Unavailable) as refused:
            await ask(JOB)
        assert refused.value.retry_after_s == LOADING_RETRY_S
    await running.source.close()


async def test_a_loading_child_says_how_long() -> None:
    """From the moment that there is a supervisor, the wait is its own."""
    running = Running()
    running.start()
    await running.until("loading")
    (offer,) = running.model.offers
    assert (offer.engine.unavailable(), offer.slots) == (9, 3)
    with pytest.raises(Unavailable) as refused:
        await offer.engine.complete(JOB)
    assert refused.value.retry_after_s == 9
    await running.end()


async def test_a_ready_child_is_asked() -> None:
    """It is described by what it tells, and answers with its own key."""
    async with FaultEngine(api_key="child-key") as child:
        running = Running()
        running.start()
        await running.until("loading")
        running.supervisor.become("ready", address=f"http://127.0.0.1:{child.port}")
        await running.until("ready")
        assert running.model.live
        assert running.model.context_length is not None
        assert running.model.owned_by == "antiphon"
        choice, _ = await running.model.offers[0].engine.complete(JOB)
        assert choice.content
        await running.end()
    assert running.told == [("ours", "loading", ""), ("ours", "ready", "")]


async def test_a_restarted_child_is_asked_at_its_new_address() -> None:
    """After each restart the engine goes to where the child listens now, and the model never leaves the catalogue."""
    running = Running()
    running.start()
    await running.until("loading")
    engine = running.model.offers[0].engine
    for _ in range(3):
        async with FaultEngine(api_key="child-key") as child:
            running.supervisor.become("ready", address=f"http://127.0.0.1:{child.port}")
            await running.until("ready")
            stream = await engine.open(JOB)
            stream.close()
            await engine.complete(JOB)
            assert len(child.requests) >= 1
        running.supervisor.become("restarting", retry_after_s=4, error="it fell")
        await running.until("restarting")
        assert running.model.live == ()
        assert engine.unavailable() == 4
    await running.end()
    assert ("ours", "restarting", "it fell") in running.told


async def test_an_old_reason_is_not_told_of_a_good_state() -> None:
    """Only a child that is down comes with why."""
    running = Running()
    running.start()
    await running.until("loading")
    running.supervisor.become("failed", error="no memory")
    await running.until("failed")
    running.supervisor.become("loading", error="no memory")
    await running.until("loading")
    assert running.told[-2:] == [("ours", "failed", "no memory"), ("ours", "loading", "")]
    await running.end()


async def test_a_child_that_dies_as_it_is_asked_is_described_later() -> None:
    """A child that is gone again before it has told of its model does not end the source."""
    running = Running()
    running.start()
    await running.until("loading")
    async with FaultEngine() as gone:
        pass
    running.supervisor.become("ready", address=f"http://127.0.0.1:{gone.port}")
    await running.until("ready")
    assert running.model.context_length is None
    assert running.task is not None
    assert not running.task.done()
    await running.end()


async def test_a_file_that_cannot_be_had_ends_the_source() -> None:
    """The reason comes out of `run`; the model stays shown as unavailable."""
    running = Running(broken=ConfigError("no such file"))
    running.start()
    assert running.task is not None
    with pytest.raises(ConfigError, match="no such file"):
        await running.task
    assert running.model.live == ()
    await running.source.close()


async def test_closing_ends_the_child() -> None:
    """Whatever state it was in."""
    running = Running()
    running.start()
    await running.until("loading")
    await running.end()
    assert running.supervisor.stops == 1


async def test_a_child_that_embeds() -> None:
    """The catalogue shows it from the moment that its file is known, and the engine gives its vectors."""
    async with FaultEngine(Habits(model="ours", embeds=True), api_key="child-key") as server:
        running = Running()
        running.supervisor.options = msgspec.structs.replace(running.supervisor.options, pooling="mean")
        assert running.model.embeds is None
        running.start()
        await running.until("loading")
        assert running.model.embeds
        running.supervisor.become("ready", address=f"http://127.0.0.1:{server.port}")
        await running.until("ready")
        (offer,) = running.model.offers
        vectors, usage = await offer.engine.embed("ours", ("a text",))
        assert (len(vectors), usage.prompt_tokens) == (1, 2)
        assert running.model.embeds
        await running.end()


async def test_nothing_is_embedded_before_the_file_is_there() -> None:
    """The stand-in refuses that too."""
    (offer,) = Running().model.offers
    with pytest.raises(Unavailable):
        await offer.engine.embed("ours", ("a",))
