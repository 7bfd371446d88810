"""One choice, from its first attempt to its last delta: attempts elsewhere, time-outs, limits, tool calls, the schema.

Whoever reads it sees only deltas that are fit to be sent, and an error if there can be no more.
"""

from __future__ import annotations

import asyncio
import math

import msgspec

from antiphon.chat import Delta, Usage
from antiphon.completions.asks import ask
from antiphon.completions.budget import BudgetedStream
from antiphon.completions.plan import Bounds, Plan, job
from antiphon.completions.reasoning import hidden
from antiphon.completions.shaper import Shaper, shaper
from antiphon.engines import DeltaStream, Take
from antiphon.errors import AntiphonError, DeadlineExceeded, EngineFailed, FirstTokenTimeout, Unavailable
from antiphon.ids import Ids
from antiphon.models.catalogue import Offer
from antiphon.models.load import Place
from antiphon.models.placement import Placement
from antiphon.models.waiting import Waiter

ATTEMPTS_MAX = 3


class ChoiceStream:
    """Deltas of choice `index`. Until the first one is out, a failed engine is replaced by another, unseen."""

    def __init__(self, plan: Plan, index: int, placement: Placement, *, bounds: Bounds, ids: Ids) -> None:
        self._plan = plan
        self._index = index
        self._placement = placement
        self._inter_token_s = bounds.inter_token_s
        self._heartbeat_s = bounds.heartbeat_s
        self._ids = ids
        self._loop = asyncio.get_running_loop()
        self._stream: DeltaStream | None = None
        self._place: Place | None = None
        self._waiter: Waiter | None = None
        self._tried: frozenset[str] = frozenset()
        self._shaper: Shaper | None = None
        self._total_at = plan.total_at
        self._token_due = plan.first_token_at
        self._beat_at = 0.0
        self._take: Take | None = None
        self._tokens_max = math.inf if plan.sampling.max_tokens is None else plan.sampling.max_tokens
        self._as_it_came = False
        self._hides = plan.request.reasoning.exclude
        self._finished = False
        self._cut = False
        self.node = ""
        self.tokens = 0
        self.first_token_at: float | None = None
        self.usage: Usage | None = None
        self.complete = False

    @property
    def usages(self) -> tuple[Usage, ...]:
        """As the engine says, else as counted here."""
        return (self.usage or Usage(completion_tokens=self.tokens),)

    async def start(self) -> None:
        """Reach an engine, or line up for one: then `next` waits. Raises what the last attempt raised."""
        placement, asked = self._placement, ask(self._plan, self._index)
        failure: AntiphonError | None = None
        while True:
            try:
                place = placement.take(asked, self._tried)
                if place is None:
                    self._waiter = placement.line_up(asked, self._tried)
                    return
            except Unavailable as error:
                raise failure or error from None
            failure = await self._begin(place)
            if failure is None:
                return

    async def _begin(self, place: Place) -> AntiphonError | None:
        """Open a stream there; the failure, when another engine may be asked instead."""
        self._place, offer = place, place.offer
        self._tried |= {offer.engine.name}
        self.node = offer.engine.name
        self._shaper = shaper(self._plan, offer, self._ids)
        self._as_it_came = self._shaper is None and not self._hides and not self._index
        if self._plan.request.tools and offer.native_tools:
            self._tokens_max = math.inf  # an engine may tell of one token of a call in several deltas
        try:
            self._stream = await self._open(offer)
        except (EngineFailed, Unavailable) as error:
            self._placement.failed(place, error)
            self._release()
            if len(self._tried) >= ATTEMPTS_MAX:
                raise
            return error
        return None

    async def _placed(self, waiter: Waiter) -> bool:
        """Wait for a place and begin; False when a heartbeat is due first."""
        until = min(self._beat_at, self._token_due, self._total_at)
        await asyncio.wait([waiter.future], timeout=until - self._loop.time())
        if not waiter.future.done():
            return self._check_time() < self._beat_at
        self._waiter = None
        failure = await self._begin(waiter.future.result())
        if failure is not None:
            if not self._may_go_elsewhere():
                raise failure
            await self.start()
        return True

    async def _open(self, offer: Offer) -> DeltaStream:
        asked = job(self._plan, offer, self._index)
        stream = await offer.engine.open(asked)
        thought, thinking = offer.thought, self._plan.thinking
        if thought is None or thought.bounded_by != "gateway" or thinking is None or thinking.tokens_max is None:
            return stream
        return BudgetedStream(offer.engine, asked, stream, thought, thinking.tokens_max)

    async def start_late(self) -> None:
        """As `start`, for a choice that had to wait for others: its first token has as long as theirs had."""
        self._token_due = self._loop.time() + self._plan.first_token_at - self._plan.begun_at
        await self.start()

    async def next(self, take: Take | None = None) -> list[Delta] | None:
        """The deltas that arrived together, [] after the finishing one, None when a heartbeat is due.

        After the first ones, what comes while it waits is handed to `take` instead, until that has had enough.
        Raises FirstTokenTimeout, DeadlineExceeded, EngineFailed, or the engine's refusal.
        """
        self._take = None if self.first_token_at is None else take  # the first one may bring forward what is due
        self._beat_at = self._loop.time() + self._heartbeat_s
        while not self._finished:
            if self._stream is None:
                assert self._waiter is not None, "start it first"
                if not await self._placed(self._waiter):
                    return None
                continue
            until = min(self._beat_at, self._token_due, self._total_at)
            try:
                deltas = await self._stream.next(until, self._feed if self._take else None)
            except (EngineFailed, Unavailable) as error:
                assert self._place is not None
                self._placement.failed(self._place, error)
                if not self._may_go_elsewhere():
                    raise
                self._release()
                await self.start()
                continue
            if deltas:
                now = self._loop.time()
                deltas = self._shape(deltas, now)
                if deltas:
                    return deltas  # else all of it is held back, for a while or for good
                if now >= self._beat_at:
                    return None
            elif deltas is not None and not self._finished:
                return deltas
            elif deltas is None and self._check_time() >= self._beat_at:
                return None
        return await self._drain()

    def _feed(self, deltas: list[Delta]) -> bool:
        """Hand deltas on while `next` waits; False when `next` must see to what comes now."""
        now = self._loop.time()
        deltas = self._shape(deltas, now)
        take = self._take
        if deltas and take is not None:
            self._beat_at = now + self._heartbeat_s
            if not take(deltas):
                self._take = take = None
        return take is not None and not self._finished

    def _may_go_elsewhere(self) -> bool:
        """Whether nothing was said yet and there is an engine that has not been tried."""
        return not self.tokens and len(self._tried) < min(ATTEMPTS_MAX, len(self._plan.model.live))

    def _shape(self, deltas: list[Delta], now: float) -> list[Delta]:
        """Count them, one token each, and make them fit to be sent; what is usual is asked first."""
        if now >= self._total_at:
            raise DeadlineExceeded
        self._token_due = now + self._inter_token_s
        if self.first_token_at is None:
            self.first_token_at = now
            if self._place is not None:
                self._placement.first_token(self._place, now - self._place.taken_at)
        self.tokens += len(deltas)
        if deltas[-1].finish_reason is not None or self.tokens > self._tokens_max:
            deltas = self._last(deltas)
        return deltas if self._as_it_came else self._changed(deltas)

    def _last(self, deltas: list[Delta]) -> list[Delta]:
        """A bare finish is no token; an engine that goes on past max_tokens is cut there."""
        self._finished = True
        last = deltas[-1]
        count = len(deltas)
        if last.finish_reason is not None and not (last.content or last.reasoning or last.tool_calls):
            count -= 1
            self.tokens -= 1
        if self.tokens <= self._tokens_max:
            return deltas
        kept = deltas[: max(0, count - (self.tokens - int(self._tokens_max)))]
        self.tokens = int(self._tokens_max)
        self._cut = True
        return [*kept, Delta(finish_reason="length")]

    def _changed(self, deltas: list[Delta]) -> list[Delta]:
        if self._hides:
            deltas = hidden(deltas)
        if self._shaper is not None:
            deltas = self._shaper.feed(deltas)
            if self._shaper.cut and not self._cut:
                self._finished = self._cut = True
                self.tokens -= self._shaper.unused
        if self._index:
            deltas = [msgspec.structs.replace(delta, index=self._index) for delta in deltas]
        return deltas

    async def _drain(self) -> list[Delta]:
        """After the finishing delta only the usage is of interest, and not for long."""
        assert self._stream is not None
        until = self._loop.time() + 1.0
        try:
            while not self._cut and await self._stream.next(until) and self._loop.time() < until:
                pass
        except EngineFailed:
            pass
        self.usage = self._stream.usage
        if self._shaper is not None and self._shaper.unused and self.usage is not None:
            used = self.usage.completion_tokens - self._shaper.unused
            self.usage = msgspec.structs.replace(self.usage, completion_tokens=used)
        self.complete = True
        if self._place is not None:
            self._placement.succeeded(self._place)
        self._give_back()  # others may have the engine before the client has read everything
        return []

    def _check_time(self) -> float:
        """The time now; raises when it is up."""
        now = self._loop.time()
        if now >= self._total_at:
            raise DeadlineExceeded
        if now >= self._token_due:
            if self.first_token_at is None:
                raise FirstTokenTimeout
            raise EngineFailed("The engine fell silent in the middle of the answer.")
        return now

    def _release(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        if self._waiter is not None:
            self._placement.leave(self._waiter)
            self._waiter = None
        self._give_back()

    def _give_back(self) -> None:
        if self._place is not None:
            self._placement.give_back(self._place)
            self._place = None

    def close(self) -> None:
        """End it; an unfinished engine stops."""
        self._release()
