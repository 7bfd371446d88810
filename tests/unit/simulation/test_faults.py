"""What is drawn to go wrong."""

from __future__ import annotations

from antiphon.simulation.chance import chance
from antiphon.simulation.faults import FaultRates, Faults


def test_nothing_goes_wrong_without_rates_or_after_the_stop() -> None:
    """The second phase of a search is undisturbed."""
    assert Faults(FaultRates(), chance(1)).of_job(10) is None
    faults = Faults(FaultRates(jobs=1.0), chance(1))
    assert faults.of_job(10) is not None
    faults.stop()
    assert faults.of_job(10) is None
    assert faults.stopped


def test_kinds_and_places_are_as_the_rates_say() -> None:
    """Only those that are listed, at tokens that there are; who refuses does so before the first."""
    faults = Faults(FaultRates(jobs=1.0, job_kinds=("refuse", "freeze")), chance(1))
    drawn = [fault for _ in range(200) if (fault := faults.of_job(12)) is not None]
    assert {fault.kind for fault in drawn} == {"refuse", "freeze"}
    assert {fault.after_tokens for fault in drawn if fault.kind == "refuse"} == {0}
    assert {fault.after_tokens for fault in drawn} <= set(range(13))


def test_nodes_are_struck_as_often_as_the_rate_says() -> None:
    """On average: 100 nodes, half of them a minute."""
    faults = Faults(FaultRates(nodes_per_minute=0.5), chance(1))
    mean_s = sum(faults.next_in_s(100) for _ in range(2000)) / 2000
    assert 1.1 < mean_s < 1.3
