"""Tests of a request as the console shows it."""

from __future__ import annotations

import pytest

from antiphon.chat import Usage
from antiphon.console.seen import account, seen, worth_showing
from antiphon.course import Course, Wanted
from antiphon.errors import EngineLost, InsufficientCredits, Unauthenticated
from antiphon.key import Key

WANTED = Wanted("chatcmpl-1", "acme", "alice", "m", "chat", "openai", True, "USDC")


def course(*, wanted: Wanted | None = WANTED) -> Course:
    """A request that came at 10 seconds of the loop's time."""
    made = Course(
        "req_1", "/v1/chat/completions", begun_at=10.0, began_at_ms=5_000.0, tell=lambda _course, _step: None
    )  # fmt: skip
    if wanted is not None:
        made.planned(wanted)
    return made


def test_its_times_are_milliseconds_since_its_beginning() -> None:
    """From its place in the line to the books, attempt by attempt."""
    one = course()
    assert seen(one).state == "waiting"
    one.queued(10.001)
    one.attempted("att-1", 0, "node-1", 10.002)
    assert seen(one).state == "prefill"
    one.attempt_failed("node-1", 0, EngineLost("It broke off."), 10.004)
    one.attempted("att-2", 0, "node-2", 10.005, "again")
    one.heard("node-2", 0, 10.010)
    assert seen(one).state == "generating"
    one.attempt_ended("node-2", 0, 10.020)
    one.answered("node-2", Usage(7, 3, 2), None)
    one.ended(200, 10.021)
    one.settled(42, 10.025)
    shown = seen(one)
    assert (shown.state, shown.answer_id, shown.account, shown.key) == ("ended", "chatcmpl-1", "acme", "alice")
    times = (shown.queued_ms, shown.placed_ms, shown.first_token_ms, shown.ended_ms, shown.settled_ms)
    assert times == (1, 2, 10, 21, 25)
    first, second = shown.attempts
    assert (first.node, first.kind, first.began_ms, first.ended_ms) == ("node-1", "first", 2, 4)
    assert (first.failure, first.reason) == ("engine_failed", "It broke off.")
    assert (second.kind, second.first_token_ms, second.failure) == ("again", 10, None)
    assert (shown.prompt_tokens, shown.completion_tokens, shown.cached_tokens) == (7, 3, 2)
    assert (shown.charged_micro_usdc, shown.ledger, shown.status, shown.error) == (42, "USDC", 200, None)


def test_a_refusal_says_why() -> None:
    """Also one of a request that was never planned, to whoever asked."""
    one = course(wanted=None)
    one.refused(InsufficientCredits("There are 3 micro-USDC, this takes 9."), Key("alice", account_name="acme"))
    one.ended(402, 10.5)
    shown = seen(one)
    assert worth_showing(one)
    assert (shown.state, shown.account, shown.key, shown.status) == ("refused", "acme", "alice", 402)
    assert shown.error is not None
    assert shown.error.code == "insufficient_credits"
    assert "9" in shown.error.message
    assert shown.prompt_tokens is None


def test_strangers_are_not_shown() -> None:
    """Nor what is not to be answered by an engine."""
    stranger, counted = course(wanted=None), course(wanted=None)
    stranger.refused(Unauthenticated())
    counted.ended(200, 10.5)
    assert not worth_showing(stranger)
    assert not worth_showing(counted)
    assert account(stranger) == ""


@pytest.mark.parametrize(
    ("failure", "tried", "state"),
    [("client_gone", True, "failed"), ("client_gone", False, "failed"), ("unavailable", False, "refused")],
)
def test_what_came_to_nothing_has_failed(failure: str, tried: bool, state: str) -> None:
    """A request that reached no engine was refused, unless its client went."""
    one = course()
    if tried:
        one.attempted("att-1", 0, "node-1", 10.002)
        one.attempt_ended("node-1", 0, 10.003, "abandoned")
    one.answered("", Usage(), failure)
    one.ended(499, 10.004)
    shown = seen(one)
    assert shown.state == state
    assert shown.error is not None
    assert (shown.error.code, shown.prompt_tokens) == (failure, None)


def test_a_plain_answer_has_no_first_token() -> None:
    """So it counts as generated from the moment that an engine has it."""
    one = course(wanted=Wanted("chatcmpl-1", "acme", "alice", "m", "chat", "openai"))
    one.attempted("att-1", 0, "node-1", 10.002)
    assert seen(one).state == "generating"


def test_requests_that_clients_call_alike_are_told_apart() -> None:
    """By the moment at which they came."""
    later = Course(
        "req_1", "/v1/chat/completions", begun_at=11.0, began_at_ms=6_000.0, tell=lambda _course, _step: None
    )  # fmt: skip
    assert seen(course()).id != seen(later).id
