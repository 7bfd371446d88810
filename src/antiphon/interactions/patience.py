"""Waiting for what another gateway has answered and not written yet: rows come some milliseconds behind the answer.

A gateway knows its own rows that are on their way. Of another's it can only look again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from msgspec import Struct

from antiphon.errors import NotFound

T = TypeVar("T")
RESTS_S = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
LATE = ("completion_not_found", "response_not_found", "session_not_found")


class Patience(Struct, frozen=True):
    """Tries again after each of the rests; without any, as where no other gateway shares the database, once."""

    rests_s: tuple[float, ...] = ()

    async def attempt(self, act: Callable[[], Awaitable[T]]) -> T:
        """What `act` returns; it is tried again while a completion, a response or a session is not found."""
        for rest_s in self.rests_s:
            try:
                return await act()
            except NotFound as refusal:
                if refusal.code not in LATE:
                    raise
            await asyncio.sleep(rest_s)
        return await act()
