"""Whether an engine may be given requests: what failed, what was slow, what is full, and for how long that counts.

Passive: requests tell it, nothing else is sent. An engine that fails again and again is ejected, longer each time;
then one request, a probe, finds out whether it is well. To be full is no failure. Pure: times are handed in.
"""

from __future__ import annotations

from msgspec import Struct

FAILURES_MAX = 3  # one after the other
SILENCE_FAILURES = 2  # as many as a first token counts that did not come
SLOW_MAX = 2  # one after the other
EJECTED_S = 5.0  # the first time, twice as long each further time
EJECTED_S_MAX = 30.0
FORGIVEN_S = 60.0  # after so long without an ejection the next one is a first one
STABLE_S = 10.0  # what goes down again and again is no help before it has been up so long
RETURNS_MAX = 2
RETURNS_WITHIN_S = 60.0


class Health(Struct):
    """One engine's. `ejected_until` is 0 while it is not; what is later still waits for a probe."""

    failures: int = 0
    slow: int = 0
    ejections: int = 0
    ejected_until: float = 0.0
    restored_at: float = 0.0
    probing: bool = False
    busy_until: float = 0.0
    down: bool = False
    returns: int = 0
    returned_at: float = 0.0

    def admits(self, now: float) -> bool:
        """Whether it may have a request; while it is on probation, one at a time."""
        return not self.ejected_until or (self.ejected_until <= now and not self.probing)

    def failed(self, now: float, *, probe: bool, failures: int = 1) -> bool:
        """A request failed there. Whether that ejects it: what fails while it is ejected says nothing new."""
        if probe:
            self._eject(now)
            return True
        if self.ejected_until:
            return False
        self.failures += failures
        if self.failures < FAILURES_MAX:
            return False
        self._eject(now)
        return True

    def slowed(self, now: float, *, probe: bool) -> bool:
        """A first token came much later than it should. Whether that ejects it."""
        if probe:
            self._eject(now)
            return True
        if self.ejected_until:
            return False
        self.failures = 0
        self.slow += 1
        if self.slow < SLOW_MAX:
            return False
        self._eject(now)
        return True

    def answered(self, now: float, *, probe: bool) -> None:
        """It did what it should; a probe that says so ends the ejection."""
        self.failures = self.slow = 0
        if probe:
            self.ejected_until = 0.0
            self.restored_at = now
            self.probing = False

    def probed(self) -> None:
        """The probe is over, whatever came of it: the next request may be one."""
        self.probing = False

    def saturated(self, now: float, retry_after_s: float) -> None:
        """It takes no more until then."""
        self.busy_until = max(self.busy_until, now + retry_after_s)

    def seen(self, now: float, *, up: bool) -> None:
        """Whoever watches it says that it went down, or that it is back."""
        if not up:
            self.down = True
        elif self.down:
            self.down = False
            self.returns = self.returns + 1 if now - self.returned_at < RETURNS_WITHIN_S else 1
            self.returned_at = now
            if self.returns >= RETURNS_MAX:
                self.ejected_until = max(self.ejected_until, now + STABLE_S)
            elif self.ejected_until > now:
                self.ejected_until = now  # it was away for a reason that is gone, and may be probed
                self.probing = False

    def _eject(self, now: float) -> None:
        if now - self.restored_at > FORGIVEN_S and not self.ejected_until:
            self.ejections = 0
        self.ejected_until = now + min(EJECTED_S_MAX, EJECTED_S * 2.0**self.ejections)
        self.ejections = min(self.ejections + 1, 10)
        self.failures = self.slow = 0
        self.probing = False
