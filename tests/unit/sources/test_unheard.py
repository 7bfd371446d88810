"""The engine of a node that was not heard yet."""

from __future__ import annotations

import pytest

from antiphon.chat import Sampling
from antiphon.engines import Job
from antiphon.errors import Unavailable
from antiphon.sources.unheard import UnheardEngine

JOB = Job("m", (), Sampling())


async def test_nothing_can_be_asked_of_it() -> None:
    """Each question is refused with the time after which to ask again, so that it is asked elsewhere."""
    engine = UnheardEngine("node_1")
    for asked in (engine.models(), engine.complete(JOB), engine.open(JOB), engine.embed("m", ("a",))):
        with pytest.raises(Unavailable) as caught:
            await asked
        assert caught.value.retry_after_s == engine.unavailable() == 2
    assert await engine.count_prompt_tokens(JOB) is None
    await engine.close()
