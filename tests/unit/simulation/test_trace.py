"""The hash of what happened."""

from __future__ import annotations

from antiphon.simulation.loop import VirtualLoop, run
from antiphon.simulation.trace import Trace


async def _trace(loop: VirtualLoop, *events: str) -> Trace:
    trace = Trace(loop)
    for event in events:
        trace.note(event)
    return trace


def test_order_and_words_make_the_digest() -> None:
    """Two traces are the same if all of it is."""
    assert len({_digest("a", "b"), _digest("b", "a"), _digest("ab")}) == 3
    assert _digest("a") == _digest("a")


def _digest(*events: str) -> str:
    return run(lambda loop: _trace(loop, *events)).digest


def test_the_latest_events_are_kept_with_their_times() -> None:
    """For whoever looks at a failure."""
    trace = run(lambda loop: _trace(loop, "open r1", "over r1"))
    assert list(trace.latest) == ["0.000000 open r1", "0.000000 over r1"]
    assert trace.events == 2
