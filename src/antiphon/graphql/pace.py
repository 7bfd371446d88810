"""How much one answer may hold, and how it is made without keeping other requests waiting.

The library makes an answer in one go, ten microseconds a field. A long list is handed to it piece by piece instead, and
whatever else the gateway has to do comes in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from inspect import isawaitable

from antiphon.errors import BadRequest

FIELDS_MAX = 200_000
AT_ONCE = 16  # items of a list


class Pace:
    """What one answer has left, and whose turn it is among its lists."""

    def __init__(self, fields_max: int = FIELDS_MAX) -> None:
        self._left = self._fields_max = fields_max
        self._turn = asyncio.Lock()

    def spend(self) -> None:
        """One more field; BadRequest for an answer that has too many of them."""
        self._left -= 1
        if self._left < 0:
            rule = f"at most {self._fields_max:,} fields; ask for fewer of them, or for smaller pages"
            raise BadRequest(f"The answer is too large: {rule}.", param="query")

    def paced(self, value: object) -> object:
        """The value; a long list, also one that is still awaited, as something that is read with pauses."""
        if isinstance(value, list | tuple) and len(value) > AT_ONCE:
            return self._with_pauses(value)
        return self._awaited(value) if isawaitable(value) else value

    async def _awaited(self, value: Awaitable[object]) -> object:
        return self.paced(await value)

    async def _with_pauses(self, items: Sequence[object]) -> AsyncIterator[object]:
        for number, item in enumerate(items):
            if number % AT_ONCE == 0:
                async with self._turn:  # one list at a time, however many there are
                    await asyncio.sleep(0)
            yield item
