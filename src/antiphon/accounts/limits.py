"""How much a key and its account may ask for: requests and tokens a minute, requests at once. Exact on one gateway.

Requests are counted when they come, tokens when they have been used: a request is admitted while one token is left,
and what it uses beyond that is waited for afterwards. `shared_limits.py` applies the same rules to what several
gateways count together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from msgspec import Struct

from antiphon.accounts.rates import SECOND_NS, Rates
from antiphon.errors import RateLimited
from antiphon.key import UNLIMITED, Allowance, Key

Header = tuple[bytes, bytes]
Scale = Literal["key", "account"]
Unit = Literal["requests", "tokens"]
SCALES: tuple[Scale, ...] = ("key", "account")


class Part(Struct, frozen=True):
    """One allowance that a request needs room in: its key's, or its account's."""

    scale: Scale
    name: str
    allowance: Allowance


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


def parts(key: Key) -> list[Part]:
    """The allowances that bound a key: its own and its account's."""
    found = []
    if key.requests_per_minute or key.tokens_per_minute or key.parallel_max:
        found.append(Part("key", key.id or key.name, key.allowance))
    if key.account_allowance != UNLIMITED:
        found.append(Part("account", key.account, key.account_allowance))
    return found


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
        for rates, per_minute, unit in self._rates(allowance):
            if wait_ns := rates.wait_ns(name, per_minute, now_ns):
                message = f"This {self._scale} allows {per_minute} {unit} per minute."
                return RateLimited(message, retry_after_s=-(-wait_ns // SECOND_NS))
        return None

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

    def left(self, name: str, allowance: Allowance, now_ns: int) -> dict[Unit, tuple[int, int, int]]:
        """The limit, what is left of it and when it is whole again, by unit."""
        rates = self._rates(allowance)
        return {unit: (per_minute, *rate.left(name, per_minute, now_ns)) for rate, per_minute, unit in rates}

    def _rates(self, allowance: Allowance) -> list[tuple[Rates, int, Unit]]:
        rows: tuple[tuple[Rates, int, Unit], ...] = (
            (self.requests, allowance.requests_per_minute, "requests"),
            (self.tokens, allowance.tokens_per_minute, "tokens"),
        )
        return [row for row in rows if row[1]]


class Limits:
    """The limiter of a gateway that counts for itself, in memory."""

    def __init__(self, levels: Mapping[Scale, Level] | None = None) -> None:
        self.levels = levels or {scale: Level(scale) for scale in SCALES}

    async def admit(self, key: Key, now_s: float) -> Admission:
        """Count a request that begins; nothing is counted when it is refused."""
        return self.decide(parts(key), round(now_s * SECOND_NS))

    def decide(self, asked: list[Part], now_ns: int) -> Admission:
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
        for part in parts(key):
            self.levels[part.scale].leave(part.name, part.allowance)

    def use_tokens(self, key: Key, tokens: int, now_s: float) -> None:
        """Count what a request has used."""
        for part in parts(key):
            level, per_minute = self.levels[part.scale], part.allowance.tokens_per_minute
            level.use_tokens(part.name, per_minute, tokens, round(now_s * SECOND_NS))

    def _headers(self, asked: list[Part], now_ns: int) -> tuple[Header, ...]:
        """What is left, as OpenAI's headers say it: of the key's limit or the account's, whichever has less left."""
        shown: dict[Unit, tuple[int, int, int]] = {}
        for part in asked:
            for unit, found in self.levels[part.scale].left(part.name, part.allowance, now_ns).items():
                if unit not in shown or found[1] < shown[unit][1]:
                    shown[unit] = found
        return tuple(header for unit, found in shown.items() for header in _unit_headers(unit, *found))


def _unit_headers(unit: Unit, limit: int, left: int, whole_in_ns: int) -> tuple[Header, ...]:
    name = unit.encode()
    return (
        (b"x-ratelimit-limit-" + name, b"%d" % limit),
        (b"x-ratelimit-remaining-" + name, b"%d" % left),
        (b"x-ratelimit-reset-" + name, b"%ds" % -(-whole_in_ns // SECOND_NS)),
    )
