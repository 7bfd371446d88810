"""The supervisor over children that are processes, but no engines: it starts them, and knows how each one is."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random

import pytest

from antiphon.clock import Clock, ManualClock, SystemClock
from antiphon.engines.embedded import process
from antiphon.engines.embedded.backoff import BackoffLimits
from antiphon.engines.embedded.options import EngineOptions
from antiphon.engines.embedded.sockets import socket_folder
from antiphon.engines.embedded.supervisor import LOAD_S_GUESS, State, Supervisor, SupervisorLimits

PATIENCE_S = 30.0
LOAD_S = 30.0
BACKOFF = BackoffLimits(first_s=0.01, cap_s=0.02)
QUICK = SupervisorLimits(start_poll_s=0.01, probe_interval_s=0.05, backoff=BACKOFF)
HASTY = SupervisorLimits(probe_interval_s=0.05, probe_timeout_s=0.2, hang_limit_s=0.3, backoff=BACKOFF)
LAZY = SupervisorLimits(start_poll_s=0.01, stop_grace_s=0.1, backoff=BackoffLimits(first_s=20, cap_s=20))


class Watched:
    """A supervisor, what it told, and the file that says how its children live."""

    def __init__(self, folder: Path, lives: str, limits: SupervisorLimits, clock: Clock) -> None:
        self.told: list[tuple[State, str]] = []  # and not yet waited for
        self.folder = folder
        self.plan = folder / "plan"
        self.plan.write_text(lives)
        self._news = asyncio.Event()
        self.supervisor = Supervisor(
            EngineOptions(model_name="m", model_path=str(self.plan)),
            run_dir=socket_folder(folder),
            log_path=folder / "engine.log",
            clock=clock,
            random=Random(1),
            environ=os.environ,
            on_change=self._note,
            limits=limits,
        )

    def _note(self) -> None:
        self.told.append((self.supervisor.state, self.supervisor.last_error or ""))
        self._news.set()

    @property
    def states(self) -> list[State]:
        """The states that were told and not yet waited for."""
        return [state for state, _ in self.told]

    async def until(self, state: State) -> str:
        """Wait until that state is told; the reason that was known then."""
        async with asyncio.timeout(PATIENCE_S):
            while state not in self.states:
                self._news.clear()
                await self._news.wait()
        index = self.states.index(state)
        _, reason = self.told[index]
        del self.told[: index + 1]
        return reason

    def open(self) -> None:
        """The model is loaded."""
        Path(f"{self.plan}.open").touch()

    def kill(self) -> None:
        """End the child as the kernel might."""
        assert self.supervisor.pid is not None
        os.kill(self.supervisor.pid, signal.SIGKILL)

    def sockets(self) -> list[str]:
        """Sockets that are there."""
        return [path.name for path in (self.folder / "run").iterdir()]


Watch = Callable[..., Watched]


@pytest.fixture
async def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watch]:
    """Makes supervisors whose children live so; they are stopped after the test."""
    monkeypatch.setattr(process, "MODULE", "tests.unit.engines.embedded.stand_in")
    made: list[Watched] = []

    def one(lives: str, limits: SupervisorLimits = QUICK, clock: Clock | None = None) -> Watched:
        made.append(Watched(tmp_path, lives, limits, clock or SystemClock()))
        return made[-1]

    yield one
    for watched in made:
        await watched.supervisor.stop()


async def test_a_child_becomes_ready(watch: Watch) -> None:
    """It loads, it answers; each is told once, and what it says is kept."""
    watched = watch("ready")
    supervisor = watched.supervisor
    assert (supervisor.state, supervisor.pid) == ("stopped", None)
    await supervisor.start()
    assert await supervisor.wait_ready(PATIENCE_S)
    assert watched.states == ["loading", "ready"]
    assert (supervisor.retry_after_s, supervisor.restarts, supervisor.last_error) == (0, 0, None)
    assert supervisor.log_tail() == ["I am ready"]
    assert watched.sockets() == [Path(supervisor.address).name]


async def test_a_loading_child_is_not_ready(watch: Watch) -> None:
    """It answers, but not with 200; waiting for it may end before it is loaded."""
    watched = watch("loads")
    await watched.supervisor.start()
    assert not await watched.supervisor.wait_ready(0.2)
    assert watched.supervisor.state == "loading"
    watched.open()
    assert await watched.supervisor.wait_ready(PATIENCE_S)


async def test_a_killed_child_is_followed_by_another(watch: Watch) -> None:
    """With another address and the same key; how the first one ended is told while there is none."""
    watched = watch("ready")
    supervisor = watched.supervisor
    await supervisor.start()
    await watched.until("ready")
    before = (supervisor.pid, supervisor.address)
    key = supervisor.api_key
    watched.kill()
    assert await watched.until("restarting") == "The engine was ended by SIGKILL. Its last words: I am ready"
    await watched.until("ready")
    assert supervisor.pid != before[0]
    assert supervisor.address != before[1]
    assert (supervisor.api_key, supervisor.restarts, supervisor.last_error) == (key, 1, None)
    assert watched.sockets() == [Path(supervisor.address).name]


async def test_children_that_never_become_ready_have_failed(watch: Watch) -> None:
    """After three in a row nobody should wait; a later one that is ready ends that."""
    watched = watch("dies dies dies ready")
    await watched.supervisor.start()
    reason = "The engine ended with status 3 before it was ready. Its last words: I am dies"
    assert await watched.until("failed") == reason
    assert watched.supervisor.restarts == 2
    await watched.until("ready")
    assert (watched.supervisor.restarts, watched.supervisor.last_error) == (3, None)


async def test_a_child_that_takes_too_long_is_ended(watch: Watch) -> None:
    """What is not loaded in its time is started again."""
    limits = SupervisorLimits(start_timeout_s=0.5, start_poll_s=0.01, backoff=BACKOFF)
    watched = watch("loads", limits)
    await watched.supervisor.start()
    assert "was ended by SIGTERM after 0.5 s without being ready" in await watched.until("restarting")


async def test_a_child_that_hangs_is_ended(watch: Watch) -> None:
    """One that no longer answers is as good as dead, though the process is there."""
    watched = watch("deaf ready", HASTY)
    await watched.supervisor.start()
    await watched.until("ready")
    assert "because it answered nothing for 0.3 s" in await watched.until("restarting")
    await watched.until("ready")


async def test_a_child_that_cannot_be_started(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an interpreter there is no child, which is told as any other failure, and tried again."""
    watched = watch("ready")
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", str(watched.folder / "nowhere"))
        await watched.supervisor.start()
        assert (await watched.until("failed")).startswith("The engine could not be started: ")
    await watched.until("ready")


@pytest.mark.parametrize(
    ("lives", "state"), [("ready", "ready"), ("loads", "loading"), ("dies", "restarting"), ("stubborn", "ready")]
)
async def test_after_a_stop_there_is_no_child(watch: Watch, lives: str, state: State) -> None:
    """Whatever it was doing, waiting for its next life included; a second stop does nothing."""
    watched = watch(lives, LAZY)
    supervisor = watched.supervisor
    await supervisor.start()
    await watched.until(state)
    for _ in range(2):
        await supervisor.stop()
        assert (supervisor.state, supervisor.pid) == ("stopped", None)
    assert watched.sockets() == []
    assert watched.states == ["stopped"]


async def test_one_that_never_began_is_stopped(watch: Watch) -> None:
    """Nothing was there, nothing is told."""
    watched = watch("ready")
    await watched.supervisor.stop()
    assert (watched.states, watched.sockets()) == ([], [])


async def test_the_wait_is_told_in_whole_seconds(watch: Watch) -> None:
    """First a guess, then what the last load took and what is left of the pause; never less than a second."""
    clock = ManualClock()
    watched = watch("loads", LAZY, clock)
    supervisor = watched.supervisor
    await supervisor.start()
    await asyncio.sleep(0)  # the first life begins
    assert supervisor.retry_after_s == LOAD_S_GUESS
    clock.advance(LOAD_S_GUESS - 0.5)
    assert supervisor.retry_after_s == 1
    clock.advance(LOAD_S)
    assert supervisor.retry_after_s == 1
    watched.open()
    await watched.until("ready")
    watched.kill()
    await watched.until("restarting")
    async with asyncio.timeout(PATIENCE_S):
        while supervisor.pid is not None:  # noqa: ASYNC110 - the pause is known once the child is cleared away
            await asyncio.sleep(0)
    assert LOAD_S + 10 < supervisor.retry_after_s <= LOAD_S + LOAD_S_GUESS + 20
