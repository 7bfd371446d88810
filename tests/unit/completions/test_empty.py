"""Answers of no tokens."""

from __future__ import annotations

import msgspec

from antiphon.chat import ChatRequest, Delta, Sampling, Usage
from antiphon.completions.empty import EmptyStream
from tests.unit.completions.scripted import ASKED, ScriptedEngine, model_of, plan_of


async def test_every_choice_ends_at_once() -> None:
    """For want of length; the prompt is counted, and no engine generates."""
    engine = ScriptedEngine(prompt_tokens=7)
    request = msgspec.structs.replace(ASKED, n=2)
    stream = EmptyStream(plan_of(model_of(engine), request, sampling=Sampling(max_tokens=0)))
    await stream.start()
    assert await stream.next() == [Delta(0, finish_reason="length"), Delta(1, finish_reason="length")]
    assert await stream.next() == []
    assert stream.usage == Usage(prompt_tokens=7)
    assert stream.usages == (stream.usage, stream.usage)
    assert stream.complete
    stream.close()
    assert engine.streams == []


async def test_each_prompt_is_counted() -> None:
    """Once, however many choices answer it."""
    engine = ScriptedEngine(prompt_tokens=7)
    request = ChatRequest("m", (), n=2, prompts=("one", "two"))
    stream = EmptyStream(plan_of(model_of(engine), request, sampling=Sampling(max_tokens=0)))
    await stream.start()
    assert [job.prompt for job in engine.jobs] == ["one", "two"]
    assert stream.usage == Usage(prompt_tokens=14)
    assert stream.usages == (Usage(prompt_tokens=7),) * 4
    assert await stream.next() == [Delta(index, finish_reason="length") for index in range(4)]
