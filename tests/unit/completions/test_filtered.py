"""A stream whose deltas are looked at first."""

from __future__ import annotations

import asyncio

from antiphon.chat import Delta, Usage
from antiphon.completions.filtered import FilteredStream
from tests.unit.completions.scripted import ScriptedStream


class Swallowing:
    """Lets nothing pass until it has seen so many deltas."""

    def __init__(self, count: int) -> None:
        self._left = count

    @property
    def idle(self) -> bool:
        """Whether it has seen them."""
        return self._left <= 0

    def feed(self, deltas: list[Delta]) -> list[Delta]:
        """What comes after them."""
        swallowed, self._left = self._left, self._left - len(deltas)
        return deltas[max(0, swallowed) :]


class Taken:
    """Takes everything."""

    def __init__(self) -> None:
        self.text = ""

    def take(self, deltas: list[Delta]) -> bool:
        """Remember it, and go on."""
        self.text += "".join(delta.content for delta in deltas)
        return True


def heard_by(count: int) -> tuple[FilteredStream, ScriptedStream, list[int]]:
    """A stream of three deltas, the first `count` swallowed, and what was heard of it."""
    source = ScriptedStream(([Delta(content="a")], [Delta(content="b")], [Delta(content="c")]), Usage(1, 3))
    heard: list[int] = []
    return FilteredStream(source, Swallowing(count), lambda: heard.append(1)), source, heard


async def test_what_is_swallowed_is_heard_and_not_handed_on() -> None:
    """Then everything passes, also to whoever takes it at once."""
    stream, source, heard = heard_by(2)
    until = asyncio.get_running_loop().time() + 60
    taken = Taken()
    assert await stream.next(until) == [Delta(content="c")]
    assert heard == [1, 1, 1]
    assert await stream.next(until, taken.take) == []
    assert stream.usage == Usage(1, 3)
    stream.close()
    assert source.closed


async def test_it_does_not_keep_its_reader_longer_than_until() -> None:
    """Though something comes all the time."""
    stream, _, heard = heard_by(3)
    assert await stream.next(0.0) is None
    assert heard == [1]


async def test_an_idle_filter_costs_nothing() -> None:
    """Deltas are handed on without waking anybody."""
    stream, _, heard = heard_by(0)
    taken = Taken()
    until = asyncio.get_running_loop().time() + 60
    assert await stream.next(until, taken.take) == []
    assert (taken.text, heard) == ("abc", [])
