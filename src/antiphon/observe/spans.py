"""Spans of a request and of each of its attempts, by the semantic conventions of OpenTelemetry 1.41. Pure.

Nothing of what was asked or said stands in them, and no sentence of an error, which may repeat some of it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.course import Course, CourseAttempt
from antiphon.trace_context import TraceContext

PROVIDER = "antiphon"
Attribute = str | int | float | bool
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


class Span(Struct, frozen=True):
    """One span, as OTLP has it. Times are in nanoseconds since 1970; `error` says that it is a failure of ours."""

    name: str
    kind: Literal["server", "client"]
    context: TraceContext
    parent_id: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Attribute]
    events: tuple[tuple[str, int], ...] = ()
    error: bool = False


class Done(Struct, frozen=True):
    """What a node did for an attempt: in a span of its own, below the one that the gateway told of."""

    node: str
    attempt: str
    request_id: str
    model: str
    parent: TraceContext
    context: TraceContext
    start_ns: int
    first_token_ns: int  # 0: none came
    end_ns: int
    failure: str | None = None


def spans(course: Course) -> list[Span]:
    """Those of a request that has ended; none where it is not traced, or not to be kept."""
    if course.trace is None or not course.trace.sampled:
        return []
    return [_request(course, course.trace), *(_attempt(course, course.trace, n) for n in range(len(course.attempts)))]


def node_span(done: Done) -> Span:
    """The one of a node."""
    failure: dict[str, Attribute] = {} if done.failure is None else {"error.type": done.failure}
    return Span(
        name=f"serve {done.model}",
        kind="server",
        context=done.context,
        parent_id=done.parent.span_id,
        start_ns=done.start_ns,
        end_ns=done.end_ns,
        attributes={
            "gen_ai.provider.name": PROVIDER,
            "gen_ai.request.model": done.model,
            "antiphon.node": done.node,
            "antiphon.attempt": done.attempt,
            "antiphon.request_id": done.request_id,
            **failure,
        },
        events=(("first_token", done.first_token_ns),) if done.first_token_ns else (),
        error=done.failure is not None,
    )


def _request(course: Course, trace: TraceContext) -> Span:
    status = course.status
    failure = course.failure or course.error_code
    attributes: dict[str, Attribute] = {
        "http.request.method": course.method,
        "http.route": course.route,
        "http.response.status_code": status,
        "antiphon.request_id": course.request_id,
        **_asked(course),
        **_took(course),
    }
    if failure is not None:
        attributes["error.type"] = failure
    if course.charged is not None:
        attributes["antiphon.charged_micro_usdc"] = course.charged
    if course.attempts_left_out:
        attributes["antiphon.attempts_left_out"] = course.attempts_left_out
    known = ("queued", course.queued_at), ("first_token", course.first_token_at), ("settled", course.settled_at)
    return Span(
        name=f"{course.method} {course.route}",
        kind="server",
        context=trace,
        parent_id="" if course.parent is None else course.parent.span_id,
        start_ns=_ns(course, course.begun_at),
        end_ns=_ns(course, course.ended_at),
        attributes=attributes,
        events=tuple((name, _ns(course, at)) for name, at in known if at is not None),
        error=status >= 500 or (failure is not None and status == 200),  # what broke off behind a good head
    )


def _attempt(course: Course, trace: TraceContext, number: int) -> Span:
    attempt, wanted = course.attempts[number], course.wanted
    first = attempt.first_token_at
    return Span(
        name="attempt" if wanted is None else f"{wanted.operation} {wanted.model}",
        kind="client",
        context=trace.child(attempt.id or f"{trace.span_id}/{number}"),
        parent_id=trace.span_id,
        start_ns=_ns(course, attempt.begun_at),
        end_ns=_ns(course, course.ended_at if attempt.ended_at is None else attempt.ended_at),
        attributes={**_asked(course), **_tried(attempt)},
        events=() if first is None else (("first_token", _ns(course, first)),),
        error=attempt.reason is not None,
    )


def _asked(course: Course) -> dict[str, Attribute]:
    wanted = course.wanted
    if wanted is None:
        return {"gen_ai.provider.name": PROVIDER}
    return {
        "gen_ai.operation.name": wanted.operation,
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.request.model": wanted.model,
        "gen_ai.request.stream": wanted.streamed,
        "gen_ai.response.id": wanted.answer_id,
        "antiphon.account": wanted.account,
    }


def _took(course: Course) -> dict[str, Attribute]:
    """What the conventions tell of an answer; counts that are 0 are left out, but for the two that all have."""
    usage, first = course.usage, course.first_token_at
    counts = {
        "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
    }
    told: dict[str, Attribute] = {
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens,
    }
    told |= {name: count for name, count in counts.items() if count}
    if first is not None:
        told["gen_ai.response.time_to_first_chunk"] = round(first - course.begun_at, 6)
    return told


def _tried(attempt: CourseAttempt) -> dict[str, Attribute]:
    told: dict[str, Attribute] = {
        "antiphon.node": attempt.node,
        "antiphon.attempt": attempt.id,
        "antiphon.attempt.way": attempt.way,
        "antiphon.choice": attempt.choice,
    }
    if attempt.failure is not None:
        told["error.type"] = attempt.failure
    return told


def _ns(course: Course, at: float | None) -> int:
    """A time of the event loop, since 1970."""
    since_s = 0.0 if at is None else at - course.begun_at
    return int(course.began_at_ms * NS_PER_MS) + int(since_s * NS_PER_S)
