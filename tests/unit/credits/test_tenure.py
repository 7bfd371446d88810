"""When a run is alive, and when others are silent."""

from __future__ import annotations

from antiphon.clock import ManualClock
from antiphon.credits.gateway_store import Run
from antiphon.credits.tenure import BEAT_S, GOOD_S, SILENT_S, Tenure, Watch
from antiphon.db import Database
from tests.unit.credits.books import Away

OWN = 9


def silent(watch: Watch, now: float, **beats: int) -> list[str]:
    """Whom it takes for silent, of gateways that have beaten so often."""
    runs = [Run(epoch, name, beat) for epoch, (name, beat) in enumerate(beats.items(), 1)]
    return [run.gateway for run in watch.silent(runs, now, own=OWN)]


def test_silence_is_measured_from_the_first_look() -> None:
    """By the clock of whoever looks, and anew with each beat."""
    watch = Watch()
    assert silent(watch, 100.0, a=5, b=5) == []
    assert silent(watch, 100.0 + SILENT_S - 0.1, a=5, b=6) == []
    assert silent(watch, 100.0 + SILENT_S, a=5, b=6) == ["a"]
    assert silent(watch, 100.0 + 2 * SILENT_S - 0.1, a=6, b=6) == ["b"]


def test_nobody_is_silent_to_oneself() -> None:
    """However long one has not been heard."""
    watch = Watch()
    own = Run(OWN, "own", 1)
    assert watch.silent([own], 0.0, own=OWN) == watch.silent([own], 1000.0, own=OWN) == []


def test_who_was_away_begins_anew() -> None:
    """A run that held nothing for a while is not silent when it is seen again."""
    watch = Watch()
    assert silent(watch, 0.0, a=1) == []
    assert silent(watch, 100.0) == []
    assert silent(watch, 200.0, a=1) == []


def test_a_run_stops_before_others_end_it() -> None:
    """With a beat to spare, and time for one that comes late."""
    assert BEAT_S < GOOD_S < SILENT_S


async def test_beats_are_few(database: Database) -> None:
    """One when it is time to, counted from when it was asked for."""
    away, clock = Away(database), ManualClock()
    tenure = Tenure(away, "one", clock=clock)
    await tenure.begin()
    assert tenure.good_until == GOOD_S
    away.away = True
    assert await tenure.beat()
    away.away = False
    clock.advance(BEAT_S)
    assert await tenure.beat()
    assert tenure.good_until == BEAT_S + GOOD_S


async def test_an_ended_run_hears_of_it(database: Database) -> None:
    """At its next beat; each run has an epoch of its own."""
    clock = ManualClock()
    first, second = (Tenure(database, "one", clock=clock) for _ in range(2))
    await first.begin()
    await second.begin()
    assert first.epoch < second.epoch
    clock.advance(BEAT_S)
    assert not await first.beat()
    assert await second.beat()
