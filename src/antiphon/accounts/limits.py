"""How much a key and its account may ask for: requests and tokens a minute, requests at once. Exact on one gateway.

Requests are counted when they come, tokens when they have been used: a request is admitted while one token is left,
and what it uses beyond that is waited for afterwards. `shared_limits.py` applies the same rules to what several
gateways count together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from antiphon.accounts.rates import SECOND_NS, Rates
from antiphon.errors import RateLimited
from antiphon.key import Allowance, Key, Part, Scale

Header = tuple[bytes, bytes]
Unit = Literal["requests", "tokens"]
Left = tuple[Unit, int, int, int]  # the limit, what is left of it, and nanoseconds until it is whole
SCALES: tuple[Scale, ...] = ("key", "account")
HEADERS: dict[Unit, tuple[bytes, bytes, bytes]] = {
    "requests": (b"x-ratelimit-limit-requests", b"x-ratelimit-remaining-requests", b"x-ratelimit-reset-requests"),
    "tokens": (b"x-ratelimit-limit-tokens", b"x-ratelimit-remaining-tokens", b"x-ratelimit-reset-tokens"),
}


class Admission(Struct, frozen=True):
    """What became of a request that asked to be let in. The headers tell what is left, in refusals too."""

    headers: tuple[Header, ...]
    refusal: RateLimited | None = None


class Limiter(Protocol):
    """Holds each key to its allowance, and the keys of an account together to the account's.

    A gateway asks here when a request begins, when it ends, and when its tokens are known. Times are the event loop's.
    """

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

    def refusal(self, name: str, allowance: Allowance, now_ns: int) -> RateLimited | None:
        """Why one more request is too much; None when it is not."""
        if allowance.parallel_max and self.running.get(name, 0) >= allowance.parallel_max:
            return RateLimited(f"This {self._scale} allows {allowance.parallel_max} requests at once.", retry_after_s=1)
        per_minute = allowance.requests_per_minute
        if per_minute and (wait_ns := self.requests.wait_ns(name, per_minute, now_ns)):
            return self._refusal(per_minute, "requests", wait_ns)
        per_minute = allowance.tokens_per_minute
        if per_minute and (wait_ns := self.tokens.wait_ns(name, per_minute, now_ns)):
            return self._refusal(per_minute, "tokens", wait_ns)
        return None

    def _refusal(self, per_minute: int, unit: Unit, wait_ns: int) -> RateLimited:
        message = f"This {self._scale} allows {per_minute} {unit} per minute."
        return RateLimited(message, retry_after_s=-(-wait_ns // SECOND_NS))

    def enter(self, name: str, allowance: Allowance, now_ns: int) -> None:
        """Count a request that begins."""
        if allowance.requests_per_minute:
            self.requests.use(name, allowance.requests_per_minute, now_ns)
        self.run(name, allowance)

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

    def left(self, name: str, allowance: Allowance, now_ns: int) -> list[Left]:
        """Each limit, what is left of it and when it is whole again."""
        found: list[Left] = []
        if per_minute := allowance.requests_per_minute:
            found.append(("requests", per_minute, *self.requests.left(name, per_minute, now_ns)))
        if per_minute := allowance.tokens_per_minute:
            found.append(("tokens", per_minute, *self.tokens.left(name, per_minute, now_ns)))
        return found


class Limits:
    """The limiter of a gateway that counts for itself, in memory."""

    def __init__(self, levels: Mapping[Scale, Level] | None = None) -> None:
        self.levels = levels or {scale: Level(scale) for scale in SCALES}

    async def admit(self, key: Key, now_s: float) -> Admission:
        """Count a request that begins; nothing is counted when it is refused."""
        return self.decide(key.allowances, round(now_s * SECOND_NS))

    def decide(self, asked: Sequence[Part], now_ns: int) -> Admission:
        """Count a request that needs room in each of these; nothing is counted when one of them has none."""
        refusal = None
        for part in asked:
            refusal = self.levels[part.scale].refusal(part.name, part.allowance, now_ns)
            if refusal is not None:
                break
        else:
            for part in asked:
                self.levels[part.scale].enter(part.name, part.allowance, now_ns)
        return Admission(self._headers(asked, now_ns), refusal)

    def leave(self, key: Key) -> None:
        """Count the end of a request that was admitted."""
        for part in key.allowances:
            self.levels[part.scale].leave(part.name, part.allowance)

    def use_tokens(self, key: Key, tokens: int, now_s: float) -> None:
        """Count what a request has used."""
        for part in key.allowances:
            level, per_minute = self.levels[part.scale], part.allowance.tokens_per_minute
            level.use_tokens(part.name, per_minute, tokens, round(now_s * SECOND_NS))

    def _headers(self, asked: Sequence[Part], now_ns: int) -> tuple[Header, ...]:
        """What is left, as OpenAI's headers say it: of the key's limit or the account's, whichever has less left."""
        shown: dict[Unit, Left] = {}
        for part in asked:
            for found in self.levels[part.scale].left(part.name, part.allowance, now_ns):
                other = shown.get(found[0])
                if other is None or found[2] < other[2]:
                    shown[found[0]] = found
        headers: list[Header] = []
        for unit, limit, left, whole_in_ns in shown.values():
            names = HEADERS[unit]
            headers += (
                (names[0], b"%d" % limit),
                (names[1], b"%d" % left),
                (names[2], b"%ds" % -(-whole_in_ns // SECOND_NS)),
            )
        return tuple(headers)
