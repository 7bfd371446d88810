"""How fast simulated nodes are. Values only."""

from __future__ import annotations

from msgspec import Struct


class Hardware(Struct, frozen=True):
    """How fast a node is. `batch_cost` is how much longer a token takes for each further answer beside it."""

    slots: int = 4
    queue: int = 2
    prefill_tokens_per_s: float = 2500.0
    decode_tokens_per_s: float = 60.0
    batch_cost: float = 0.15
    rtt_s: float = 0.02
    cache_blocks: int = 512

    def reading_s(self, tokens: float) -> float:
        """How long a prompt of so many tokens takes that are not in the cache."""
        return tokens / self.prefill_tokens_per_s

    def token_s(self, together: int) -> float:
        """How long a token of an answer takes, of so many answers that are generated together."""
        return (1 + self.batch_cost * max(0, together - 1)) / self.decode_tokens_per_s


KINDS = (  # a workstation, a gaming machine, a small server, a laptop
    Hardware(slots=8, prefill_tokens_per_s=6000, decode_tokens_per_s=90, rtt_s=0.02, cache_blocks=1024),
    Hardware(slots=4, prefill_tokens_per_s=3000, decode_tokens_per_s=60, rtt_s=0.04, cache_blocks=512),
    Hardware(slots=2, prefill_tokens_per_s=900, decode_tokens_per_s=25, rtt_s=0.06, cache_blocks=256),
    Hardware(slots=1, prefill_tokens_per_s=400, decode_tokens_per_s=15, rtt_s=0.08, cache_blocks=128),
)
