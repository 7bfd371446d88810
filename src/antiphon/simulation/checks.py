"""What a gateway promises, held against what a simulation saw. Each check tells what was broken, and where. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from antiphon.errors import DeadlineExceeded, EngineFailed, FirstTokenTimeout, PoisonPrompt, RateLimited, Unavailable
from antiphon.simulation import language
from antiphon.simulation.attempts import Attempt
from antiphon.simulation.client import Outcome
from antiphon.simulation.language import Answer

if TYPE_CHECKING:
    from antiphon.simulation.scenario import World

SLACK_S = 1.5
POISONED_MAX = 2
OVERRUN = frozenset({"overrun"})
DEADLY = frozenset({"crash", "poison", "break", "unreachable"})  # as it looks to a gateway


class Violation(Struct, frozen=True):
    """A promise that was broken."""

    check: str
    what: str


Check = Callable[["World"], Iterator[str]]


def expected(world: World, outcome: Outcome, index: int) -> Answer:
    """The answer that an undisturbed node gives to a choice."""
    spoken = world.scenario.spoken
    return spoken.answer(outcome.messages, outcome.sampling, choice=index, document=outcome.turn.document)


def text_is_exact(world: World) -> Iterator[str]:
    """A finished answer is the oracle's to the byte; a broken one is its beginning."""
    for outcome in world.clients.outcomes:
        for index in range(outcome.turn.choices):
            right, came = expected(world, outcome, index).text, outcome.text(index)
            if right == came if outcome.finished else right.startswith(came):
                continue
            at = next(
                (i for i, (a, b) in enumerate(zip(right, came, strict=False)) if a != b), min(len(right), len(came))
            )
            yield f"{outcome.request}[{index}]: at {at}, {came[at : at + 24]!r} in place of {right[at : at + 24]!r}"


def one_finish(world: World) -> Iterator[str]:
    """A finished choice ends once, for the right reason, with nothing behind it; a broken answer has no end."""
    for outcome in world.clients.outcomes:
        if outcome.after_end:
            yield f"{outcome.request}: {outcome.after_end} deltas behind the end"
        for index, finishes in enumerate(outcome.finishes):
            right = [expected(world, outcome, index).finish_reason]
            if finishes != right and (outcome.finished or finishes):
                yield f"{outcome.request}[{index}]: finished {finishes}, not {right}"


def usage_is_what_came(world: World) -> Iterator[str]:
    """Who has read the whole answer is told exactly the tokens that came, and the prompt's as it was asked."""
    for outcome in world.clients.outcomes:
        if not outcome.finished:
            continue
        usage = outcome.usage
        answers = [expected(world, outcome, index) for index in range(outcome.turn.choices)]
        right = sum(len(answer.deltas) for answer in answers)
        prompt = language.prompt_tokens(language.written(outcome.messages), len(outcome.messages))
        # Who is cut off in the middle of its tokens tells nothing any more.
        prompts = {prompt, 0} if _struck(world, outcome, OVERRUN) else {prompt}
        if usage is None or usage.completion_tokens != right or usage.prompt_tokens not in prompts:
            told = usage and (usage.completion_tokens, usage.prompt_tokens)
            yield f"{outcome.request}: usage {told}, not {(right, prompt)}"


def _struck(world: World, outcome: Outcome, faults: frozenset[str]) -> int:
    """How many of its attempts were struck by one of these."""
    attempts = world.attempts.by_request.get(outcome.request, ())
    return sum(not faults.isdisjoint(attempt.faults) for attempt in attempts)


def nobody_hangs(world: World) -> Iterator[str]:
    """Each request ends by its deadline, and by an error where no first token comes in time."""
    bounds = world.scenario.bounds
    for outcome in world.clients.outcomes:
        first_s = bounds.first_token_s if outcome.turn.streamed else bounds.total_s
        due = outcome.asked_at + (first_s if outcome.first_token_at is None else bounds.total_s) + SLACK_S
        if outcome.ended_at is None or outcome.ended_at > due:
            yield f"{outcome.request}: ended at {outcome.ended_at}, due at {due:.1f}"


def silent_nodes_are_left(world: World) -> Iterator[str]:
    """No stream stays with a node that shows no sign of life for longer than its bounds."""
    bounds = world.scenario.bounds
    for outcome in world.clients.outcomes:
        if not outcome.turn.streamed:
            continue
        for attempt in world.attempts.by_request.get(outcome.request, ()):
            most = (bounds.inter_token_s if attempt.sent_tokens else bounds.first_token_s) + SLACK_S
            if attempt.over_at is not None and attempt.over_at - attempt.signed_at > most:
                yield f"{outcome.request}: {attempt.over_at - attempt.signed_at:.1f} s with silent {attempt.node}"


def failures_have_causes(world: World) -> Iterator[str]:
    """An answer fails only where each of its attempts was struck, or its time was up."""
    for outcome in world.clients.outcomes:
        error = outcome.error
        if error is None or isinstance(error, (RateLimited, FirstTokenTimeout, DeadlineExceeded)):
            continue
        attempts = world.attempts.by_request.get(outcome.request, [])
        if isinstance(error, PoisonPrompt):
            tries = [each for each in world.clients.outcomes if each.turn is outcome.turn]
            if sum(_struck(world, each, DEADLY) for each in tries) < POISONED_MAX and not outcome.turn.poisoned:
                yield f"{outcome.request}: was taken for poison, though it was in no two deaths"
        elif not isinstance(error, (EngineFailed, Unavailable)):
            yield f"{outcome.request}: {error!r}"
        elif outcome.turn.choices == 1 and not _gave_up(world, outcome) and not all(each.faults for each in attempts):
            untouched = [attempt.node for attempt in attempts if not attempt.faults]
            yield f"{outcome.request}: {error.message!r}, though nothing was wrong with {untouched[0]}"


def _gave_up(world: World, outcome: Outcome) -> bool:
    """Whether it had looked for another node for as long as it may."""
    over = [attempt.over_at for attempt in world.attempts.by_request.get(outcome.request, ()) if attempt.faults]
    since = min((at for at in over if at is not None), default=math.inf)
    return (outcome.ended_at or 0.0) - since >= world.scenario.bounds.first_token_s - SLACK_S


def each_is_told_once(world: World) -> Iterator[str]:
    """Metrics and ledger are told of each admitted request once."""
    told = [record.plan.caller.request_id for record in world.gateway.records]
    admitted = [each.request for each in world.clients.outcomes if not isinstance(each.error, RateLimited)]
    if sorted(told) != sorted(admitted):
        twice = {request for request in told if told.count(request) > 1}
        yield f"told {len(told)} times of {len(admitted)} requests, twice of {sorted(twice)[:3]}"


def jobs_stay_within_limits(world: World) -> Iterator[str]:
    """Who goes on with an answer is allowed only what is left of it."""
    for outcome in world.clients.outcomes:
        most = outcome.sampling.max_tokens
        for attempt in world.attempts.by_request.get(outcome.request, ()):
            left = math.inf if most is None else max(1, most - attempt.begun_tokens)
            if (math.inf if attempt.max_tokens is None else attempt.max_tokens) > left:
                yield f"{outcome.request}: {attempt.node} may say {attempt.max_tokens} tokens, {left} are left"


def poison_is_contained(world: World) -> Iterator[str]:
    """One prompt kills two nodes at most, one more where another may have done it or nodes die by themselves."""
    dying = any(faults.rates.crashes for faults in world.faults)
    for prompt, deaths in world.attempts.deaths.items():
        if deaths > POISONED_MAX + (dying or _shared(world, prompt)):
            yield f"{prompt} killed {deaths} nodes"


def _shared(world: World, prompt: str) -> bool:
    """Whether one that had lost a node before was there, and had said nothing, when this one killed another."""
    attempts = world.attempts.by_request
    killed = {
        (attempt.node, attempt.over_at)
        for request, tries in attempts.items()
        for attempt in tries
        if request.partition(".")[0] == prompt and "poison" in attempt.faults
    }
    return any(
        (attempt.node, attempt.over_at) in killed and not attempt.sent_tokens and not before.isdisjoint(DEADLY)
        for request, tries in attempts.items()
        if request.partition(".")[0] != prompt
        for before, attempt in _behind(tries)
    )


def _behind(attempts: list[Attempt]) -> Iterator[tuple[set[str], Attempt]]:
    """Each attempt with all that had struck the ones before it."""
    before: set[str] = set()
    for attempt in attempts:
        yield set(before), attempt
        before.update(attempt.faults)


def nothing_is_left(world: World) -> Iterator[str]:
    """In the end nobody waits, no slot is taken and no node works."""
    if world.placement.waiting:
        yield f"{world.placement.waiting} still wait"
    for node in world.nodes:
        if node.running or node.waiting:
            yield f"{node.name} still works on {len(node.running) + len(node.waiting)} jobs"
    for name, count in world.attempts.open_now.items():
        if count:
            yield f"{count} attempts are still open on {name}"
    for scale, level in world.gateway.limits.levels.items():
        if level.running:
            yield f"limits: each {scale} should be idle, {level.running} is counted"


def slots_are_kept(world: World) -> Iterator[str]:
    """No node is given more at once than it generates."""
    for node in world.nodes:
        most = world.attempts.most_open[node.name]
        if most > node.hardware.slots:
            yield f"{node.name} had {most} jobs at once, it has {node.hardware.slots} slots"


def nobody_saw_a_bug(world: World) -> Iterator[str]:
    """Nothing is raised but what a client may be told."""
    yield from world.loop.unhandled


CHECKS: tuple[Check, ...] = (
    text_is_exact,
    one_finish,
    usage_is_what_came,
    nobody_hangs,
    silent_nodes_are_left,
    failures_have_causes,
    each_is_told_once,
    jobs_stay_within_limits,
    poison_is_contained,
    nothing_is_left,
    slots_are_kept,
    nobody_saw_a_bug,
)


def checked(world: World) -> list[Violation]:
    """All promises that were broken."""
    return [Violation(check.__name__, what) for check in CHECKS for what in check(world)]
