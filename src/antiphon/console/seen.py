"""A request as the console shows it: when what happened to it, and why it came to nothing. Pure; nothing of content."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.course import Course, CourseAttempt, Way

State = Literal["waiting", "prefill", "generating", "ended", "failed", "refused"]


class WireAttempt(Struct, frozen=True):
    """One attempt at one choice, in milliseconds since the request began."""

    node: str
    attempt: str
    choice: int
    kind: Way
    began_ms: float
    first_token_ms: float | None
    ended_ms: float | None
    failure: str | None
    reason: str | None


class WireFailure(Struct, frozen=True):
    """Why there was no answer, or no whole one: a code, and a sentence where the client was told one."""

    code: str
    message: str


class WireSeen(Struct, frozen=True):
    """One request. `began_at_ms` is since 1970, what follows in milliseconds after that, null while it is to come."""

    id: str
    answer_id: str
    request_id: str
    account: str
    key: str
    operation: str
    door: str
    model: str
    streamed: bool
    state: State
    began_at_ms: float
    queued_ms: float | None
    placed_ms: float | None
    first_token_ms: float | None
    ended_ms: float | None
    settled_ms: float | None
    attempts: list[WireAttempt]
    attempts_left_out: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    ledger: str | None
    charged_micro_usdc: int | None
    status: int | None
    error: WireFailure | None


class WireSeenNow(Struct, frozen=True):
    """What has changed. The `first` one of a stream takes the place of all that was known before.

    All requests since `since_ms` are noted; of those before only some.
    """

    now_ms: float
    since_ms: float
    first: bool
    requests: list[WireSeen]


def account(course: Course) -> str:
    """Whose request it is; "" where nobody showed a key."""
    return course.account if course.wanted is None else course.wanted.account


def worth_showing(course: Course) -> bool:
    """Whether it is to be answered, or was refused to somebody who is known here."""
    return course.wanted is not None or (course.error_code is not None and bool(course.account))


def seen(course: Course) -> WireSeen:
    """How it stands."""
    wanted, usage = course.wanted, course.usage
    over = course.ended_at is not None
    told = wanted is not None and (usage.total_tokens > 0 or (over and course.failure is None))
    return WireSeen(
        id=f"{course.request_id}-{course.began_at_ms:.3f}",  # clients may call many requests alike
        answer_id="" if wanted is None else wanted.answer_id,
        request_id=course.request_id,
        account=account(course),
        key=course.key if wanted is None else wanted.key,
        operation="" if wanted is None else wanted.operation,
        door="" if wanted is None else wanted.door,
        model="" if wanted is None else wanted.model,
        streamed=wanted is not None and wanted.streamed,
        state=_state(course),
        began_at_ms=course.began_at_ms,
        queued_ms=_after(course, course.queued_at),
        placed_ms=_after(course, course.placed_at),
        first_token_ms=_after(course, course.first_token_at),
        ended_ms=_after(course, course.ended_at),
        settled_ms=_after(course, course.settled_at),
        attempts=[_attempt(course, one) for one in course.attempts],
        attempts_left_out=course.attempts_left_out,
        prompt_tokens=usage.prompt_tokens if told else None,
        completion_tokens=usage.completion_tokens if told else None,
        cached_tokens=usage.cached_tokens if told else None,
        ledger=None if wanted is None else wanted.ledger,
        charged_micro_usdc=course.charged,
        status=course.status if over else None,
        error=_failure(course),
    )


def _state(course: Course) -> State:
    failed = course.error_code is not None or course.failure is not None
    if failed and not course.attempts:
        return "refused" if course.failure != "client_gone" else "failed"
    if course.ended_at is not None:
        return "failed" if failed else "ended"
    if course.placed_at is None:
        return "waiting"
    plain = course.wanted is not None and not course.wanted.streamed  # nobody is told when it begins to generate
    return "prefill" if course.first_token_at is None and not plain else "generating"


def _attempt(course: Course, attempt: CourseAttempt) -> WireAttempt:
    begun_ms = _after(course, attempt.begun_at)
    assert begun_ms is not None, "it has begun"
    return WireAttempt(
        attempt.node,
        attempt.id,
        attempt.choice,
        attempt.way,
        begun_ms,
        _after(course, attempt.first_token_at),
        _after(course, attempt.ended_at),
        attempt.failure,
        attempt.reason,
    )


def _failure(course: Course) -> WireFailure | None:
    code = course.error_code or course.failure
    return None if code is None else WireFailure(code, course.error_message or "")


def _after(course: Course, moment: float | None) -> float | None:
    """Milliseconds from its beginning to a moment."""
    return None if moment is None else round((moment - course.begun_at) * 1000, 2)
