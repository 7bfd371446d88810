"""Attempts at engines, as they are counted for a scrape."""

from __future__ import annotations

from antiphon.course import Course, Step, Wanted
from antiphon.errors import EngineFailed
from antiphon.observe.families import NOTED_MAX
from antiphon.observe.metrics import Metrics


def told(course: Course, step: Step) -> None:
    """Listen to nothing."""


def test_attempts_are_counted_when_their_request_has_ended() -> None:
    """By what they failed of; nothing is known of a request that never came so far."""
    metrics = Metrics()
    course = Course("req_1", "/v1/chat/completions", begun_at=0.0, began_at_ms=0.0, tell=told)
    metrics.attempts.followed(course, "ended")
    course.planned(Wanted("chatcmpl-1", "acme", "alice", "m", "chat", "v1"))
    course.attempted("att-1", 0, "node-1", 1.0)
    course.attempt_failed("node-1", 0, EngineFailed(), 2.0)
    course.attempted("att-2", 0, "node-2", 2.0)
    course.attempt_ended("node-2", 0, 5.0)
    course.attempted("att-3", 1, "node-2", 2.0)
    metrics.attempts.followed(course, "answered")
    for _ in range(NOTED_MAX):
        metrics.attempts.followed(course, "ended")
    name = "gen_ai_client_operation_duration_seconds_sum"
    samples = [one for family in metrics.families() for one in family.samples if one.name == name]
    assert {one.labels["error_type"]: one.value for one in samples} == {
        "engine_failed": NOTED_MAX * 1.0,
        "": NOTED_MAX * 3.0,
    }
    assert {one.labels["gen_ai_request_model"] for one in samples} == {"m"}
