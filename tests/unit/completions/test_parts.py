"""Who said how much."""

from __future__ import annotations

from antiphon.completions.parts import Parts
from antiphon.credits.receipt import Served


def test_each_has_what_came_until_the_next_one_began() -> None:
    """Who said nothing is left out."""
    parts = Parts()
    assert parts.served(0) == ()
    parts.begin("node-1", "att-1", 0)
    parts.begin("node-2", "att-2", 0)
    parts.begin("node-3", "att-3", 4)
    parts.begin("node-2", "att-4", 4)
    assert parts.served(4) == (Served("node-2", "att-2", 4),)
    assert parts.served(9) == (Served("node-2", "att-2", 4), Served("node-2", "att-4", 5))


def test_the_latest_is_asked_for_by_itself() -> None:
    """How much it has said, of all that was."""
    parts = Parts()
    assert parts.latest(3) == 3
    parts.begin("node-1", "att-1", 0)
    parts.begin("node-2", "att-2", 4)
    assert parts.latest(6) == 2
