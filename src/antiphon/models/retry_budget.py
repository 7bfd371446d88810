"""How many second attempts there may be at once, so that trouble does not multiply itself. Pure."""

from __future__ import annotations

SHARE = 5  # one of so many requests in flight may be a retry
GAMBLING_SHARE = 16  # one of so many requests may be tried once more at an engine that is ejected
FLOOR = 3  # so many may be, however few are in flight
GAMBLES_MAX = 10  # that may be saved up


class RetryBudget:
    """Counts what is in flight and which of it is a retry: one that has its first token is none any more.

    A retry at an engine that is ejected is a gamble, of which one in so many new requests may be: where all engines
    fail at once, attempts must not multiply by how many there are.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self.retries = 0
        self.asks = 0  # requests that came for the first time
        self._gambles = float(GAMBLES_MAX)

    def asked(self) -> None:
        """A request is sent for the first time, by its client and from here."""
        self.asks += 1
        self._gambles = min(GAMBLES_MAX, self._gambles + 1 / GAMBLING_SHARE)

    @property
    def may_gamble(self) -> bool:
        """Whether one more retry may go to an engine that is ejected."""
        return self._gambles >= 1

    def gamble(self) -> None:
        """One does."""
        self._gambles -= 1

    @property
    def room(self) -> bool:
        """Whether one more retry may be sent."""
        return self.retries < max(FLOOR, (self.in_flight + 1) // SHARE)
