"""Several choices as one stream."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.chat import Delta, Sampling, Usage
from antiphon.completions.generate import ChoiceStream
from antiphon.completions.merge import MergedStream, total
from antiphon.errors import EngineFailed
from antiphon.ids import seeded
from antiphon.models.placement import Placement
from tests.unit.completions.scripted import BOUNDS, HELLO, ScriptedEngine, model_of, plan_of


def merged_of(engine: ScriptedEngine, n: int, *, heartbeat_s: float = 60) -> MergedStream:
    """`n` choices on one engine, not started."""
    plan = plan_of(model_of(engine), sampling=Sampling(seed=3))
    placement = Placement(queue_max=9)
    choices = [ChoiceStream(plan, i, placement, bounds=BOUNDS, ids=seeded(1)) for i in range(n)]
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


async def test_a_failure_of_one_ends_all() -> None:
    """And it is the one that is raised."""
    engine = ScriptedEngine(opens=((None,), ([Delta(content="a")], EngineFailed("It broke."))))
    stream = merged_of(engine, 2)
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


async def test_usage_is_unknown_where_one_engine_does_not_tell() -> None:
    """A sum with a hole would be wrong."""
    stream = merged_of(ScriptedEngine(opens=(HELLO, HELLO), usage=None), 2)
    await stream.start()
    while await stream.next():
        pass
    assert (stream.usage, stream.complete) == (None, True)
    stream._choices[0].usage = msgspec.structs.replace(Usage(), prompt_tokens=1)
    assert stream.usage is None
    stream.close()
