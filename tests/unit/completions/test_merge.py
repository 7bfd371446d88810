"""Several choices as one stream."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.chat import ChatRequest, Delta, Sampling, Usage
from antiphon.completions.generate import ChoiceStream
from antiphon.completions.merge import MergedStream, added, total
from antiphon.completions.plan import Bounds
from antiphon.errors import BadRequest, EngineFailed
from antiphon.ids import seeded
from antiphon.models.placement import Placement
from tests.unit.completions.scripted import BOUNDS, BREAKING, HELLO, ScriptedEngine, model_of, plan_of


def merged_of(engine: ScriptedEngine, n: int, *, heartbeat_s: float = 60, bounds: Bounds = BOUNDS) -> MergedStream:
    """`n` choices on one engine, not started."""
    plan = plan_of(model_of(engine), sampling=Sampling(seed=3))
    placement = Placement(queue_max=9)
    choices = [ChoiceStream(plan, i, placement, bounds=bounds, ids=seeded(1)) for i in range(n)]
    return MergedStream(choices, heartbeat_s=heartbeat_s)


def test_usage_is_summed_and_the_prompt_counts_once() -> None:
    """As one engine with `n` would tell it."""
    usages = [Usage(7, 2, 3, 1), Usage(7, 5, 7, 2)]
    assert total(usages) == Usage(7, 7, 3, 3)


async def test_all_choices_come_through() -> None:
    """Each with its index, its own order and its own seed."""
    engine = ScriptedEngine(opens=(HELLO, HELLO, HELLO))
    stream = merged_of(engine, 3)
    await stream.start()
    said = ["", "", ""]
    while deltas := await stream.next():
        for delta in deltas:
            said[delta.index] += delta.content + (delta.finish_reason or "")
    stream.close()
    assert said == ["Hellostop"] * 3
    assert [job.sampling.seed for job in engine.jobs] == [3, 4, 5]
    assert (stream.usage, stream.tokens, stream.complete, stream.node) == (Usage(7, 6), 6, True, "node-1")
    assert stream.first_token_at is not None
    assert [(part.node, part.tokens) for part in stream.served] == [("node-1", 2)] * 3


async def test_a_failure_of_one_ends_all() -> None:
    """And it is the one that is raised."""
    engine = ScriptedEngine(opens=((None,), ([Delta(content="a")], EngineFailed("It broke."))))
    stream = merged_of(engine, 2, bounds=BREAKING)
    await stream.start()
    with pytest.raises(EngineFailed, match="It broke"):
        while await stream.next():
            pass
    stream.close()
    assert [each.closed for each in engine.streams] == [True, True]
    assert (stream.complete, stream.usage) == (False, None)


async def test_silence_beats() -> None:
    """None where no choice says anything in time."""
    stream = merged_of(ScriptedEngine(opens=((None,), (None,))), 2, heartbeat_s=0)
    await stream.start()
    assert await stream.next() is None
    stream.close()


async def test_usage_is_what_was_counted_where_an_engine_does_not_tell() -> None:
    """The prompt counts once; it is unknown only where a choice has not come to its end."""
    stream = merged_of(ScriptedEngine(opens=(HELLO, HELLO), usage=None, prompt_tokens=7), 2)
    await stream.start()
    while await stream.next():
        pass
    assert (stream.usage, stream.complete) == (Usage(7, 4), True)
    stream._choices[0].usage = None
    assert stream.usage is None
    stream.close()


def prompted(engine: ScriptedEngine, prompts: int, *, n: int = 1, at_once: int) -> MergedStream:
    """A stream of the answers to that many prompts, not started."""
    request = ChatRequest("m", (), n=n, prompts=tuple(f"prompt {number}" for number in range(prompts)))
    plan = plan_of(model_of(engine), request)
    placement = Placement(queue_max=9)
    choices = [ChoiceStream(plan, i, placement, bounds=BOUNDS, ids=seeded(1)) for i in range(request.choices)]
    return MergedStream(choices, heartbeat_s=60, prompts=prompts, at_once=at_once)


async def test_more_prompts_than_are_asked_at_once_wait() -> None:
    """Each begins when another has ended, and gives its place back then."""
    engine = ScriptedEngine(opens=(HELLO,) * 5)
    stream = prompted(engine, 5, at_once=2)
    await stream.start()
    assert len(engine.jobs) == 2
    ends = []
    while deltas := await stream.next():
        ends += [delta.index for delta in deltas if delta.finish_reason]
        assert sum(not each.closed for each in engine.streams) <= 2
    assert sorted(ends) == list(range(5))
    assert [job.prompt for job in engine.jobs] == [f"prompt {number}" for number in range(5)]
    assert stream.complete
    stream.close()


async def test_a_prompt_that_waited_may_fail_like_the_first() -> None:
    """Its refusal ends the request."""
    engine = ScriptedEngine(opens=(HELLO, BadRequest("No.")))
    stream = prompted(engine, 2, at_once=1)
    await stream.start()
    with pytest.raises(BadRequest, match="No."):
        while await stream.next():
            pass
    stream.close()


async def test_prompts_that_wait_are_not_late() -> None:
    """The first token of each has as long as the first one's had, from when its turn came."""
    engine = ScriptedEngine(opens=(HELLO, HELLO))
    stream = prompted(engine, 2, at_once=1)
    for choice in stream._choices:
        choice._plan = msgspec.structs.replace(choice._plan, first_token_at=choice._plan.begun_at + 5)
    await stream.start()
    while await stream.next():
        pass
    assert stream.complete
    stream.close()


async def test_the_usage_of_several_prompts() -> None:
    """Each prompt counts once, its choices all."""
    engine = ScriptedEngine(opens=(HELLO,) * 4)
    stream = prompted(engine, 2, n=2, at_once=8)
    await stream.start()
    while await stream.next():
        pass
    stream.close()
    assert stream.usage == Usage(14, 8)
    assert added([Usage(1, 2, 3, 4), Usage(10, 20, 30, 40)]) == Usage(11, 22, 33, 44)
