"""A stream becomes one answer, and is ended whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from antiphon.chat import Choice, Completion, Delta, Usage
from antiphon.completions.folded import folded, must_be_folded
from antiphon.errors import AntiphonError, EngineFailed
from tests.unit.completions.scripted import ScriptedEngine, ignore, model_of, plan_of


class Told:
    """A stream that gives these, and remembers how it ended."""

    node = "node-1"
    choices = (Choice(content="Hello"),)
    usage = Usage(7, 2)
    confidence = 99.5

    def __init__(self, *steps: list[Delta] | BaseException | None) -> None:
        self._steps = list(steps)
        self.events: list[str] = []

    async def start(self) -> None:
        """Begin."""
        self.events.append("start")

    async def next(self) -> list[Delta] | None:
        """The next step."""
        step = self._steps.pop(0)
        if isinstance(step, BaseException):
            raise step
        return step

    def failed(self, error: AntiphonError) -> None:
        """It ends early."""
        self.events.append(error.message)

    def close(self) -> None:
        """It ends."""
        self.events.append("close")


async def test_what_a_stream_has_kept_is_the_answer() -> None:
    """With a beat for each silence."""
    stream = Told([Delta(content="Hel")], None, [Delta(content="lo")], None, [])
    beats: list[int] = []
    completion, node = await folded(stream, lambda: beats.append(1))
    assert (completion, node) == (Completion(stream.choices, stream.usage, 99.5), "node-1")
    assert (len(beats), stream.events) == (2, ["start", "close"])


@pytest.mark.parametrize(
    ("error", "events"),
    [
        (EngineFailed("It broke."), ["start", "It broke.", "close"]),
        (asyncio.CancelledError(), ["start", "close"]),
        (ValueError("a fault of ours"), ["start", "close"]),
    ],
)
async def test_a_stream_is_ended_whatever_happens(error: BaseException, events: Sequence[str]) -> None:
    """It is told of a failure that has a name."""
    stream = Told([Delta(content="Hel")], error)
    with pytest.raises(type(error)):
        await folded(stream, ignore)
    assert stream.events == events


async def test_which_answers_are_streams_of_their_engines() -> None:
    """Those in which something must be seen or done on the way."""
    plan = plan_of(model_of(ScriptedEngine()))
    assert not must_be_folded(plan)
    assert must_be_folded(msgspec.structs.replace(plan, prefill="Well"))
    assert must_be_folded(plan_of(model_of(ScriptedEngine(stops_plain=False))))
