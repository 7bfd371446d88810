"""How many second attempts there may be at once, so that trouble does not multiply itself. Pure."""

from __future__ import annotations

SHARE = 5  # one of so many requests in flight may be a retry
FLOOR = 3  # so many may be, however few are in flight


class RetryBudget:
    """Counts what is in flight and which of it is a retry: one that has its first token is none any more."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.retries = 0

    @property
    def room(self) -> bool:
        """Whether one more retry may be sent."""
        return self.retries < max(FLOOR, (self.in_flight + 1) // SHARE)
