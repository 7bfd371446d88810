"""Who follows the courses of requests: each listener is told of each step. While nobody listens, nobody is told."""

from __future__ import annotations

from collections.abc import Callable

from antiphon.clock import Clock
from antiphon.course import Course, Step, Tell
from antiphon.http.exchange import Exchange
from antiphon.ids import Ids
from antiphon.observe.target import Sampling
from antiphon.trace_context import SPAN_DIGITS, TraceContext, read

CHANCE_DIGITS = 14  # the last ones of a trace's id, which are drawn at random


class Following:
    """Makes the courses of one gateway's requests. Those that are traced have a span of their own."""

    def __init__(self, *, clock: Clock, ids: Ids, sampling: Sampling | None = None) -> None:
        self._clock = clock
        self._ids = ids
        self._sampling = sampling
        self._listeners: list[Tell] = []

    def listen(self, tell: Tell) -> None:
        """Tell it, too, from now on."""
        self._listeners.append(tell)

    @property
    def follow(self) -> Callable[[Exchange, float], Course] | None:
        """What makes the course of a request that came at a time of the event loop; None while nobody listens."""
        return self._followed if self._listeners else None

    def _followed(self, exchange: Exchange, begun_at: float) -> Course:
        tell = self._listeners[0] if len(self._listeners) == 1 else self._tell
        course = Course(
            exchange.request_id, exchange.route, begun_at=begun_at, began_at_ms=self._clock.now() * 1000, tell=tell
        )
        if self._sampling is not None:
            course.parent = read(exchange.headers)
            course.trace = self._trace(course.parent, self._sampling)
        tell(course, "begun")
        return course

    def _tell(self, course: Course, step: Step) -> None:
        for tell in self._listeners:
            tell(course, step)

    def _trace(self, parent: TraceContext | None, sampling: Sampling) -> TraceContext:
        """The span of a request, below the client's where it named one."""
        trace_id = self._ids.uuid().replace("-", "") if parent is None else parent.trace_id
        if parent is not None and sampling.heeds_clients:
            sampled = parent.sampled
        else:
            sampled = int(trace_id[-CHANCE_DIGITS:], 16) < sampling.share * 16**CHANCE_DIGITS
        span_id = self._ids.make("")[-SPAN_DIGITS:]
        return TraceContext(trace_id, span_id, sampled, "" if parent is None else parent.state)
