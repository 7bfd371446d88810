"""Attempts: what each kind of engine is sent, from the start and behind what was said."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from antiphon.chat import Choice, Delta, Usage
from antiphon.completions.attempt import CHARACTERS_INLINE, Attempts, LengthStream
from antiphon.completions.replay import Diverged
from antiphon.completions.transcript import Transcript
from antiphon.errors import EngineFailed
from antiphon.ids import seeded
from tests.unit.completions.scripted import HELLO, ScriptedEngine, model_of, offer_of, plan_of


def said(text: str) -> Transcript:
    """What was said in one piece."""
    transcript = Transcript()
    transcript.loose += [Delta(content=text)]
    return transcript


def heard() -> None:
    """Take notice and do nothing."""


async def test_a_replay_is_asked_from_the_start() -> None:
    """And gives what is new."""
    engine = ScriptedEngine(opens=(HELLO,))
    attempts = Attempts(plan_of(model_of(engine)), 0, seeded(1))
    stream = await attempts.go_on(offer_of(engine), "replay", said("Hel"), spent=1, heard=heard)
    assert await stream.next(asyncio.get_running_loop().time() + 60) == [Delta(content="lo")]
    assert engine.jobs[0].prefill is None


async def test_a_long_text_s_grammar_is_made_beside_the_loop() -> None:
    """It is the same grammar."""
    engine = ScriptedEngine(opens=(HELLO, HELLO))
    plan = msgspec.structs.replace(plan_of(model_of(engine)), grammar='root ::= "a"* "b"\n')
    attempts = Attempts(plan, 0, seeded(1))
    for count in (9, CHARACTERS_INLINE + 1):
        await attempts.go_on(offer_of(engine), "prefill", said("a" * count), spent=1, heard=heard)
    assert engine.jobs[0].grammar == engine.jobs[1].grammar
    with pytest.raises(Diverged):
        await attempts.go_on(offer_of(engine), "prefill", said("c"), spent=1, heard=heard)


async def test_the_prompt_is_counted_as_it_was_asked() -> None:
    """None where the engine fails at that, or can only tell by generating and is not to."""
    engine = ScriptedEngine(prompt_tokens=7)
    attempts = Attempts(plan_of(model_of(engine)), 0, seeded(1))
    assert await attempts.prompt_tokens(offer_of(engine), generating=False) == 7
    broken = ScriptedEngine(prompt_tokens=EngineFailed())
    assert await attempts.prompt_tokens(offer_of(broken), generating=False) is None
    asked = ScriptedEngine(answers=((Choice(content="a"), Usage(7, 1)),))
    assert await attempts.prompt_tokens(offer_of(asked), generating=False) is None
    assert await attempts.prompt_tokens(offer_of(asked), generating=True) == 7
    assert asked.jobs[-1].sampling.max_tokens == 1


async def test_an_end_for_want_of_length() -> None:
    """It says so once."""
    stream = LengthStream()
    assert await stream.next(0.0) == [Delta(finish_reason="length")]
    assert await stream.next(0.0) == []
    assert stream.usage is None
    stream.close()
