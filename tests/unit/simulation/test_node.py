"""A simulated node: how long things take, what is cached, and each way to fail."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from antiphon.chat import Delta, Sampling, Usage
from antiphon.engines import Job
from antiphon.errors import EngineFailed, Saturated
from antiphon.simulation.faults import POISON, FaultRates, JobFaultKind
from antiphon.simulation.language import Language
from antiphon.simulation.node_stream import NodeStream
from tests.unit.simulation.worlds import PLAIN, SPOKEN, Lab, asked, in_lab, read, said


async def arrived(lab: Lab, job: Job) -> NodeStream:
    """The stream of a job, once that has reached the node."""
    stream = await lab.node.open(job)
    await asyncio.sleep(0.001)
    return stream


def test_it_says_what_the_oracle_says_and_counts_it() -> None:
    """To the byte, with a finish and the usage."""

    async def main(lab: Lab) -> None:
        job = asked(max_tokens=12)
        stream = await lab.node.open(job)
        deltas = await read(stream)
        answer = SPOKEN.answer(job.messages, Sampling(12))
        assert said(deltas) == answer.text
        assert [delta.finish_reason for delta in deltas][-1] == answer.finish_reason
        assert stream.usage == Usage(stream.attempt.prompt_tokens, len(answer.deltas), 0)
        assert not lab.node.running

    in_lab(main)


def test_the_prompt_is_read_then_the_answer_written() -> None:
    """At the hardware's speeds, which are round here: 10 ms and 100 ms a token."""

    async def main(lab: Lab) -> None:
        stream = await lab.node.open(asked(max_tokens=9))
        await stream.next(1000)
        reading_s = stream.attempt.prompt_tokens / 100
        assert lab.loop.time() == pytest.approx(reading_s + 0.1)
        await read(stream)
        assert lab.loop.time() == pytest.approx(reading_s + 0.1 * stream.attempt.sent_tokens)

    in_lab(main)


def test_what_was_read_before_is_not_read_again() -> None:
    """But for the end of the prompt."""

    async def main(lab: Lab) -> None:
        text = "x" * 4000
        first = await lab.node.open(asked(text, max_tokens=1))
        await read(first)
        second = await lab.node.open(asked(text, max_tokens=1))
        await read(second)
        assert first.attempt.cached_tokens == 0
        assert second.attempt.prompt_tokens - second.attempt.cached_tokens < 200

    in_lab(main)


def test_it_goes_on_with_what_was_begun() -> None:
    """At the very next token."""

    async def main(lab: Lab) -> None:
        whole = SPOKEN.answer(asked().messages, Sampling(12))
        begun = "".join(delta.content for delta in whole.deltas[:5])
        stream = await lab.node.open(asked(begun=begun, max_tokens=7))
        assert begun + said(await read(stream)) == whole.text
        assert stream.attempt.begun_tokens == 5

    in_lab(main)


def test_slots_then_a_queue_then_refusals() -> None:
    """Two are served, three wait, the next is told to come later."""

    async def main(lab: Lab) -> None:
        streams = [await arrived(lab, asked(f"{i}", max_tokens=5)) for i in range(6)]
        assert (len(lab.node.running), len(lab.node.waiting)) == (2, 3)
        with pytest.raises(Saturated):
            await streams[5].next(1000)
        assert [len(said(await read(stream))) > 0 for stream in streams[:5]] == [True] * 5
        assert not lab.node.running

    in_lab(main)


def test_whoever_leaves_frees_a_slot() -> None:
    """Who waits begins at once."""

    async def main(lab: Lab) -> None:
        streams = [await arrived(lab, asked(f"{i}")) for i in range(3)]
        streams[0].close()
        assert list(lab.node.running) == streams[1:]
        assert lab.attempts.open_now["node"] == 2

    in_lab(main)


def test_a_crash_ends_everything_and_empties_the_cache() -> None:
    """Later it is known to be gone, and later still it is back."""

    async def main(lab: Lab) -> None:
        node = lab.node
        await read(await node.open(asked("x" * 4000, max_tokens=1)))
        stream = await node.open(asked())
        await stream.next(1000)
        node.crash(10)
        with pytest.raises(EngineFailed):
            await read(stream)
        with pytest.raises(EngineFailed, match="cannot be reached"):
            await node.open(asked())
        assert (len(node.cache), node.unavailable()) == (0, None)
        await asyncio.sleep(4)
        assert node.unavailable() == 1
        await asyncio.sleep(7)
        assert (node.unavailable(), node.down) == (None, False)

    in_lab(main)


def test_a_frozen_node_is_silent_then_goes_on() -> None:
    """Nothing is lost."""

    async def main(lab: Lab) -> None:
        stream = await lab.node.open(asked(max_tokens=8))
        first = await stream.next(1000)
        lab.node.freeze(60)
        assert lab.node.silent
        assert await stream.next(lab.loop.time() + 50) is None
        assert first is not None
        assert said(first + await read(stream)) == SPOKEN.answer(asked().messages, Sampling(8)).text

    in_lab(main)


@pytest.mark.parametrize("careless", [False, True])
def test_late_tokens_come_only_from_the_careless(careless: bool) -> None:
    """A frozen node that wakes sends what it had, to whoever once waited."""

    async def main(lab: Lab) -> list[str]:
        late: list[str] = []
        stream = await lab.node.open(asked(max_tokens=20))
        await stream.next(1000)
        lab.node.freeze(30)

        def take(deltas: list[Delta]) -> bool:
            late.append(said(deltas))
            return True

        assert await stream.next(lab.loop.time() + 5, take) is None
        stream.close()
        assert list(lab.node.running) == [stream]
        await asyncio.sleep(60)
        assert not lab.node.running
        return late

    assert bool(in_lab(main, careless=careless)) is careless


def test_a_slow_node_takes_longer_for_everything() -> None:
    """So many times, and then no more."""

    async def main(lab: Lab) -> None:
        lab.node.slow(5, 1000)
        stream = await lab.node.open(asked(max_tokens=1))
        await read(stream)
        assert lab.loop.time() == pytest.approx(5 * (stream.attempt.prompt_tokens / 100 + 0.1))
        await asyncio.sleep(1000)
        assert lab.node.slowness == 1

    in_lab(main)


@pytest.mark.parametrize("kind", ["break", "garbage", "crash"])
def test_faults_of_jobs_break_the_stream(kind: JobFaultKind) -> None:
    """After what was said before."""

    async def main(lab: Lab) -> None:
        stream = await lab.node.open(asked())
        with pytest.raises(EngineFailed):
            await read(stream)
        assert stream.attempt.faults[0] == kind
        assert lab.node.down is (kind == "crash")

    in_lab(main, rates=FaultRates(jobs=1.0, job_kinds=(kind,)))


def test_a_truncated_answer_ends_without_a_finish() -> None:
    """As cleanly as a good one."""

    async def main(lab: Lab) -> None:
        stream = await lab.node.open(asked())
        assert not [delta for delta in await read(stream) if delta.finish_reason]

    in_lab(main, rates=FaultRates(jobs=1.0, job_kinds=("truncate",)))


def test_poison_kills_whoever_reads_it() -> None:
    """And is counted."""

    async def main(lab: Lab) -> None:
        stream = await lab.node.open(asked(f"Read this: {POISON}"))
        with pytest.raises(EngineFailed):
            await stream.next(1000)
        assert (lab.node.down, lab.attempts.deaths["r1"]) == (True, 1)

    in_lab(main)


def test_an_answer_in_one_piece() -> None:
    """What cannot be finished is a failure."""

    async def main(lab: Lab) -> None:
        choice, usage = await lab.node.complete(asked(max_tokens=6))
        assert (choice.content, usage.completion_tokens) == (SPOKEN.answer(asked().messages, Sampling(6)).text, 6)

    in_lab(main)


def test_its_heartbeat_tells_its_load() -> None:
    """Slots, work, speed and size."""

    async def main(lab: Lab) -> None:
        for i in range(3):
            await lab.node.open(asked(f"{i}"))
        await asyncio.sleep(0.01)
        told = lab.node.load()
        assert (told.slots, told.busy, told.queued, told.prefill_tokens_per_s) == (2, 2, 1, 100)

    in_lab(main)


def test_answers_beside_each_other_slow_each_other() -> None:
    """By the cost that the hardware says."""

    async def main(lab: Lab) -> None:
        streams = [await lab.node.open(asked(f"{i}", max_tokens=10)) for i in range(2)]
        for stream in streams:
            await read(stream)
        assert lab.loop.time() > 1.4

    assert Language().tokens_mean > 0
    in_lab(main, hardware=replace(PLAIN, batch_cost=0.5))
