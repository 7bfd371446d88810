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

    def refusal(self, part: Part, used: Used) -> RateLimited | None:
        """Why one more request is too much; None when it is not."""
        allowance = part.allowance
        if allowance.parallel_max and self.running.get(part.name, 0) >= allowance.parallel_max:
            return RateLimited(f"This {self._scale} allows {allowance.parallel_max} requests at once.", retry_after_s=1)
        requests, tokens = allowance.requests_per_minute, allowance.tokens_per_minute
        if requests and used[0] > WINDOW_NS * (requests - 1):
            return self._too_many(requests, "requests", used[0])
        if tokens and used[1] > WINDOW_NS * (tokens - 1):
            return self._too_many(tokens, "tokens", used[1])
        return None

    def _too_many(self, per_minute: int, unit: Unit, used: int) -> RateLimited:
        message = f"This {self._scale} allows {per_minute} {unit} per minute."
        return RateLimited(message, retry_after_s=-(-wait_ns(used, per_minute) // SECOND_NS))

    def enter(self, part: Part, now_ns: int, used: Used) -> Used:
        """Count a request that begins; what has been used then."""
        allowance, name = part.allowance, part.name
        if allowance.parallel_max:
            self.running[name] = self.running.get(name, 0) + 1
        if not allowance.requests_per_minute:
            return used
        requests = used[0] + WINDOW_NS
        self.requests.set(name, allowance.requests_per_minute, now_ns, requests)
        return requests, used[1]

    def run(self, name: str, allowance: Allowance) -> None:
        """Count a request as one that runs, and nothing else."""
        if allowance.parallel_max:
            self.running[name] = self.running.get(name, 0) + 1

    def leave(self, name: str, allowance: Allowance) -> None:
        """Count a request that ends."""
        if allowance.parallel_max:
            rest = self.running[name] - 1
            if rest:
                self.running[name] = rest
            else:
                del self.running[name]

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
        refusal: RateLimited | None = None
        for part in asked:
            level = levels[part.scale]
            each = level.used(part, now_ns)
            refusal = refusal or level.refusal(part, each)
            used.append(each)
        if refusal is None:
            for index, part in enumerate(asked):
                used[index] = levels[part.scale].enter(part, now_ns, used[index])
        return Admission(lines(asked, used), refusal)

    def leave(self, key: Key) -> None:
        """Count the end of a request that was admitted."""
        for part in key.allowances:
            self.levels[part.scale].leave(part.name, part.allowance)

    def use_tokens(self, key: Key, tokens: int, now_s: float) -> None:
        """Count what a request has used."""
        for part in key.allowances:
            level, per_minute = self.levels[part.scale], part.allowance.tokens_per_minute
            level.use_tokens(part.name, per_minute, tokens, round(now_s * SECOND_NS))


def lines(asked: Sequence[Part], used: Sequence[Used]) -> bytes:
    """What is left, as OpenAI's headers say it: of the key's limit or the account's, whichever has less left."""
    requests: Left | None = None
    tokens: Left | None = None
    for part, (of_requests, of_tokens) in zip(asked, used, strict=True):
        allowance = part.allowance
        if per_minute := allowance.requests_per_minute:
            found = left(of_requests, per_minute)
            requests = found if requests is None or found[1] < requests[1] else requests
        if per_minute := allowance.tokens_per_minute:
            found = left(of_tokens, per_minute)
            tokens = found if tokens is None or found[1] < tokens[1] else tokens
    return (b"" if requests is None else REQUEST_LINES % requests) + (b"" if tokens is None else TOKEN_LINES % tokens)
