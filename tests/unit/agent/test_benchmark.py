"""How fast an engine is."""

from __future__ import annotations

from antiphon.agent.benchmark import Speed, measure
from antiphon.chat import Delta, Usage
from antiphon.clock import ManualClock
from antiphon.engines import DeltaStream, Job
from antiphon.errors import EngineFailed
from tests.unit.completions.scripted import ScriptedEngine, ScriptedStream, Step


class Timed(ScriptedEngine):
    """Half a second to the first token, a tenth for each step."""

    def __init__(self, clock: ManualClock, usage: Usage | None) -> None:
        steps: tuple[Step, ...] = ([Delta()], [Delta(content="a")], [Delta(content="b")])
        super().__init__(opens=(steps,), usage=usage)
        self._clock = clock

    async def open(self, job: Job) -> DeltaStream:
        """A stream that takes its time."""
        stream = await super().open(job)
        self._clock.advance(0.3)
        assert isinstance(stream, ScriptedStream)
        plain = stream.next

        async def timed(until: float, take: object = None) -> list[Delta] | None:
            self._clock.advance(0.1)
            return await plain(until)

        stream.next = timed  # type: ignore[method-assign] # a step of the script takes time
        return stream


async def test_reading_and_writing_are_told_apart() -> None:
    """The prompt is read until the first token, the others are written after it."""
    clock = ManualClock()
    engine = Timed(clock, Usage(prompt_tokens=250, completion_tokens=5))
    speed = await measure(engine, "m", clock=clock)
    assert speed.prefill is not None
    assert speed.decode is not None
    assert (round(speed.prefill), round(speed.decode)) == (500, 20)
    (job,) = engine.jobs
    assert (job.model, job.sampling.max_tokens, job.sampling.temperature) == ("m", 24, 0.0)


async def test_what_cannot_be_measured() -> None:
    """An engine that fails, or does not count, has no speed."""
    clock = ManualClock()
    assert await measure(ScriptedEngine(opens=(EngineFailed(),)), "m", clock=clock) == Speed()
    assert await measure(Timed(clock, None), "m", clock=clock) == Speed()
