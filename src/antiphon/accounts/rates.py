"""Rates by the generic cell rate algorithm: one number for each, no timers.

What a minute allows may be used at once; then it comes back evenly. What has been used is told in nanoseconds times the
rate, `WINDOW_NS` for each one, so that no division rounds.
"""

from __future__ import annotations

from antiphon.key import Allowance

WINDOW_NS = 60 * 10**9  # whole nanoseconds: floats of a long uptime would round a request away
SECOND_NS = 10**9
Left = tuple[int, int, int]  # of how many a minute, how many, and in how many seconds all will be there
Used = tuple[int, int]  # of requests and of tokens


def wait_ns(used: int, per_minute: int) -> int:
    """How long until one more is there, of what has been used; 0 when it is."""
    missing = used + WINDOW_NS - WINDOW_NS * per_minute
    return -(-missing // per_minute) if missing > 0 else 0


def left(used: int, per_minute: int) -> Left:
    """What is left of a rate of which that has been used."""
    rest = per_minute - -(-used // WINDOW_NS)
    return per_minute, max(0, rest), -(-used // (per_minute * SECOND_NS))


class Counter:
    """What one name has used of its requests and its tokens, each of so many a minute; of a rate of 0 nothing.

    `full` is when all of it will have come back, times the rate.
    """

    __slots__ = ("requests", "requests_full", "tokens", "tokens_full")

    def __init__(self) -> None:
        self.requests = self.tokens = 0
        self.requests_full = self.tokens_full = 0

    def used(self, allowance: Allowance, now_ns: int) -> Used:
        """What is missing of all that it may have; another limit than before begins anew."""
        requests, tokens = allowance.requests_per_minute, allowance.tokens_per_minute
        if requests != self.requests:
            self.requests, self.requests_full = requests, 0
        if tokens != self.tokens:
            self.tokens, self.tokens_full = tokens, 0
        return max(0, self.requests_full - now_ns * requests), max(0, self.tokens_full - now_ns * tokens)

    def take(self, allowance: Allowance, now_ns: int) -> Used | None:
        """Take a request while it and a token are there, and tell what is missing then; None when they are not."""
        of_requests, of_tokens = self.used(allowance, now_ns)
        if requests := self.requests:
            of_requests += WINDOW_NS
            if of_requests > WINDOW_NS * requests:
                return None
        if self.tokens and of_tokens > WINDOW_NS * (self.tokens - 1):
            return None
        self.requests_full = now_ns * requests + of_requests
        return of_requests, of_tokens

    def back(self) -> None:
        """Give back the request that has just been taken."""
        if self.requests:
            self.requests_full -= WINDOW_NS

    def use_tokens(self, per_minute: int, tokens: int, now_ns: int) -> None:
        """Take so many tokens of such a rate, whether they are there or not."""
        if per_minute != self.tokens:
            self.tokens, self.tokens_full = per_minute, 0
        if per_minute:
            self.tokens_full = max(self.tokens_full, now_ns * per_minute) + tokens * WINDOW_NS

    def says_nothing(self, now_ns: int) -> bool:
        """Whether it has all that it may have."""
        return self.requests_full <= now_ns * self.requests and self.tokens_full <= now_ns * self.tokens
