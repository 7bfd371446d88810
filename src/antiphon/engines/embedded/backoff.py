"""How long to wait before a child is started again. Pure: it is told what happened, and remembers."""

from __future__ import annotations

from random import Random

from msgspec import Struct


class BackoffLimits(Struct, frozen=True, kw_only=True):
    """The first wait doubles with each end, up to `cap_s`, and begins anew after `reset_after_s` of good running."""

    first_s: float = 0.2
    cap_s: float = 10.0
    reset_after_s: float = 60.0
    failed_after: int = 3


class Backoff:
    """The waits of one child. `failed` is true after several starts in a row that never became ready."""

    def __init__(self, limits: BackoffLimits, random: Random) -> None:
        self._limits = limits
        self._random = random
        self._ends = 0
        self._never_ready = 0

    @property
    def failed(self) -> bool:
        """Whether nobody should expect the next start to help."""
        return self._never_ready >= self._limits.failed_after

    def became_ready(self) -> None:
        """The child answers: whatever kept it from starting is gone."""
        self._never_ready = 0

    def ended(self, ready_for_s: float | None) -> float:
        """Seconds to wait before the next start; `ready_for_s` is None when the child never became ready."""
        if ready_for_s is None:
            self._never_ready += 1
        elif ready_for_s >= self._limits.reset_after_s:
            self._ends = 0
        wait_s = self._limits.cap_s if self.failed else self._limits.first_s * 2 ** min(self._ends, 32)
        self._ends += 1
        return min(wait_s, self._limits.cap_s) * self._random.uniform(0.5, 1.0)
