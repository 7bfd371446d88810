"""The course of a request: what happens to it, and when, for whoever follows it. Nothing of what was asked or said.

Only requests that are to generate are followed, and only while somebody wants to know. Times are in the event loop's
seconds; they are handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from antiphon.chat import Usage
from antiphon.errors import AntiphonError
from antiphon.key import Key
from antiphon.trace_context import TraceContext

Way = Literal["first", "again", "hedge", "continuation"]
Step = Literal["begun", "planned", "queued", "attempt", "first_token", "attempt_ended", "answered", "settled", "ended"]
Tell = Callable[["Course", Step], None]

ATTEMPTS_MAX = 64  # that are kept of one request; a list of prompts makes more
ABANDONED = "abandoned"  # the failure of an attempt that nobody waited for any more
OUTRUN = "outrun"  # and of one whose rival was first


class Wanted(Struct, frozen=True):
    """What a request is for, once that is known."""

    answer_id: str
    account: str
    key: str  # its name
    model: str
    operation: Literal["chat", "text_completion", "embeddings"]
    door: str
    streamed: bool = False
    ledger: str | None = None


class CourseAttempt(Struct):
    """One attempt at one choice. `failure` is a code, `reason` its sentence; both are None where it went well."""

    id: str
    choice: int
    node: str
    way: Way
    begun_at: float
    first_token_at: float | None = None
    ended_at: float | None = None
    failure: str | None = None
    reason: str | None = None


class Course:
    """One request. `tell` is called at each step, with what is known by then."""

    __slots__ = (
        "account",
        "attempts",
        "attempts_left_out",
        "began_at_ms",
        "begun_at",
        "charged",
        "ended_at",
        "error_code",
        "error_message",
        "failure",
        "first_token_at",
        "key",
        "method",
        "node",
        "parent",
        "placed_at",
        "queued_at",
        "request_id",
        "route",
        "settled_at",
        "status",
        "tell",
        "trace",
        "usage",
        "wanted",
    )

    def __init__(self, request_id: str, route: str, *, begun_at: float, began_at_ms: float, tell: Tell) -> None:
        self.request_id = request_id
        self.route = route
        self.begun_at = begun_at
        self.began_at_ms = began_at_ms  # the same moment, since 1970
        self.tell = tell
        self.method = "POST"
        self.trace: TraceContext | None = None  # its own span, where it is traced
        self.parent: TraceContext | None = None  # the client's
        self.wanted: Wanted | None = None
        self.queued_at: float | None = None
        self.placed_at: float | None = None  # when its first attempt began
        self.first_token_at: float | None = None
        self.ended_at: float | None = None
        self.settled_at: float | None = None
        self.attempts: list[CourseAttempt] = []
        self.attempts_left_out = 0
        self.node = ""
        self.usage = Usage()
        self.failure: str | None = None  # what metrics and the store call it
        self.account = ""  # who asks, once that is known
        self.key = ""
        self.error_code: str | None = None  # what the client was told instead of an answer
        self.error_message: str | None = None
        self.status = 0
        self.charged: int | None = None  # micro-USDC

    def planned(self, wanted: Wanted) -> None:
        """It is checked, and may look for an engine."""
        self.wanted = wanted
        self.account, self.key = wanted.account, wanted.key
        self.tell(self, "planned")

    def queued(self, now: float) -> None:
        """It lines up for an engine."""
        if self.queued_at is None:
            self.queued_at = now
            self.tell(self, "queued")

    def attempted(self, attempt: str, choice: int, node: str, now: float, way: Way = "first") -> None:
        """An engine is asked; what comes `first` after a failure is asked `again`."""
        if self.placed_at is None:
            self.placed_at = now
        if len(self.attempts) >= ATTEMPTS_MAX:
            self.attempts_left_out += 1
            return
        if way == "first" and self._failed_before(choice):
            way = "again"
        self.attempts.append(CourseAttempt(attempt, choice, node, way, now))
        self.tell(self, "attempt")

    def heard(self, node: str, choice: int, now: float) -> None:
        """The first token of an attempt has come."""
        attempt = self._open(node, choice)
        if attempt is not None and attempt.first_token_at is None:
            attempt.first_token_at = now
        if self.first_token_at is None:
            self.first_token_at = now
        self.tell(self, "first_token")

    def attempt_failed(self, node: str, choice: int, error: AntiphonError, now: float) -> None:
        """An attempt came to nothing, or broke off."""
        self._end(node, choice, now, error.code or error.type, error.message)

    def attempt_ended(self, node: str, choice: int, now: float, failure: str | None = None) -> None:
        """An attempt is over. Saying so again does nothing."""
        self._end(node, choice, now, failure, None)

    def answered(self, node: str, usage: Usage, failure: str | None) -> None:
        """What became of the answer as a whole."""
        self.node = node
        self.usage = usage
        self.failure = failure
        self.tell(self, "answered")

    def refused(self, error: AntiphonError, key: Key | None = None) -> None:
        """The client, who came with that key, is told of an error. Its words are kept, not the error and its frames."""
        if key is not None:
            self.account, self.key = key.account, key.name
        self.error_code = error.code or error.type
        self.error_message = error.message

    def settled(self, charged: int, now: float) -> None:
        """What it cost is in the books' hands, in micro-USDC."""
        self.charged = charged
        self.settled_at = now
        self.tell(self, "settled")

    def ended(self, status: int, now: float) -> None:
        """The client has its last byte, or is gone."""
        self.status = status
        self.ended_at = now
        self.tell(self, "ended")

    def _failed_before(self, choice: int) -> bool:
        for attempt in reversed(self.attempts):
            if attempt.choice == choice:
                return attempt.failure is not None
        return False

    def _open(self, node: str, choice: int) -> CourseAttempt | None:
        """The latest attempt there, if it is not over."""
        for attempt in reversed(self.attempts):
            if attempt.choice == choice and attempt.node == node:
                return attempt if attempt.ended_at is None else None
        return None

    def _end(self, node: str, choice: int, now: float, failure: str | None, reason: str | None) -> None:
        attempt = self._open(node, choice)
        if attempt is None:
            return
        attempt.ended_at = now
        attempt.failure = failure
        attempt.reason = reason
        self.tell(self, "attempt_ended")
