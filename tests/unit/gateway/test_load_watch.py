"""What a gateway refuses while it has too much to do, on a clock and a memory that tests move."""

from __future__ import annotations

import io

import msgspec
import pytest

from antiphon.clock import ManualClock
from antiphon.errors import Unavailable
from antiphon.gateway.load_watch import BEAT_S, BEATS_A_LOOK, LoadWatch
from antiphon.gateway.overload import OverloadLimits
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics

TAGS = ("chat", "completions", "embeddings", "models", "credits", "health")


class Lab:
    """A watch whose beats are made by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.lines = io.StringIO()
        self.metrics = Metrics()
        self.full = 0.0
        log = Log(form="json", stream=self.lines)
        self.watch = LoadWatch(OverloadLimits(), self, clock=self.clock, log=log, metrics=self.metrics)

    def share(self) -> float:
        """How full the memory is."""
        return self.full

    def beat(self, lag_s: float = 0.0, times: int = 1) -> None:
        """Beats that come so late."""
        for _ in range(times):
            if self.watch._timer is not None:
                self.watch._timer.cancel()
            self.clock.advance(BEAT_S + lag_s)
            self.watch._beat()

    def refused(self) -> set[str]:
        """The tags of routes whose requests are refused."""
        found = set()
        for tag in TAGS:
            try:
                self.watch.admit(tag)
            except Unavailable as refusal:
                assert refusal.code == "overloaded"
                assert refusal.retry_after_s is not None
                assert 1 <= refusal.retry_after_s <= 60
                found.add(tag)
        return found

    @property
    def messages(self) -> list[str]:
        """What was logged."""
        return [str(msgspec.json.decode(line)["message"]) for line in self.lines.getvalue().splitlines()]


@pytest.fixture
async def lab() -> Lab:
    """One at rest."""
    lab = Lab()
    lab.watch._wait()
    return lab


async def test_a_late_loop_refuses_work_alone(lab: Lab) -> None:
    """What needs no engine is served, and after a second of calm so is everything."""
    lab.beat(0.5, times=3)
    assert lab.watch.sheds
    assert lab.refused() == {"chat", "completions", "embeddings"}
    lab.watch.require_room_for_images()
    lab.beat(times=12)
    assert (lab.watch.sheds, lab.refused()) == (False, set())
    assert lab.messages == ["requests are shed", "requests are taken on again"]


async def test_a_nearly_full_memory_refuses_images(lab: Lab) -> None:
    """Text is served all the same."""
    lab.full = 0.9
    lab.beat(times=BEATS_A_LOOK)
    assert lab.refused() == set()
    with pytest.raises(Unavailable, match="takes no images now"):
        lab.watch.require_room_for_images()


async def test_a_full_memory_refuses_everything_but_probes(lab: Lab) -> None:
    """Whoever watches the gateway must still see it."""
    lab.full = 0.97
    lab.beat(times=BEATS_A_LOOK)
    assert lab.refused() == set(TAGS) - {"health"}
    lab.full = 0.5
    lab.beat(times=BEATS_A_LOOK)
    assert lab.refused() == set()


async def test_it_is_measured(lab: Lab) -> None:
    """The lag, the memory, and what was refused for which of them."""
    lab.full = 0.97
    lab.beat(times=BEATS_A_LOOK)
    lab.beat(0.5)
    lab.refused()
    text = lab.metrics.text().decode()
    assert f'antiphon_shed_requests_total{{reason="memory"}} {len(TAGS) - 1}.0' in text
    assert "antiphon_memory_used_ratio 0.97" in text
    assert "antiphon_event_loop_lag_seconds 0.5" in text


async def test_it_runs_by_itself_and_ends() -> None:
    """Beats come without a hand, and none after the end."""
    lab = Lab()
    lab.watch.start()
    timer = lab.watch._timer
    assert timer is not None
    await lab.watch.close()
    assert timer.cancelled()
    assert not lab.watch._watchdog._thread.is_alive()
