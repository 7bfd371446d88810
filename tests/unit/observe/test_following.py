"""Who follows requests: each listener hears each step, and traced requests have a span of their own."""

from __future__ import annotations

import pytest

from antiphon.clock import ManualClock
from antiphon.course import Course, Step
from antiphon.http.exchange import Exchange
from antiphon.ids import seeded
from antiphon.observe.following import Following
from antiphon.observe.target import Sampling
from antiphon.trace_context import TraceContext
from tests.unit.http.recording import exchange_of

PARENT = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True, state="a=1")


class Heard:
    """Steps as they were told."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def told(self, course: Course, step: Step) -> None:
        """Keep it."""
        self.steps.append(step)


def asked(**headers: bytes) -> Exchange:
    """A request that has been found its route."""
    exchange, _ = exchange_of("POST", "/v1/chat/completions", {name.encode(): value for name, value in headers.items()})
    exchange.request_id, exchange.route = "req_1", "/v1/chat/completions"
    return exchange


def followed(exchange: Exchange, sampling: Sampling | None = None, *heard: Heard) -> Course:
    """The course of a request."""
    following = Following(clock=ManualClock(now=5.0), ids=seeded(3), sampling=sampling)
    for one in heard or (Heard(),):
        following.listen(one.told)
    following.watch(on=True)
    return following.course(exchange, 1.5)


def test_no_course_is_made_while_nobody_wants_to_know() -> None:
    """Whoever listens, somebody has to watch, or want every request."""
    heard, following = Heard(), Following(clock=ManualClock(), ids=seeded(3))
    following.listen(heard.told)
    assert following.follow is None
    following.watch(on=True)
    assert following.follow is not None
    assert following.follow(asked(), 1.5) is not None
    following.watch(on=False)
    assert following.follow is None
    following.listen(heard.told, always=True)
    assert following.follow is not None


def test_of_those_that_nobody_watches_the_traced_ones_are_followed() -> None:
    """As their clients say, where that is heeded."""
    following = Following(clock=ManualClock(), ids=seeded(3), sampling=Sampling(0.0))
    following.listen(Heard().told)
    assert following.follow is not None
    assert following.follow(asked(), 1.5) is None
    course = following.follow(asked(traceparent=PARENT.traceparent.encode()), 1.5)
    assert course is not None
    assert course.trace is not None
    assert course.trace.trace_id == PARENT.trace_id
    following.watch(on=True)
    assert following.follow is not None
    assert following.follow(asked(), 1.5) is not None


@pytest.mark.parametrize("listeners", [1, 2])
def test_each_listener_is_told_of_each_step(listeners: int) -> None:
    """From the first one on."""
    heard = [Heard() for _ in range(listeners)]
    course = followed(asked(), None, *heard)
    course.ended(200, 2.0)
    assert [one.steps for one in heard] == [["begun", "ended"]] * listeners
    assert (course.request_id, course.route, course.begun_at, course.began_at_ms) == (
        "req_1",
        "/v1/chat/completions",
        1.5,
        5000.0,
    )


def test_without_traces_a_request_has_no_span() -> None:
    """It may have its client's."""
    course = followed(asked(traceparent=PARENT.traceparent.encode()))
    assert (course.trace, course.parent) == (None, None)


def test_a_request_goes_on_with_its_client_s_trace() -> None:
    """In a span of its own, with what others noted."""
    course = followed(asked(traceparent=PARENT.traceparent.encode(), tracestate=b"a=1"), Sampling())
    assert course.parent == PARENT
    assert course.trace is not None
    assert (course.trace.trace_id, course.trace.sampled, course.trace.state) == (PARENT.trace_id, True, "a=1")
    assert course.trace.span_id != PARENT.span_id


def test_a_request_without_a_parent_begins_a_trace() -> None:
    """Of ids that can be read."""
    course = followed(asked(), Sampling())
    assert course.trace is not None
    assert (len(course.trace.trace_id), len(course.trace.span_id)) == (32, 16)
    assert int(course.trace.trace_id, 16)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_of_requests_is_sampled(share: float) -> None:
    """None or all of them, here."""
    course = followed(asked(), Sampling(share))
    assert course.trace is not None
    assert course.trace.sampled == bool(share)


@pytest.mark.parametrize(("heeds", "sampled"), [(True, True), (False, False)])
def test_clients_are_heeded_where_that_is_wanted(heeds: bool, sampled: bool) -> None:
    """Else the share alone says what is sampled."""
    headers = asked(traceparent=PARENT.traceparent.encode())
    course = followed(headers, Sampling(0.0, heeds_clients=heeds))
    assert course.trace is not None
    assert course.trace.sampled == sampled
