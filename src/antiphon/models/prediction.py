"""How long a first token will take: a wait that grows with how many are served, and the tokens to be read before it.

Learned from the first tokens that came, the latest counting most. Pure.
"""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace

SCALE = 500  # tokens whose reading weighs as much in the learning as one request's being served
STEP_MIN = 0.25  # of an error, taken on by each observation; the first ones take on more
PEERS_STEP_MIN = 0.1
SURPRISE_MAX = 1.5  # times what was expected: what is later teaches a whole pool no more than that
DOUBT = 2.0  # mean errors by which a prediction may be wrong
NOMINAL_BASE_S = 0.25  # what nothing is known of is taken for this: then load decides, and a long common prefix
NOMINAL_TOKEN_S = 1 / 2000


class Speed(Struct):
    """What is known of how fast first tokens come. `base_s` is for each request that is served, this one included."""

    base_s: float = NOMINAL_BASE_S
    token_s: float = NOMINAL_TOKEN_S
    error_s: float = 0.0  # mean difference between what was predicted and what came
    count: int = 0
    seen_at: float = math.inf  # when it last learned something; infinite for what does not grow old

    @property
    def learned(self) -> bool:
        """Whether it is of what came, not only of what was expected."""
        return self.seen_at < math.inf

    def predict(self, served: int, tokens: int) -> float:
        """Seconds to the first token beside `served` others, with so many tokens to be read before it."""
        return self.base_s * (1 + served) + self.token_s * tokens

    def learn(self, served: int, tokens: int, ttft_s: float, now: float, *, step_min: float = STEP_MIN) -> None:
        """Take on a part of the difference (normalised least mean squares)."""
        crowd, read = 1.0 + served, tokens / SCALE
        error_s = ttft_s - self.predict(served, tokens)
        step = max(step_min, 1 / (self.count + 1))
        gain = step * error_s / (crowd * crowd + read * read)
        self.base_s = max(1e-6, self.base_s + gain * crowd)
        self.token_s = max(0.0, self.token_s + gain * read / SCALE)
        self.error_s += step * (abs(error_s) - self.error_s)
        self.count += 1
        self.seen_at = now

    def surely_over(self, predicted_s: float, bound_s: float) -> bool:
        """Whether a prediction of this is above a bound beyond its doubt."""
        return predicted_s - DOUBT * self.error_s > bound_s


def own(peers: Speed, prefill_tokens_per_s: float | None = None, rtt_s: float = 0.0) -> Speed:
    """The speed to begin with for one engine: as its peers', but for what it says of itself, and how far away it is."""
    token_s = peers.token_s if not prefill_tokens_per_s else 1 / prefill_tokens_per_s
    return replace(peers, base_s=peers.base_s + rtt_s, token_s=token_s, count=0, error_s=0.0, seen_at=math.inf)


def learn_of_peers(peers: Speed, served: int, tokens: int, ttft_s: float) -> None:
    """As `Speed.learn`, of a pool: slowly, and no single engine teaches it that all are slow."""
    most = math.inf if peers.count < 1 else SURPRISE_MAX * peers.predict(served, tokens)
    peers.learn(served, tokens, min(ttft_s, most), math.inf, step_min=PEERS_STEP_MIN)


class Quantiles:
    """How late first tokens came, in steps of a fifth; the older half counts half as much."""

    SHORTEST_S = 0.001
    STEPS = 4  # to each doubling
    KEPT = 2000

    def __init__(self) -> None:
        self._counts = [0] * 80
        self.count = 0

    def add(self, ttft_s: float) -> None:
        """One came after so long."""
        at = int(math.log2(max(ttft_s, self.SHORTEST_S) / self.SHORTEST_S) * self.STEPS)
        self._counts[min(at, len(self._counts) - 1)] += 1
        self.count += 1
        if self.count >= self.KEPT:
            self._counts = [count // 2 for count in self._counts]
            self.count = sum(self._counts)

    def above(self, share: float) -> float:
        """The time that no more than this share of them took longer than."""
        left = self.count * share
        for at in range(len(self._counts) - 1, -1, -1):
            left -= self._counts[at]
            if left < 0:
                return self.SHORTEST_S * 2 ** ((at + 1) / self.STEPS)
        return math.inf
