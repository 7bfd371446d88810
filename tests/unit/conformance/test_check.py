"""A check tells what it is by itself."""

from __future__ import annotations

from antiphon.conformance.check import Check, Outcome
from antiphon.conformance.server import Server


async def kept(server: Server) -> None:
    """It is kept.

    More is not shown.
    """


def test_a_check_is_named_by_its_function() -> None:
    """Area and name, and the first line of its docstring."""
    check = Check("area", kept, "OpenAI")
    assert (check.id, check.what) == ("area.kept", "It is kept.")


def test_only_a_mandatory_check_stands_against_a_server() -> None:
    """And only when it did not pass."""
    needed, spare = Check("area", kept, "OpenAI"), Check("area", kept, "OpenAI", mandatory=False)
    assert Outcome(needed, "lacks", "", 0).needed
    assert not Outcome(needed, "pass", "", 0).needed
    assert not Outcome(spare, "fail", "", 0).needed
