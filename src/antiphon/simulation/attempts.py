"""What nodes saw of each attempt to generate an answer: for figures, and for whoever checks the gateway's promises."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from antiphon.simulation.trace import Trace


class Attempt(Struct, eq=False):
    """One job on one node, from the node's side. Times are virtual seconds; the job's `user` is the request's name."""

    number: int
    request: str
    node: str
    opened_at: float
    max_tokens: int | None
    prompt_tokens: int  # with what was begun before
    begun_tokens: int  # of an answer that this attempt was to go on with
    signed_at: float  # when the node last showed a sign of life
    cached_tokens: int = 0
    prefilled: bool = False
    sent_tokens: int = 0
    over_at: float | None = None  # when it ended, or the gateway let go of it
    faults: list[str] = []  # what struck it, the cause first


class Attempts:
    """All attempts, by request; and how many were open on a node at once."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.by_request: dict[str, list[Attempt]] = {}
        self.open_now: Counter[str] = Counter()
        self.most_open: Counter[str] = Counter()
        self.deaths: Counter[str] = Counter()  # nodes that died of a prompt, by the name of who asked it first
        self.count = 0

    def opened(self, attempt: Attempt) -> None:
        """A job was sent to a node."""
        self.count += 1
        self.by_request.setdefault(attempt.request, []).append(attempt)
        open_now = self.open_now[attempt.node] + 1
        self.open_now[attempt.node] = open_now
        self.most_open[attempt.node] = max(self.most_open[attempt.node], open_now)
        self._trace.note(f"open {attempt.request} {attempt.node} {attempt.begun_tokens}")

    def over(self, attempt: Attempt, now: float) -> None:
        """It has ended, or the gateway has let go of it; whichever is first counts."""
        if attempt.over_at is None:
            attempt.over_at = now
            self.open_now[attempt.node] -= 1
            self._trace.note(f"over {attempt.request} {attempt.node} {attempt.sent_tokens}")

    def died(self, attempt: Attempt) -> None:
        """Its node died of its prompt."""
        self.deaths[attempt.request.partition(".")[0]] += 1

    def struck(self, attempt: Attempt, fault: str) -> None:
        """Something went wrong with it, on purpose."""
        attempt.faults.append(fault)
        self._trace.note(f"fault {attempt.request} {attempt.node} {fault}")
