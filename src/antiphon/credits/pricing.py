"""What a request may cost at most, and what it did cost: whole micro-USDC, rounded here, once, up. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.chat import Usage
from antiphon.models.catalogue import Prices

PRICED_TOKENS = 1_000_000  # a price is for so many
WHOLE_BPS = 10_000


def quote(prices: Prices, prompt_tokens: int, completion_tokens: int) -> int:
    """The most that a request within these bounds can cost, whatever of it is cached, seen or thought.

    `completion_tokens` is the bound of all choices together.
    """
    return _rounded(prompt_tokens * prices.prompt_max + completion_tokens * prices.completion_max)


def cost(prices: Prices, usage: Usage) -> int:
    """What a request cost; a part that is said to be larger than its whole counts as the whole."""
    if not (usage.cached_tokens or usage.image_tokens or usage.reasoning_tokens):
        return _rounded(usage.prompt_tokens * prices.prompt + usage.completion_tokens * prices.completion)
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    image = min(usage.image_tokens, usage.prompt_tokens - cached)
    reasoning = min(usage.reasoning_tokens, usage.completion_tokens)
    return _rounded(
        (usage.prompt_tokens - cached - image) * prices.prompt
        + cached * _or(prices.cached, prices.prompt)
        + image * _or(prices.image, prices.prompt)
        + (usage.completion_tokens - reasoning) * prices.completion
        + reasoning * _or(prices.reasoning, prices.completion)
    )


def share(cost: int, bps: int) -> int:
    """What a node earns of a cost, in hundredths of a per cent of it; the platform takes the remainder."""
    assert 0 <= bps <= WHOLE_BPS, "a share is a part"
    return cost * bps // WHOLE_BPS


def split(amount: int, parts: Sequence[int]) -> list[int]:
    """An amount in parts of those sizes, each rounded so that together they are the amount; all to the last of none."""
    total, done, given, found = sum(parts), 0, 0, []
    for part in parts:
        done += part
        upto = amount * done // total if total else 0
        found.append(upto - given)
        given = upto
    if found and not total:
        found[-1] = amount
    return found


def _rounded(token_prices: int) -> int:
    return -(-token_prices // PRICED_TOKENS)


def _or(price: int | None, other: int) -> int:
    return other if price is None else price
