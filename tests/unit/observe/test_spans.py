"""Spans by the semantic conventions: what stands in them, and what never does."""

from __future__ import annotations

import pytest

from antiphon.chat import Usage
from antiphon.course import Course, Step, Wanted
from antiphon.errors import EngineFailed
from antiphon.observe.spans import Done, Span, node_span, spans
from antiphon.trace_context import TraceContext

TRACE = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True)
SECRET = "the engine said: my password is swordfish"


def told(course: Course, step: Step) -> None:
    """Listen to nothing."""


def course_of(trace: TraceContext | None = TRACE) -> Course:
    """A request that came at 100 s, which is 5 s of the event loop."""
    course = Course("req_1", "/v1/chat/completions", begun_at=5.0, began_at_ms=100_000.0, tell=told)
    course.trace = trace
    return course


def answered() -> Course:
    """One that failed at first, and was answered then."""
    course = course_of()
    course.planned(Wanted("chatcmpl-1", "acme", "alice", "m", "chat", "v1", streamed=True, ledger="USDC"))
    course.queued(5.25)
    course.attempted("att-1", 0, "node-1", 5.5)
    course.attempt_failed("node-1", 0, EngineFailed(SECRET), 6.0)
    course.attempted("att-2", 0, "node-2", 6.0)
    course.heard("node-2", 0, 6.5)
    course.attempt_ended("node-2", 0, 7.0)
    course.answered("node-2", Usage(7, 3, cached_tokens=4), None)
    course.settled(42, 7.0)
    course.ended(200, 7.25)
    return course


def test_a_request_is_one_span_and_each_attempt_one_below_it() -> None:
    """All of one trace, with the times that they took."""
    request, first, second = spans(answered())
    assert (request.name, request.kind, request.context, request.parent_id) == (
        "POST /v1/chat/completions",
        "server",
        TRACE,
        "",
    )
    assert (request.start_ns, request.end_ns) == (100_000_000_000, 102_250_000_000)
    assert request.events == (
        ("queued", 100_250_000_000),
        ("first_token", 101_500_000_000),
        ("settled", 102_000_000_000),
    )
    for span, attempt in ((first, "att-1"), (second, "att-2")):
        assert (span.name, span.kind, span.parent_id) == ("chat m", "client", TRACE.span_id)
        assert span.context == TRACE.child(attempt)
    assert (first.error, second.error, request.error) == (True, False, False)
    assert second.events == (("first_token", 101_500_000_000),)


def test_a_request_says_what_the_conventions_ask_for() -> None:
    """And whom it is charged to."""
    request, first, second = spans(answered())
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/chat/completions",
        "http.response.status_code": 200,
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "antiphon",
        "gen_ai.request.model": "m",
        "gen_ai.request.stream": True,
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.time_to_first_chunk": 1.5,
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "antiphon.request_id": "req_1",
        "antiphon.account": "acme",
        "antiphon.charged_micro_usdc": 42,
    }
    assert (first.attributes["error.type"], first.attributes["antiphon.attempt.way"]) == ("engine_failed", "first")
    assert (second.attributes["antiphon.node"], second.attributes["antiphon.attempt.way"]) == ("node-2", "again")


def test_no_sentence_of_an_error_stands_in_a_span() -> None:
    """It may repeat what was asked or said."""
    course = answered()
    course.refused(EngineFailed(SECRET), None)
    assert SECRET not in repr(spans(course))


def test_a_span_has_a_parent_where_the_client_named_one() -> None:
    """By its id."""
    course = answered()
    course.parent = TraceContext(TRACE.trace_id, "a" * 16, sampled=True)
    assert spans(course)[0].parent_id == "a" * 16


@pytest.mark.parametrize("trace", [None, TraceContext(TRACE.trace_id, TRACE.span_id)])
def test_what_is_not_sampled_makes_no_spans(trace: TraceContext | None) -> None:
    """Nor what is not traced."""
    assert spans(course_of(trace)) == []


@pytest.mark.parametrize(
    ("status", "failure", "error"),
    [(500, "server_error", True), (404, "model_not_found", False), (499, "client_gone", False), (200, "engine", True)],
)
def test_an_error_is_ours(status: int, failure: str, error: bool) -> None:
    """What the client did wrong is none; what broke off behind a good head is one."""
    course = course_of()
    course.answered("", Usage(), failure)
    course.ended(status, 6.0)
    (request,) = spans(course)
    assert (request.error, request.attributes["error.type"]) == (error, failure)


def test_attempts_of_embeddings_are_told_apart() -> None:
    """Though they have no names."""
    course = course_of()
    for node in ("node-1", "node-2"):
        course.attempted("", 0, node, 5.0)
        course.attempt_ended(node, 0, 5.5)
    course.attempts_left_out = 2
    course.ended(200, 6.0)
    request, first, second = spans(course)
    assert first.context.span_id != second.context.span_id
    assert request.attributes["antiphon.attempts_left_out"] == 2


def test_a_node_has_a_span_of_its_own() -> None:
    """Below the attempt's."""
    done = Done("attic", "att-1", "req_1", "m", TRACE, TRACE.child("attic/att-1"), 1, 2, 3, "deadline")
    span = node_span(done)
    assert isinstance(span, Span)
    assert (span.parent_id, span.context, span.start_ns, span.end_ns) == (TRACE.span_id, done.context, 1, 3)
    assert (span.events, span.error, span.attributes["error.type"]) == ((("first_token", 2),), True, "deadline")
    assert "error.type" not in node_span(Done("attic", "a", "r", "m", TRACE, TRACE, 1, 0, 3)).attributes
