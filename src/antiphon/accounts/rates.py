"""Rates by the generic cell rate algorithm: one number for each name, no timers.

What a minute allows may be used at once; then it comes back evenly.
"""

from __future__ import annotations

from collections.abc import Mapping

WINDOW_NS = 60 * 10**9  # whole nanoseconds: floats of a long uptime would round a request away
SECOND_NS = 10**9
SWEPT_AT_MIN = 1_024
Left = tuple[int, int, int]  # of how many a minute, how many, and in how many seconds all will be there


def wait_ns(used: int, per_minute: int) -> int:
    """How long until one more is there, of what has been used; 0 when it is."""
    missing = used + WINDOW_NS - WINDOW_NS * per_minute
    return -(-missing // per_minute) if missing > 0 else 0


def left(used: int, per_minute: int) -> Left:
    """What is left of a rate of which that has been used."""
    rest = per_minute - -(-used // WINDOW_NS)
    return per_minute, max(0, rest), -(-used // (per_minute * SECOND_NS))


class Rates:
    """What names have used of their rates, in nanoseconds times the rate, so that no division rounds."""

    def __init__(self, held: Mapping[str, tuple[int, int]] | None = None) -> None:
        self._full_at = dict(held or {})  # when all has come back, and the rate
        self._swept_at = SWEPT_AT_MIN

    @property
    def held(self) -> Mapping[str, tuple[int, int]]:
        """When all that a name has used will have come back, times the rate, and the rate: what to begin with again."""
        return self._full_at

    def wait_ns(self, name: str, per_minute: int, now_ns: int) -> int:
        """How long until one more is there; 0 when it is."""
        return wait_ns(self.used(name, per_minute, now_ns), per_minute)

    def use(self, name: str, per_minute: int, now_ns: int, amount: int = 1) -> None:
        """Take so many, whether they are there or not."""
        self.set(name, per_minute, now_ns, self.used(name, per_minute, now_ns) + amount * WINDOW_NS)

    def used(self, name: str, per_minute: int, now_ns: int) -> int:
        """What is missing of all that it may have: `WINDOW_NS` for each one."""
        held = self._full_at.get(name)
        if held is None or held[1] != per_minute:
            return 0  # another limit than before begins anew
        return max(0, held[0] - now_ns * per_minute)

    def set(self, name: str, per_minute: int, now_ns: int, used: int) -> None:
        """Note what it has used, as `used` tells it."""
        if not used:
            self._full_at.pop(name, None)
            return
        self._full_at[name] = (now_ns * per_minute + used, per_minute)
        if len(self._full_at) >= self._swept_at:
            self._sweep(now_ns)

    def _sweep(self, now_ns: int) -> None:
        """Forget the names that have all they may."""
        self._full_at = {name: held for name, held in self._full_at.items() if held[0] > now_ns * held[1]}
        self._swept_at = max(SWEPT_AT_MIN, 2 * len(self._full_at))
