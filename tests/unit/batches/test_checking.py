"""A file of requests is looked at before any is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator

from antiphon.batches.checking import Checked, check
from antiphon.batches.lines import FAULTS_MAX
from tests.unit.batches.made import CHAT, request, text


async def pieces(*given: str) -> AsyncIterator[str]:
    """A file in these pieces."""
    for piece in given:
        yield piece


async def test_a_good_file_is_counted() -> None:
    """Over all its pieces."""
    file = pieces(text(request("a"), request("b")), "\n", text(request("c")))
    assert await check(file, CHAT, 3) == Checked(3, ())


async def test_each_fault_has_its_line() -> None:
    """A name that stands twice is one, also in another piece."""
    file = pieces(text(request("a"), request("b", method="PUT")), text(request("a")))
    found = await check(file, CHAT, 9)
    assert [(fault.line, fault.code) for fault in found.faults] == [(2, "invalid_method"), (3, "duplicate_custom_id")]


async def test_enough_is_enough() -> None:
    """Of many faults the first are told; too many requests are one fault, and so is none."""
    many = text(*(request(f"n{number}", url="/") for number in range(50)))
    assert len((await check(pieces(many), CHAT, 99)).faults) == FAULTS_MAX
    assert [fault.code for fault in (await check(pieces(many), CHAT, 49)).faults] == ["too_many_requests"]
    assert [fault.code for fault in (await check(pieces("\n"), CHAT, 9)).faults] == ["empty_file"]
