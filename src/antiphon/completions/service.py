"""The life of a completion, told in order: plan, place, generate, count. No HTTP, no wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from antiphon.chat import Choice, Completion, ToolCall, Usage
from antiphon.completions.asks import ask
from antiphon.completions.deadline import Deadline
from antiphon.completions.empty import EmptyStream
from antiphon.completions.folded import folded, must_be_folded
from antiphon.completions.generate import ATTEMPTS_MAX, ChoiceStream
from antiphon.completions.merge import MergedStream
from antiphon.completions.noted import noted
from antiphon.completions.places import place_apart
from antiphon.completions.plan import Bounds, Plan, job, traced
from antiphon.completions.poison import Poison
from antiphon.completions.prepare import Preparation
from antiphon.completions.record import CLIENT_GONE, Record, code
from antiphon.completions.retry_advice import RetryAdvice
from antiphon.completions.stream import CompletionStream, Source, bounded
from antiphon.completions.suspicion import PLAIN_SOON_S, Suspicion
from antiphon.completions.watch import Watch
from antiphon.credits.receipt import Served
from antiphon.errors import AntiphonError, DeadlineExceeded, EngineFailed, EngineLost, PoisonPrompt, Unavailable
from antiphon.ids import Ids
from antiphon.models.ask import Ask
from antiphon.models.catalogue import Model
from antiphon.models.load import Place
from antiphon.models.placement import Placement
from antiphon.wheel import TimerWheel

PROMPTS_AT_ONCE = 8  # of one request; more wait, so that a long list does not fill every queue


def _as_it_is(plan: Plan) -> Plan:
    """Where no answer is to be looked at."""
    return plan


class Completions:
    """Serves chat completions. Make it within a running event loop."""

    def __init__(
        self,
        preparation: Preparation,
        placement: Placement,
        bounds: Bounds,
        *,
        ids: Ids,
        wheel: TimerWheel,
        on_end: Callable[[Record], None],
        draws: Callable[[Plan], Plan] = _as_it_is,
        poison: Poison | None = None,
        latest: Callable[[Model], Model] = lambda model: model,
        advice: RetryAdvice | None = None,
    ) -> None:
        self._draws = draws
        self._wheel = wheel
        self.plan = preparation.plan
        self._placement = placement
        self._bounds = bounds
        self._ids = ids
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._poison = poison or Poison(self._loop.time)
        self._latest = latest
        self._advice = advice or RetryAdvice(placement, self._loop.time)

    async def complete(self, plan: Plan, beat: Callable[[], None]) -> tuple[Completion, str]:
        """The finished completion and the node that served it; `beat` is called whenever a heartbeat is due."""
        plan = self._draws(plan)
        if must_be_folded(plan):
            return await folded(self._open(plan, Watch(plan, keep=True)), beat)
        heartbeat_s = self._bounds.heartbeat_s
        try:
            with Deadline(self._wheel, plan.begun_at, plan.total_at, beat=beat, heartbeat_s=heartbeat_s):
                return await self._whole(plan)
        except (DeadlineExceeded, PoisonPrompt) as error:
            self._failed(plan, error)
            raise
        except asyncio.CancelledError:
            self._on_end(Record(plan, Usage(), self._loop.time(), CLIENT_GONE))
            raise

    async def _whole(self, plan: Plan) -> tuple[Completion, str]:
        """One choice, asked for in one piece, elsewhere when the first engine fails."""
        placement, asked, caller = self._placement, ask(plan, streams=False), plan.caller
        tried: frozenset[str] = frozenset()
        failure: AntiphonError | None = None
        poison = self._poison
        suspicion = None if poison.idle else Suspicion(poison, plan)
        while True:
            try:
                if suspicion is None:
                    place = placement.take(asked, tried) or await self._waited(plan, asked, tried)
                else:
                    place = await place_apart(placement, asked, tried, suspicion)
            except Unavailable as error:
                self._failed(plan, failure or error)
                raise failure or error from None
            offer = place.offer
            tried |= {offer.engine.name}
            try:
                attempt = self._ids.make("att-")
                left_s = plan.total_at - self._loop.time()
                asked_for = job(plan, offer, 0, attempt=attempt, deadline_s=left_s)
                if caller.trace is not None:
                    asked_for = traced(plan, asked_for)
                answering, course = offer.engine.complete(asked_for), caller.course
                choice, usage = await (answering if course is None else noted(course, offer, attempt, answering))
                placement.succeeded(place, usage.cached_tokens)
            except (EngineFailed, Unavailable) as error:
                failure = error
                placement.failed(place, error)
                if isinstance(error, EngineLost):
                    soon = self._loop.time() - place.taken_at < PLAIN_SOON_S
                    suspicion = suspicion or Suspicion(poison, plan)
                    await suspicion.lost(offer.engine, soon=soon)
                if len(tried) >= ATTEMPTS_MAX:
                    self._failed(plan, error)
                    raise
                continue
            except AntiphonError as error:
                self._failed(plan, error)
                raise
            finally:
                if suspicion is not None:
                    suspicion.left()
                placement.give_back(place)
            if not poison.idle:
                (suspicion or Suspicion(poison, plan)).cleared()
            return self._answered(plan, choice, bounded(usage, plan), offer.engine.name, attempt), offer.engine.name

    async def _waited(self, plan: Plan, asked: Ask, tried: frozenset[str]) -> Place:
        """The place that is waited for in line."""
        if plan.caller.course is not None:
            plan.caller.course.queued(self._loop.time())
        return await self._placement.wait(asked, tried)

    def _answered(self, plan: Plan, choice: Choice, usage: Usage, node: str, attempt: str) -> Completion:
        """The completion that a node made in an attempt, noted."""
        choices = (self._named(choice) if choice.tool_calls else choice,)
        served = (Served(node, attempt, usage.completion_tokens),)
        examined = choice if plan.examined else None
        self._on_end(Record(plan, usage, self._loop.time(), None, None, node, choices, (usage,), served, examined))
        return Completion(choices, usage)

    def _named(self, choice: Choice) -> Choice:
        """Every tool call has an id, also from an engine that gives none."""
        if all(call.id for call in choice.tool_calls):
            return choice
        calls = tuple(
            ToolCall(call.id or self._ids.make("call_"), call.name, call.arguments) for call in choice.tool_calls
        )
        return msgspec.structs.replace(choice, tool_calls=calls)

    def open(self, plan: Plan) -> CompletionStream:
        """A stream of the plan's deltas; `start` it, read it to its end, close it."""
        plan = self._draws(plan)
        watched = plan.stored or plan.scored or plan.request.echo or plan.examined
        return self._open(plan, Watch(plan, keep=plan.stored) if watched else None)

    def _open(self, plan: Plan, watch: Watch | None) -> CompletionStream:
        source = self._source(plan)
        return CompletionStream(plan, source, on_end=self._on_end, watch=watch, on_refusal=self._advice.refuse)

    def _source(self, plan: Plan) -> Source:
        """Where the deltas come from."""
        if plan.sampling.max_tokens == 0:
            return EmptyStream(plan)
        bounds, ids = self._bounds, self._ids
        choices = [
            ChoiceStream(plan, i, self._placement, bounds=bounds, ids=ids, poison=self._poison, latest=self._latest)
            for i in range(plan.request.choices)
        ]
        if len(choices) == 1:
            return choices[0]
        at_once = max(plan.request.n, PROMPTS_AT_ONCE)
        prompts = len(plan.request.prompts) or 1
        return MergedStream(choices, heartbeat_s=bounds.heartbeat_s, prompts=prompts, at_once=at_once)

    def _failed(self, plan: Plan, error: AntiphonError) -> None:
        """Tell of a request that has come to nothing, and its client whether to send it again."""
        self._advice.refuse(plan.model.id, error)
        self._on_end(Record(plan, Usage(), self._loop.time(), code(error)))
