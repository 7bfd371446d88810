"""Tests of which fault a request draws."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.testing.faults import Fault
from antiphon.testing.script import Draws, Script

CLOSE, RESET, SICK = Fault(name="close"), Fault(name="reset"), Fault(name="status", route="health")


def test_queue_is_drawn_in_order() -> None:
    """Faults come in the order given, None is a good answer, then there are none."""
    draws = Draws()
    draws.apply(Script(push=[CLOSE, None, RESET]))
    assert [draws.draw("chat", None, "") for _ in range(4)] == [CLOSE, None, RESET, None]


def test_routes_draw_their_own() -> None:
    """A fault for another route waits for that route."""
    draws = Draws()
    draws.apply(Script(push=[SICK, CLOSE]))
    assert draws.draw("chat", None, "") == CLOSE
    assert draws.draw("health", None, "") == SICK


def test_habit_follows_the_queue() -> None:
    """`always` holds once the queue is empty, until null ends it."""
    draws = Draws()
    draws.apply(Script(push=[None], always=CLOSE))
    assert [draws.draw("chat", None, "") for _ in range(3)] == [None, CLOSE, CLOSE]
    assert draws.draw("health", None, "") is None
    draws.apply(Script(always=None))
    assert draws.draw("chat", None, "") is None


def test_header_beats_marker_beats_queue() -> None:
    """What the request itself asks for comes first and leaves the queue as it is."""
    draws = Draws()
    draws.apply(Script(push=[CLOSE]))
    assert draws.draw("chat", "reset k=2", "[[fault:slow]]") == Fault(name="reset", k=2)
    assert draws.draw("chat", None, "[[fault:slow]]") == Fault(name="slow")
    assert draws.draw("chat", None, "") == CLOSE


def test_clear_forgets() -> None:
    """A cleared script has neither queue nor habit."""
    draws = Draws()
    draws.apply(Script(push=[CLOSE], always=RESET))
    draws.apply(Script(clear=True))
    assert draws.draw("chat", None, "") is None


def test_script_is_read_from_json() -> None:
    """A script file holds faults and nulls; absent `always` differs from null; unknown fields are refused."""
    script = msgspec.json.decode(b'{"push":[{"name":"close","k":3},null]}', type=Script)
    assert script.push == [Fault(name="close", k=3), None]
    assert script.always is not None
    with pytest.raises(ValueError, match="unknown field"):
        msgspec.json.decode(b'{"pusch":[]}', type=Script)
