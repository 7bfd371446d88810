"""How much a key and its account may ask for: requests and tokens a minute, requests at once. Exact on one gateway.

Rates follow the generic cell rate algorithm: one number each, no timers. What a minute allows may be used at once;
then it comes back evenly. Requests are counted when they come, tokens when they have been used: a request is admitted
while one token is left, and what it uses beyond that is waited for afterwards.
"""

from __future__ import annotations

from antiphon.errors import RateLimited
from antiphon.key import UNLIMITED, Allowance, Key

WINDOW_NS = 60 * 10**9  # whole nanoseconds: floats of a long uptime would round a request away
SECOND_NS = 10**9
SWEPT_AT_MIN = 1_024

Header = tuple[bytes, bytes]


class Rates:
    """What names have used of their rates, in nanoseconds times the rate, so that no division rounds."""

    def __init__(self) -> None:
        self._full_at: dict[str, tuple[int, int]] = {}  # when all has come back, and the rate
        self._swept_at = SWEPT_AT_MIN

    def wait_ns(self, name: str, per_minute: int, now_ns: int) -> int:
        """How long until one more is there; 0 when it is."""
        missing = self._used(name, per_minute, now_ns) + WINDOW_NS - WINDOW_NS * per_minute
        return -(-missing // per_minute) if missing > 0 else 0

    def use(self, name: str, per_minute: int, now_ns: int, amount: int = 1) -> None:
        """Take so many, whether they are there or not."""
        full_at = now_ns * per_minute + self._used(name, per_minute, now_ns) + amount * WINDOW_NS
        self._full_at[name] = (full_at, per_minute)
        if len(self._full_at) >= self._swept_at:
            self._sweep(now_ns)

    def left(self, name: str, per_minute: int, now_ns: int) -> tuple[int, int]:
        """How many are there, and in how many nanoseconds all will be."""
        used = self._used(name, per_minute, now_ns)
        return max(0, per_minute - -(-used // WINDOW_NS)), -(-used // per_minute)

    def _used(self, name: str, per_minute: int, now_ns: int) -> int:
        full_at, rate = self._full_at.get(name, (0, per_minute))
        if rate != per_minute:
            return 0  # another limit than before begins anew
        return max(0, full_at - now_ns * per_minute)

    def _sweep(self, now_ns: int) -> None:
        """Forget the names that have all they may."""
        self._full_at = {name: held for name, held in self._full_at.items() if held[0] > now_ns * held[1]}
        self._swept_at = max(SWEPT_AT_MIN, 2 * len(self._full_at))


class Level:
    """The limits of all keys, or of all accounts."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._requests = Rates()
        self._tokens = Rates()
        self._running: dict[str, int] = {}

    def refusal(self, name: str, allowance: Allowance, now_ns: int) -> RateLimited | None:
        """Why one more request is too much; None when it is not."""
        if allowance.parallel_max and self._running.get(name, 0) >= allowance.parallel_max:
            return RateLimited(f"This {self._noun} allows {allowance.parallel_max} requests at once.", retry_after_s=1)
        for rates, per_minute, unit in self._rates(allowance):
            if wait_ns := rates.wait_ns(name, per_minute, now_ns):
                message = f"This {self._noun} allows {per_minute} {unit} per minute."
                return RateLimited(message, retry_after_s=-(-wait_ns // SECOND_NS))
        return None

    def enter(self, name: str, allowance: Allowance, now_ns: int) -> None:
        """Count a request that begins."""
        if allowance.requests_per_minute:
            self._requests.use(name, allowance.requests_per_minute, now_ns)
        if allowance.parallel_max:
            self._running[name] = self._running.get(name, 0) + 1

    def leave(self, name: str, allowance: Allowance) -> None:
        """Count a request that ends."""
        if allowance.parallel_max:
            rest = self._running[name] - 1
            if rest:
                self._running[name] = rest
            else:
                del self._running[name]

    def use_tokens(self, name: str, allowance: Allowance, tokens: int, now_ns: int) -> None:
        """Count what a request has used."""
        if allowance.tokens_per_minute and tokens:
            self._tokens.use(name, allowance.tokens_per_minute, now_ns, tokens)

    def left(self, name: str, allowance: Allowance, now_ns: int) -> dict[str, tuple[int, int, int]]:
        """The limit, what is left of it and when it is whole again, by unit."""
        rates = self._rates(allowance)
        return {unit: (per_minute, *rate.left(name, per_minute, now_ns)) for rate, per_minute, unit in rates}

    def _rates(self, allowance: Allowance) -> list[tuple[Rates, int, str]]:
        rows = (
            (self._requests, allowance.requests_per_minute, "requests"),
            (self._tokens, allowance.tokens_per_minute, "tokens"),
        )
        return [row for row in rows if row[1]]


class Limits:
    """Holds each key to its allowance, and the keys of an account together to the account's.

    A gateway asks here when a request begins, when it ends, and when its tokens are known. Times are monotonic.
    """

    def __init__(self) -> None:
        self._keys = Level("key")
        self._accounts = Level("account")

    def admit(self, key: Key, now_s: float) -> None:
        """Count a request that begins; RateLimited, with the wait and nothing counted, when it is one too many."""
        now_ns = round(now_s * SECOND_NS)
        parts = self._parts(key)
        for level, name, allowance in parts:
            if (refusal := level.refusal(name, allowance, now_ns)) is not None:
                raise refusal
        for level, name, allowance in parts:
            level.enter(name, allowance, now_ns)

    def leave(self, key: Key) -> None:
        """Count the end of a request that was admitted."""
        for level, name, allowance in self._parts(key):
            level.leave(name, allowance)

    def use_tokens(self, key: Key, tokens: int, now_s: float) -> None:
        """Count what a request has used."""
        for level, name, allowance in self._parts(key):
            level.use_tokens(name, allowance, tokens, round(now_s * SECOND_NS))

    def headers(self, key: Key, now_s: float) -> tuple[Header, ...]:
        """What is left, as OpenAI's headers say it: of the key's limit or the account's, whichever has less left."""
        now_ns = round(now_s * SECOND_NS)
        shown: dict[str, tuple[int, int, int]] = {}
        for level, name, allowance in self._parts(key):
            for unit, found in level.left(name, allowance, now_ns).items():
                if unit not in shown or found[1] < shown[unit][1]:
                    shown[unit] = found
        return tuple(header for unit, found in shown.items() for header in _headers(unit, *found))

    def _parts(self, key: Key) -> list[tuple[Level, str, Allowance]]:
        """The limits that the key has, its own and its account's."""
        parts = []
        if key.requests_per_minute or key.tokens_per_minute or key.parallel_max:
            parts.append((self._keys, key.id or key.name, key.allowance))
        if key.account_allowance != UNLIMITED:
            parts.append((self._accounts, key.account, key.account_allowance))
        return parts


def _headers(unit: str, limit: int, left: int, whole_in_ns: int) -> tuple[Header, ...]:
    name = unit.encode()
    return (
        (b"x-ratelimit-limit-" + name, b"%d" % limit),
        (b"x-ratelimit-remaining-" + name, b"%d" % left),
        (b"x-ratelimit-reset-" + name, b"%ds" % -(-whole_in_ns // SECOND_NS)),
    )
