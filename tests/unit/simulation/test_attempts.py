"""What nodes saw."""

from __future__ import annotations

from antiphon.simulation.attempts import Attempt, Attempts
from antiphon.simulation.loop import VirtualLoop, run
from antiphon.simulation.trace import Trace


def _attempt(number: int, request: str = "r1.0") -> Attempt:
    return Attempt(number, request, "node", 0.0, 9, 5, 0, 0.0)


async def _attempts(loop: VirtualLoop) -> Attempts:
    return Attempts(Trace(loop))


def test_the_most_at_once_is_remembered() -> None:
    """An attempt is over once, whoever says so first."""
    attempts = run(_attempts)
    first, second = _attempt(0), _attempt(1)
    attempts.opened(first)
    attempts.opened(second)
    attempts.over(first, 1.0)
    attempts.over(first, 2.0)
    attempts.over(second, 2.0)
    assert (attempts.most_open["node"], attempts.open_now["node"], first.over_at) == (2, 0, 1.0)
    assert attempts.by_request == {"r1.0": [first, second]}


def test_deaths_count_for_the_prompt() -> None:
    """Also when its client asks again."""
    attempts = run(_attempts)
    attempts.died(_attempt(0, "r1.0"))
    attempts.died(_attempt(1, "r1.7"))
    assert attempts.deaths == {"r1": 2}


def test_the_first_fault_is_the_cause() -> None:
    """What follows from it stands behind it."""
    attempts, attempt = run(_attempts), _attempt(0)
    attempts.struck(attempt, "crash")
    attempts.struck(attempt, "unreachable")
    assert attempt.faults == ["crash", "unreachable"]
