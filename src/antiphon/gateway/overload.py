"""Whether the gateway itself has too much to do, and what it refuses then: pure rules over what was measured.

An event loop that is late for a second on end means that requests come faster than they can be served: new ones that
an engine would have to generate for are refused, early and cheaply, and those under way go on. Memory that is nearly
full means that images are refused first, then everything but probes. Each ends only well below where it began.
"""

from __future__ import annotations

from msgspec import Struct

LATE_S = 1.0  # on end, until new work is shed: shorter pauses are no overload
CALM_S = 1.0  # on end, until it is taken again
SHARE_MARGIN = 0.05  # of memory, by which it must have become less


class OverloadLimits(Struct, frozen=True):
    """Where it begins; a `lag_s` of 0 leaves the loop out of account, a share of 1 the memory."""

    lag_s: float = 0.1
    images_share: float = 0.85
    memory_share: float = 0.95


class Lateness(Struct, frozen=True):
    """Since when the loop has been late on end, or on time on end, and whether new work is shed for it."""

    late_since: float | None = None
    calm_since: float | None = None
    shedding: bool = False

    def after(self, now: float, lag_s: float, limit_s: float) -> Lateness:
        """What one more beat shows, which came `lag_s` late; one pause may be long enough by itself."""
        late = lag_s > limit_s
        late_since = None if not late else now - lag_s if self.late_since is None else self.late_since
        calm = lag_s < limit_s / 2
        calm_since = None if not calm else now if self.calm_since is None else self.calm_since
        if self.shedding:
            shedding = calm_since is None or now - calm_since < CALM_S
        else:
            shedding = bool(limit_s) and late_since is not None and now - late_since >= LATE_S
        return Lateness(late_since, calm_since, shedding)


class Shedding(Struct, frozen=True):
    """What is refused now: new work for engines, images, or everything but probes."""

    work: bool = False
    images: bool = False
    everything: bool = False

    def __bool__(self) -> bool:
        return self.work or self.images or self.everything

    @property
    def reason(self) -> str:
        """What there is too much of, for logs and metrics."""
        return "memory" if self.everything or self.images else "lag"

    def after(self, *, late: bool, memory_share: float, limits: OverloadLimits) -> Shedding:
        """What is refused from now on."""
        return Shedding(
            late,
            _above(memory_share, limits.images_share, already=self.images),
            _above(memory_share, limits.memory_share, already=self.everything),
        )


def _above(share: float, limit: float, *, already: bool) -> bool:
    return limit < 1 and share > (limit - SHARE_MARGIN if already else limit)
