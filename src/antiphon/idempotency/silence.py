"""Which runs have fallen silent, as seen from here: a beat that stands still for long enough. Pure.

A run beats while it has answers under way, and at each that it begins. So whoever sees the same beat twice, far enough
apart, while there is an answer under way, knows that it is dead. The time between is measured on one's own monotonic
clock; no two machines need agree what time it is.
"""

from __future__ import annotations

BEAT_S = 1.5
SILENT_S = 6.0
RUNS_MAX = 1_024


class Silence:
    """Remembers the beats of other runs."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, float]] = {}

    def dead(self, run: str, beat_ms: int | None, now_s: float) -> bool:
        """Whether a run that should beat has not for long enough; one without a beat has ended."""
        if beat_ms is None:
            return True
        seen = self._seen.get(run)
        if seen is None or seen[0] != beat_ms:
            if len(self._seen) >= RUNS_MAX:
                self._seen.clear()
            self._seen[run] = (beat_ms, now_s)
            return False
        return now_s - seen[1] >= SILENT_S
