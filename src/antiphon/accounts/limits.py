"""How much a key and its account may ask for: requests and tokens a minute, requests at once. Exact on one gateway.

Requests are counted when they come, tokens when they have been used: a request is admitted while one token is left,
and what it uses beyond that is waited for afterwards. `shared_limits.py` applies the same rules to what several
gateways count together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from antiphon.accounts.rates import SECOND_NS, Counter, Left, Used, left, wait_ns
from antiphon.errors import RateLimited
from antiphon.key import Allowance, Key, Part, Scale

Unit = Literal["requests", "tokens"]
SCALES: tuple[Scale, ...] = ("key", "account")
REQUEST_LINES = (
    b"x-ratelimit-limit-requests: %d\r\nx-ratelimit-remaining-requests: %d\r\nx-ratelimit-reset-requests: %ds\r\n"
)
TOKEN_LINES = b"x-ratelimit-limit-tokens: %d\r\nx-ratelimit-remaining-tokens: %d\r\nx-ratelimit-reset-tokens: %ds\r\n"
BOTH_LINES = REQUEST_LINES + TOKEN_LINES
SWEPT_AT_MIN = 1_024


class Admission(Struct, frozen=True):
    """What became of a request that asked to be let in. The header lines tell what is left, in refusals too."""

    lines: bytes
    refusal: RateLimited | None = None


class Limiter(Protocol):
    """Holds each key to its allowance, and the keys of an account together to the account's.

    A gateway asks here when a request begins, when it ends, and when its tokens are known. Times are the event loop's.
    """

    def admit_now(self, key: Key, now_s: float) -> Admission | None:
        """As `admit`, where that needs no waiting; else None, and nothing is counted."""
        ...

    async def admit(self, key: Key, now_s: float) -> Admission:
        """Count a request that begins; nothing is counted when it is refused."""
        ...

    def leave(self, key: Key) -> None:
        """Count the end of a request that was admitted."""
        ...

    def use_tokens(self, key: Key, tokens: int, now_s: float) -> None:
        """Count what a request has used."""
        ...


class Level:
    """The limits of all keys, or of all accounts; at the beginning, what was counted elsewhere."""

    def __init__(
        self,
        scale: Scale,
        *,
        counters: Mapping[str, Counter] | None = None,
        running: Mapping[str, int] | None = None,
    ) -> None:
        self._scale = scale
        self.counters = dict(counters or {})
        self.running = dict(running or {})  # requests at once, of names for which that is limited
        self._swept_at = SWEPT_AT_MIN

    def used(self, part: Part, now_ns: int) -> Used:
        """What it has used of its requests and its tokens."""
        return self.counter(part.name, now_ns).used(part.allowance, now_ns)

    def enter(self, part: Part, now_ns: int) -> Used:
        """Count a request that begins; what has been used then. RateLimited is too much, and nothing is counted."""
        allowance, name = part.allowance, part.name
        at_once, running = allowance.parallel_max, self.running.get(name, 0)
        if at_once and running >= at_once:
            raise RateLimited(f"This {self._scale} allows {at_once} requests at once.", retry_after_s=1)
        used = self.counter(name, now_ns).take(allowance, now_ns)
        if used is None:
            raise self._too_many(part, now_ns)
        if at_once:
            self.running[name] = running + 1
        return used

    def undo(self, part: Part) -> None:
        """Count a request no more that has just been counted."""
        self.counters[part.name].back()
        if part.allowance.parallel_max:
            self.leave(part.name)

    def _too_many(self, part: Part, now_ns: int) -> RateLimited:
        """What to tell a request for which there is none left, or no token."""
        (of_requests, of_tokens), allowance = self.used(part, now_ns), part.allowance
        unit: Unit = "requests"
        per_minute, used = allowance.requests_per_minute, of_requests
        if not per_minute or not wait_ns(used, per_minute):
            unit, per_minute, used = "tokens", allowance.tokens_per_minute, of_tokens
        message = f"This {self._scale} allows {per_minute} {unit} per minute."
        return RateLimited(message, retry_after_s=-(-wait_ns(used, per_minute) // SECOND_NS))

    def run(self, name: str, allowance: Allowance) -> None:
        """Count a request as one that runs, and nothing else."""
        if allowance.parallel_max:
            self.running[name] = self.running.get(name, 0) + 1

    def leave(self, name: str) -> None:
        """Count the end of a request that is counted as one that runs."""
        running = self.running
        if running[name] > 1:
            running[name] -= 1
        else:
            del running[name]

    def counter(self, name: str, now_ns: int) -> Counter:
        """The name's; a new one now and then sweeps out those that say nothing any more."""
        counter = self.counters.get(name)
        if counter is None:
            if len(self.counters) >= self._swept_at:
                self.counters = {name: one for name, one in self.counters.items() if not one.says_nothing(now_ns)}
                self._swept_at = max(SWEPT_AT_MIN, 2 * len(self.counters))
            counter = self.counters[name] = Counter()
        return counter


class Limits:
    """The limiter of a gateway that counts for itself, in memory."""

    def __init__(self, levels: Mapping[Scale, Level] | None = None) -> None:
        self.levels = levels or {scale: Level(scale) for scale in SCALES}

    def admit_now(self, key: Key, now_s: float) -> Admission:
        """Count a request that begins; nothing is counted when it is refused."""
        return self.decide(key.allowances, round(now_s * SECOND_NS))

    async def admit(self, key: Key, now_s: float) -> Admission:
        """As `admit_now`: it never needs to wait."""
        return self.admit_now(key, now_s)

    def decide(self, asked: Sequence[Part], now_ns: int) -> Admission:
        """Count a request that needs room in each of these; nothing is counted when one of them has none."""
        levels = self.levels
        used: list[Used] = []
        try:
            for part in asked:
                each = levels[part.scale].enter(part, now_ns)
                used.append(each)
        except RateLimited as refusal:
            for part in asked[: len(used)]:
                levels[part.scale].undo(part)
            return Admission(lines(asked, [levels[part.scale].used(part, now_ns) for part in asked]), refusal)
        return Admission(lines(asked, used))

    def leave(self, key: Key) -> None:
        """Count the end of a request that was admitted."""
        levels = self.levels
        for part in key.allowances:
            if part.allowance.parallel_max:
                levels[part.scale].leave(part.name)

    def use_tokens(self, key: Key, tokens: int, now_s: float) -> None:
        """Count what a request has used."""
        for part in key.allowances if tokens else ():
            if per_minute := part.allowance.tokens_per_minute:
                now_ns = round(now_s * SECOND_NS)
                self.levels[part.scale].counter(part.name, now_ns).use_tokens(per_minute, tokens, now_ns)


def lines(asked: Sequence[Part], used: Sequence[Used]) -> bytes:
    """What is left, as OpenAI's headers say it: of the key's limit or the account's, whichever has less left."""
    if not asked:
        return b""
    of_requests, of_tokens = _left(asked[0].allowance, used[0])
    if len(asked) > 1:
        others = [_left(part.allowance, each) for part, each in zip(asked[1:], used[1:], strict=True)]
        of_requests = min([of_requests, *(requests for requests, _ in others)], key=_what_is_left)
        of_tokens = min([of_tokens, *(tokens for _, tokens in others)], key=_what_is_left)
    if of_requests is None:
        return b"" if of_tokens is None else TOKEN_LINES % of_tokens
    return REQUEST_LINES % of_requests if of_tokens is None else BOTH_LINES % (of_requests + of_tokens)


def _left(allowance: Allowance, used: Used) -> tuple[Left | None, Left | None]:
    requests, tokens = allowance.requests_per_minute, allowance.tokens_per_minute
    return left(used[0], requests) if requests else None, left(used[1], tokens) if tokens else None


def _what_is_left(one: Left | None) -> float:
    return math.inf if one is None else one[1]
