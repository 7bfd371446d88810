"""Shortens a conversation to a number of tokens: oldest turns go first, the system message is cut last of all.

What must stay is the system messages and the current turn: the last user message and all that follows it. A call of
tools and its results stay or go together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Struct

from antiphon.chat import Message
from antiphon.errors import BadRequest

Count = Callable[[tuple[Message, ...]], Awaitable[int]]
PARAM = "prompt_truncate_len"


class Truncated(Struct, frozen=True):
    """The messages that are left and how many went, a cut system message among them."""

    messages: tuple[Message, ...]
    dropped: int


async def truncate(messages: tuple[Message, ...], tokens_max: int, count: Count, *, firm: bool) -> Truncated:
    """At most `tokens_max` tokens as `count` counts them.

    When what must stay is longer, BadRequest if the limit is `firm`, else it stays as it is. Asks `count` a few times:
    it halves what is in question.
    """
    if await count(messages) <= tokens_max:
        return Truncated(messages, 0)
    units = _units(messages)

    def without(dropped: int) -> tuple[Message, ...]:
        gone = {place for unit in units[:dropped] for place in unit}
        return tuple(message for place, message in enumerate(messages) if place not in gone)

    async def fits(dropped: int) -> bool:
        return await count(without(dropped)) <= tokens_max

    fewest = await _first(1, len(units), fits)
    if fewest is not None:
        return Truncated(without(fewest), sum(len(unit) for unit in units[:fewest]))
    bare = without(len(units))
    shorter = await _cut_system(bare, tokens_max, count)
    dropped = sum(len(unit) for unit in units)
    if shorter is not None:
        return Truncated(shorter, dropped + 1)
    if firm:
        message = f"{PARAM}: the current message alone has more than {tokens_max} tokens."
        raise BadRequest(message, param=PARAM, code="context_length_exceeded")
    return Truncated(bare, dropped)


def _units(messages: tuple[Message, ...]) -> list[list[int]]:
    """The places of the turns that may go, oldest first, in the groups that stay or go together."""
    current = max((place for place, message in enumerate(messages) if message.role == "user"), default=0)
    units: list[list[int]] = []
    for place, message in enumerate(messages[:current]):
        if message.role == "tool" and units:
            units[-1].append(place)
        elif message.role != "system":
            units.append([place])
    return units


async def _first(low: int, high: int, holds: Callable[[int], Awaitable[bool]]) -> int | None:
    """The smallest number from `low` to `high` that holds, given that all above it do; None when none does."""
    if low > high or not await holds(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if await holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


async def _cut_system(messages: tuple[Message, ...], tokens_max: int, count: Count) -> tuple[Message, ...] | None:
    """The same with the end of the last system message cut off, as little as needed; None when that is not enough."""
    place = max((i for i, message in enumerate(messages) if message.role == "system"), default=None)
    if place is None:
        return None
    text = messages[place].text

    def cut(by: int) -> tuple[Message, ...]:
        if by == len(text):
            return messages[:place] + messages[place + 1 :]
        shorter = msgspec.structs.replace(messages[place], content=text[: len(text) - by])
        return (*messages[:place], shorter, *messages[place + 1 :])

    async def fits(by: int) -> bool:
        return await count(cut(by)) <= tokens_max

    least = await _first(1, len(text), fits)
    return None if least is None else cut(least)
