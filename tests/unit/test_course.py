"""Tests of the course of a request: what is noted of it, and what its followers are told."""

from __future__ import annotations

from antiphon.chat import Usage
from antiphon.course import ABANDONED, ATTEMPTS_MAX, Course, Step, Wanted
from antiphon.errors import EngineFailed
from antiphon.key import Key

WANTED = Wanted("chatcmpl-1", "acme", "alice", "m", "chat", "openai")


class Followed:
    """A course whose steps are kept."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.course = Course("req_1", "/v1/chat/completions", begun_at=1.0, began_at_ms=5000.0, tell=self._told)

    def _told(self, course: Course, step: Step) -> None:
        assert course is self.course
        self.steps.append(step)


def test_a_request_is_told_step_by_step() -> None:
    """From its plan to its end, with the times that were handed in."""
    followed = Followed()
    course = followed.course
    course.planned(WANTED)
    course.queued(2.0)
    course.attempted("att-1", 0, "node-1", 3.0)
    course.heard("node-1", 0, 4.0)
    course.attempt_ended("node-1", 0, 5.0)
    course.answered("node-1", Usage(3, 2), None)
    course.settled(7, 6.0)
    course.ended(200, 7.0)
    assert followed.steps == [
        "planned", "queued", "attempt", "first_token", "attempt_ended", "answered", "settled", "ended",
    ]  # fmt: skip
    (attempt,) = course.attempts
    assert (attempt.begun_at, attempt.first_token_at, attempt.ended_at, attempt.failure) == (3.0, 4.0, 5.0, None)
    assert (course.queued_at, course.placed_at, course.first_token_at) == (2.0, 3.0, 4.0)
    assert (course.settled_at, course.ended_at, course.charged, course.status) == (6.0, 7.0, 7, 200)
    assert (course.node, course.usage, course.wanted) == ("node-1", Usage(3, 2), WANTED)


def test_what_comes_behind_a_failure_is_asked_again() -> None:
    """Of the same choice; another one's first attempt stays a first one, and so does the next round's."""
    course = Followed().course
    course.attempted("att-1", 0, "node-1", 1.0)
    course.attempt_failed("node-1", 0, EngineFailed("It broke."), 2.0)
    course.attempted("att-2", 0, "node-2", 2.0)
    course.attempted("att-3", 1, "node-2", 2.0)
    course.attempt_ended("node-2", 0, 3.0)
    course.attempted("att-4", 0, "node-2", 3.0)
    assert [attempt.way for attempt in course.attempts] == ["first", "again", "first", "first"]
    assert (course.attempts[0].failure, course.attempts[0].reason) == ("engine_failed", "It broke.")


def test_an_attempt_ends_once() -> None:
    """What is said of it later does not count."""
    followed = Followed()
    followed.course.attempted("att-1", 0, "node-1", 1.0)
    followed.course.attempt_failed("node-1", 0, EngineFailed(), 2.0)
    followed.course.attempt_ended("node-1", 0, 3.0, ABANDONED)
    followed.course.attempt_ended("node-9", 0, 3.0)
    assert followed.course.attempts[0].ended_at == 2.0
    assert followed.steps.count("attempt_ended") == 1


def test_the_first_token_of_all_is_the_request_s() -> None:
    """Each attempt has its own; it lines up once."""
    followed = Followed()
    course = followed.course
    course.queued(0.5)
    course.queued(0.7)
    course.attempted("att-1", 0, "node-1", 1.0)
    course.attempted("att-2", 1, "node-1", 1.0)
    course.heard("node-1", 1, 2.0)
    course.heard("node-1", 0, 3.0)
    assert [attempt.first_token_at for attempt in course.attempts] == [3.0, 2.0]
    assert (course.first_token_at, course.queued_at, followed.steps.count("queued")) == (2.0, 0.5, 1)


def test_so_many_attempts_are_kept() -> None:
    """Of more it is only known how many there were."""
    course = Followed().course
    for number in range(ATTEMPTS_MAX + 3):
        course.attempted(f"att-{number}", number, "node-1", 1.0)
    course.heard("node-1", ATTEMPTS_MAX + 1, 2.0)
    assert (len(course.attempts), course.attempts_left_out) == (ATTEMPTS_MAX, 3)


def test_a_refusal_is_kept_for_whoever_follows() -> None:
    """With what the client is told."""
    course = Followed().course
    error = EngineFailed("It broke.")
    course.refused(error, Key("alice"))
    assert (course.error_code, course.error_message) == ("engine_failed", "It broke.")
    assert (course.account, course.key) == ("alice", "alice")
