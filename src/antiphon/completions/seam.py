"""Where an answer broke off and is to go on: how often, until when, and after which rests it is tried. Pure."""

from __future__ import annotations

from antiphon.errors import AntiphonError, EngineFailed

REST_S = 0.05
REST_S_MAX = 1.0


class Silent(EngineFailed):
    """The engine fell silent in the middle of the answer."""


class Seam:
    """One place where an answer broke off. At `due` whoever looks for an engine gives up, with `error`."""

    def __init__(self, error: AntiphonError, *, due: float) -> None:
        self.error = error
        self.due = due
        self.next_at = 0.0
        self._rest_s = REST_S

    def rest(self, now: float) -> None:
        """Every engine has failed: after a while, twice as long each time, they may be asked again."""
        self.next_at = now + self._rest_s
        self._rest_s = min(REST_S_MAX, 2 * self._rest_s)
