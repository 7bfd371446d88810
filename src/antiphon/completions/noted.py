"""An attempt at an answer in one piece, told to whoever follows the request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from antiphon.course import ABANDONED, Course
from antiphon.errors import AntiphonError
from antiphon.models.catalogue import Offer

T = TypeVar("T")


async def noted(course: Course, offer: Offer, attempt: str, answering: Awaitable[T]) -> T:
    """What the engine of an offer answers; raises what it raises."""
    loop, node = asyncio.get_running_loop(), offer.engine.name
    course.attempted(attempt, 0, node, loop.time())
    try:
        answer = await answering
        course.attempt_ended(node, 0, loop.time())
        return answer
    except AntiphonError as error:
        course.attempt_failed(node, 0, error, loop.time())
        raise
    finally:
        course.attempt_ended(node, 0, loop.time(), ABANDONED)  # which says nothing where it has ended
