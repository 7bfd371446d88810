"""An attempt at an answer in one piece, as its follower sees it."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.completions.noted import noted
from antiphon.course import ABANDONED, Course, Step
from antiphon.errors import EngineFailed
from tests.unit.completions.scripted import ScriptedEngine, offer_of


def told(course: Course, step: Step) -> None:
    """Listen to nothing."""


def course_of() -> Course:
    """A course that tells nobody."""
    return Course("req_1", "/v1/chat/completions", begun_at=0.0, began_at_ms=0.0, tell=told)


async def gives(answer: str) -> str:
    """An answer, soon."""
    return answer


async def test_an_answer_passes_and_its_attempt_went_well() -> None:
    """With the name of who gave it."""
    course = course_of()
    assert await noted(course, offer_of(ScriptedEngine()), "att-1", gives("Hello")) == "Hello"
    (attempt,) = course.attempts
    assert (attempt.id, attempt.node, attempt.failure, attempt.ended_at is not None) == ("att-1", "node-1", None, True)


async def test_a_failure_passes_and_is_the_attempt_s() -> None:
    """By its code."""

    async def fails() -> None:
        raise EngineFailed

    course = course_of()
    with pytest.raises(EngineFailed):
        await noted(course, offer_of(ScriptedEngine()), "att-1", fails())
    assert course.attempts[0].failure == "engine_failed"


async def test_nobody_waits_for_an_attempt_that_is_cancelled() -> None:
    """Then it is over."""
    course = course_of()
    task = asyncio.ensure_future(noted(course, offer_of(ScriptedEngine()), "att-1", asyncio.Event().wait()))
    await asyncio.sleep(0)  # it begins
    task.cancel()
    await asyncio.wait([task])
    assert course.attempts[0].failure == ABANDONED
