"""How much a key and its account may ask for: requests and tokens a minute, requests at once. Exact on one gateway.

Requests are counted when they come, tokens when they have been used: a request is admitted while one token is left,
and what it uses beyond that is waited for afterwards. `shared_limits.py` applies the same rules to what several
gateways count together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from antiphon.accounts.rates import SECOND_NS, WINDOW_NS, Left, Rates, left, wait_ns
from antiphon.errors import RateLimited
from antiphon.key import Allowance, Key, Part, Scale

Unit = Literal["requests", "tokens"]
SCALES: tuple[Scale, ...] = ("key", "account")
REQUEST_LINES = (
    b"x-ratelimit-limit-requests: %d\r\nx-ratelimit-remaining-requests: %d\r\nx-ratelimit-reset-requests: %ds\r\n"
)
TOKEN_LINES = b"x-ratelimit-limit-tokens: %d\r\nx-ratelimit-remaining-tokens: %d\r\nx-ratelimit-reset-tokens: %ds\r\n"
BOTH_LINES = REQUEST_LINES + TOKEN_LINES
Used = tuple[int, int]  # of requests and of tokens, as `Rates.used` tells it


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
        requests: Rates | None = None,
        tokens: Rates | None = None,
        running: Mapping[str, int] | None = None,
    ) -> None:
        self._scale = scale
        self.requests = requests or Rates()
        self.tokens = tokens or Rates()
        self.running = dict(running or {})  # requests at once, of names for which that is limited

    def used(self, part: Part, now_ns: int) -> Used:
        """What it has used of its requests and its tokens."""
        allowance, name = part.allowance, part.name
        requests, tokens = allowance.requests_per_minute, allowance.tokens_per_minute
        return (
            self.requests.used(name, requests, now_ns) if requests else 0,
            self.tokens.used(name, tokens, now_ns) if tokens else 0,
        )

    def enter(self, part: Part, now_ns: int) -> tuple[Used, RateLimited | None]:
        """Count a request that begins, and what has been used then; or why it is too much, and nothing is counted."""
        allowance, name = part.allowance, part.name
        requests, tokens, at_once = allowance.requests_per_minute, allowance.tokens_per_minute, allowance.parallel_max
        of_requests = self.requests.used(name, requests, now_ns) if requests else 0
        of_tokens = self.tokens.used(name, tokens, now_ns) if tokens else 0
        running = self.running.get(name, 0)
        if at_once and running >= at_once:
            message = f"This {self._scale} allows {at_once} requests at once."
            return (of_requests, of_tokens), RateLimited(message, retry_after_s=1)
        if requests and of_requests > WINDOW_NS * (requests - 1):
            return (of_requests, of_tokens), self._too_many(requests, "requests", of_requests)
        if tokens and of_tokens > WINDOW_NS * (tokens - 1):
            return (of_requests, of_tokens), self._too_many(tokens, "tokens", of_tokens)
        if at_once:
            self.running[name] = running + 1
        if requests:
            of_requests += WINDOW_NS
            self.requests.set(name, requests, now_ns, of_requests)
        return (of_requests, of_tokens), None

    def undo(self, part: Part, now_ns: int, used: Used) -> Used:
        """Count a request no more that has just been counted; what has been used without it."""
        requests = part.allowance.requests_per_minute
        if part.allowance.parallel_max:
            self.leave(part.name)
        if requests:
            self.requests.set(part.name, requests, now_ns, used[0] - WINDOW_NS)
        return used[0] - WINDOW_NS if requests else 0, used[1]

    def _too_many(self, per_minute: int, unit: Unit, used: int) -> RateLimited:
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

    def use_tokens(self, name: str, per_minute: int, tokens: int, now_ns: int) -> None:
        """Count what a request has used."""
        if per_minute and tokens:
            self.tokens.use(name, per_minute, now_ns, tokens)


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
        for part in asked:
            each, refusal = levels[part.scale].enter(part, now_ns)
            used.append(each)
            if refusal is not None:
                return Admission(lines(asked, self._undone(asked, used, now_ns)), refusal)
        return Admission(lines(asked, used))

    def _undone(self, asked: Sequence[Part], entered: Sequence[Used], now_ns: int) -> list[Used]:
        """What has been used of each, once all but the last of these, which refused, count the request no more."""
        refusing = len(entered) - 1
        used = [self.levels[asked[i].scale].undo(asked[i], now_ns, entered[i]) for i in range(refusing)]
        rest = [self.levels[part.scale].used(part, now_ns) for part in asked[refusing:]]
        return used + rest

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
                self.levels[part.scale].tokens.use(part.name, per_minute, round(now_s * SECOND_NS), tokens)


def lines(asked: Sequence[Part], used: Sequence[Used]) -> bytes:
    """What is left, as OpenAI's headers say it: of the key's limit or the account's, whichever has less left."""
    if not asked:
        return b""
    of_requests, of_tokens = _left(asked[0].allowance, used[0])
    for part, each in zip(asked[1:], used[1:], strict=True) if len(asked) > 1 else ():
        requests, tokens = _left(part.allowance, each)
        of_requests, of_tokens = _least(of_requests, requests), _least(of_tokens, tokens)
    if of_requests is None:
        return b"" if of_tokens is None else TOKEN_LINES % of_tokens
    return REQUEST_LINES % of_requests if of_tokens is None else BOTH_LINES % (of_requests + of_tokens)


def _left(allowance: Allowance, used: Used) -> tuple[Left | None, Left | None]:
    requests, tokens = allowance.requests_per_minute, allowance.tokens_per_minute
    return left(used[0], requests) if requests else None, left(used[1], tokens) if tokens else None


def _least(one: Left | None, other: Left | None) -> Left | None:
    if one is None or other is None:
        return one or other
    return other if other[1] < one[1] else one
