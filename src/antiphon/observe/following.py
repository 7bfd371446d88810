"""Who follows the courses of requests. A course costs time, so there is one only where somebody wants to know."""

from __future__ import annotations

from collections.abc import Callable

from antiphon.clock import Clock
from antiphon.course import Course, Step, Tell
from antiphon.http.exchange import Exchange
from antiphon.ids import Ids
from antiphon.observe.target import Sampling
from antiphon.trace_context import SPAN_DIGITS, TraceContext, read

CHANCE_DIGITS = 14  # the last ones of a trace's id, which are drawn at random
Follow = Callable[[Exchange, float], Course | None]


class Following:
    """Makes the courses of one gateway's requests: of all while somebody watches, else of those that are traced.

    `follow` is asked for the course of a request that came at a time of the event loop; it is None while there is
    none to be made. Requests that are traced have a span of their own.
    """

    def __init__(self, *, clock: Clock, ids: Ids, sampling: Sampling | None = None) -> None:
        self._clock = clock
        self._ids = ids
        self._sampling = sampling
        self._listeners: list[Tell] = []
        self._always = False
        self._watched = False
        self.follow: Follow | None = None
        self._decide()

    def listen(self, tell: Tell, *, always: bool = False) -> None:
        """Tell it, too, from now on, of what is followed; `always`: that is to be every request."""
        self._listeners.append(tell)
        self._always |= always
        self._decide()

    def watch(self, *, on: bool) -> None:
        """Somebody begins to watch every request, or nobody does any more."""
        self._watched = on
        self._decide()

    def _decide(self) -> None:
        sampled = None if self._sampling is None else self._sampled
        self.follow = self.course if self._always or self._watched else sampled

    def course(self, exchange: Exchange, begun_at: float) -> Course:
        """The course of a request, whoever wants it."""
        return self._made(exchange, begun_at, None if self._sampling is None else self._trace(exchange, self._sampling))

    def _sampled(self, exchange: Exchange, begun_at: float) -> Course | None:
        """The course of a request that is traced."""
        assert self._sampling is not None, "else nobody asks"
        trace = self._trace(exchange, self._sampling)
        return self._made(exchange, begun_at, trace) if trace.sampled else None

    def _made(self, exchange: Exchange, begun_at: float, trace: TraceContext | None) -> Course:
        tell = self._listeners[0] if len(self._listeners) == 1 else self._tell
        course = Course(
            exchange.request_id, exchange.route, begun_at=begun_at, began_at_ms=self._clock.now() * 1000, tell=tell
        )
        if trace is not None:
            course.parent = read(exchange.headers)
            course.trace = trace
        tell(course, "begun")
        return course

    def _tell(self, course: Course, step: Step) -> None:
        for tell in self._listeners:
            tell(course, step)

    def _trace(self, exchange: Exchange, sampling: Sampling) -> TraceContext:
        """The span of a request, below the client's where it named one."""
        parent = read(exchange.headers)
        trace_id = self._ids.uuid().replace("-", "") if parent is None else parent.trace_id
        if parent is not None and sampling.heeds_clients:
            sampled = parent.sampled
        else:
            sampled = int(trace_id[-CHANCE_DIGITS:], 16) < sampling.share * 16**CHANCE_DIGITS
        span_id = self._ids.make("")[-SPAN_DIGITS:]
        return TraceContext(trace_id, span_id, sampled, "" if parent is None else parent.state)
