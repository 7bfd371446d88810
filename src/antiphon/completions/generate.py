"""One choice, from its first attempt to its last delta: attempts elsewhere, seams, time-outs, limits, tool calls.

Whoever reads it sees only deltas that are fit to be sent, and an error if there can be no more. An engine that fails
before it has said anything is replaced by another; behind what was said another one goes on (`continuation.py`).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from functools import partial

import msgspec

from antiphon.chat import Delta, Usage
from antiphon.completions.asks import ask, renewed
from antiphon.completions.attempt import Attempts, rest_of
from antiphon.completions.continuing import Continuing
from antiphon.completions.dues import Dues
from antiphon.completions.hedge import Late, raced
from antiphon.completions.length import ended
from antiphon.completions.parts import Parts
from antiphon.completions.places import Places
from antiphon.completions.plan import Bounds, Plan
from antiphon.completions.poison import SOON_S, Poison
from antiphon.completions.reasoning import hidden
from antiphon.completions.replay import Diverged
from antiphon.completions.seam import Silent
from antiphon.completions.shaper import Shaper, shaper
from antiphon.completions.suspicion import FURTHER_TOKENS, Suspicion
from antiphon.completions.transcript import LOOSE_MAX, Transcript
from antiphon.credits.receipt import Served
from antiphon.engines import DeltaStream, Take
from antiphon.errors import (
    AntiphonError,
    BadRequest,
    DeadlineExceeded,
    EngineFailed,
    EngineLost,
    FirstTokenTimeout,
    Unavailable,
)
from antiphon.ids import Ids
from antiphon.models.catalogue import Model, Offer
from antiphon.models.load import Place
from antiphon.models.placement import Placement

ATTEMPTS_MAX = 3
AGAIN_S = 0.25  # between two looks for another engine, where none could be asked
AWAY_S = 3.0  # of waiting for the others where all are away: a broker that begins anew brings them back


class ChoiceStream:
    """Deltas of choice `index`, whichever engines they come from."""

    def __init__(
        self,
        plan: Plan,
        index: int,
        placement: Placement,
        *,
        bounds: Bounds,
        ids: Ids,
        poison: Poison | None = None,
        latest: Callable[[Model], Model] = lambda model: model,
    ) -> None:
        self._plan = plan
        self._index = index
        self._bounds = bounds
        self._ids = ids
        self._loop = asyncio.get_running_loop()
        self._dues = Dues(plan, bounds)
        self._suspicion = Suspicion(poison or Poison(self._loop.time), plan)
        self._attempts = Attempts(plan, index, ids)
        self._places = Places(
            placement,
            ask(plan, index),
            self._suspicion,
            partial(renewed, plan, latest),
            course=plan.caller.course,
            choice=index,
        )
        self._said: list[Delta] = []
        self._continuing: Continuing | None = None  # once its engine has broken off, or it is long
        self._emulated = False
        self._stream: DeltaStream | None = None
        self._taken = False  # what comes while `next` waits, as long as whoever takes it has not had enough
        self._shaper: Shaper | None = None
        self._tokens_max = math.inf if plan.sampling.max_tokens is None else plan.sampling.max_tokens
        self._as_it_came = False
        self._hides = plan.request.reasoning.exclude
        self._unheard = True  # nothing that is new has come of this attempt
        self._repeated = 0  # how much has that is not new
        self._finished = False
        self._cut = False
        self._parts = Parts()
        self.node = ""
        self.tokens = 0
        self.first_token_at: float | None = None
        self.usage: Usage | None = None
        self.complete = False

    @property
    def usages(self) -> tuple[Usage, ...]:
        """As the engine says, else as counted here."""
        return (self.usage or Usage(completion_tokens=self.tokens),)

    @property
    def served(self) -> tuple[Served, ...]:
        """Who said how much of it, in turn; who said nothing is left out."""
        return self._parts.served(self.tokens)

    async def start(self) -> None:
        """Reach an engine, or line up for one: then `next` waits. Raises what the last attempt raised."""
        self._suspicion.check()
        self._dues.token = self._dues.first
        failure: AntiphonError | None = None
        while True:
            try:
                place = self._places.take()
            except Unavailable as error:
                raise failure or error from None
            if place is None:
                return
            failure = await self._begin(place)
            if failure is None:
                return

    async def _begin(self, place: Place) -> AntiphonError | None:
        """Open a stream there; the failure, when another engine may be asked instead."""
        self._serve(place.offer)
        try:
            self._stream = await self._attempts.begin(place.offer)
            self._parts.begin(self.node, self._attempts.name, self.tokens)
        except (EngineFailed, Unavailable) as error:
            self._places.failed(error)
            self.close()
            if len(self._places.tried) >= ATTEMPTS_MAX:
                raise
            return error
        if self._bounds.hedges:
            self._dues.token = min(self._dues.first, self._places.late_at)
        return None

    def _serve(self, offer: Offer) -> None:
        """What comes is that engine's, from the start."""
        self.node = offer.engine.name
        self._shaper = shaper(self._plan, offer, self._ids)
        self._emulated = self._plan.emulates_tools(offer)
        self._as_it_came = self._shaper is None and not self._hides and not self._index
        if self._plan.request.tools and offer.native_tools:
            self._tokens_max = math.inf  # an engine may tell of one token of a call in several deltas

    async def _hedge(self) -> None:
        """The first token is late: ask another engine too, if one is free and there may be more attempts."""
        self._dues.look_again(AGAIN_S)
        if self._stream is not None and not self._suspicion.suspected:
            race = await raced(self._stream, self._places, self._attempts, self._outrun)
            if race is not None:
                self._stream, self._dues.token = race, self._dues.first

    def _outrun(self, offer: Offer, attempt: str) -> None:
        """The engine that was asked second has won."""
        self._serve(offer)
        self._parts.begin(self.node, attempt, 0)

    async def start_late(self) -> None:
        """As `start`, for a choice that had to wait for others: its first token has as long as theirs had."""
        self._dues.anew()
        await self.start()

    async def next(self, take: Take | None = None) -> list[Delta] | None:
        """The deltas that arrived together, [] after the finishing one, None when a heartbeat is due.

        After the first ones, what comes while it waits is handed to `take` instead, until that has had enough.
        Raises FirstTokenTimeout, DeadlineExceeded, EngineFailed, or the engine's refusal.
        """
        self._taken = take is not None and self.first_token_at is not None  # the first may bring forward what is due
        dues = self._dues
        dues.beat_after(self._loop.time())
        while not self._finished:
            if len(self._said) > LOOSE_MAX:
                self._going_on().said.fold()
            if self._stream is None:
                if not await self._placed():
                    return None
                continue
            try:
                stream = self._stream
                feed = partial(self._feed, stream, take) if take and self._taken else None
                deltas = await stream.next(dues.next, feed)
                if self._finished:
                    break  # what came behind the end, before this task had its turn
                if deltas is None and self._check_time() >= dues.beat:
                    return None
                if deltas is not None and not deltas:
                    raise EngineFailed("The engine ended its answer without finishing it.")
            except AntiphonError as error:
                await self._mend(error)
                continue
            if deltas:
                now = self._loop.time()
                deltas = self._shape(deltas, now)
                if deltas:
                    return deltas  # else all of it is held back, for a while or for good
                if now >= dues.beat:
                    return None
        return await self._drain()

    async def _placed(self) -> bool:
        """Wait for a place and begin there; False when a heartbeat is due first."""
        until = self._dues.next
        if self._seams:
            await self._reach(self._going_on(), until)
        else:
            await self._begin_in_turn(until)
        return self._stream is not None or self._check_time() < self._dues.beat

    async def _begin_in_turn(self, until: float) -> None:
        """Begin at the place that was waited for, if it is there by then."""
        try:
            place = await self._places.wait(until)
            failure = None if place is None else await self._begin(place)
        except Unavailable as error:
            failure = error
        if failure is not None:
            if not self._places.tried or not self._places.may_try(ATTEMPTS_MAX):
                raise failure
            await self._start_again(failure)

    async def _reach(self, going_on: Continuing, until: float) -> None:
        """Go on at another engine, if one is there by then."""
        self._stream = await going_on.reach(until, self.tokens, full=self.tokens >= self._tokens_max)
        self.node = self._places.node or self.node
        if self._stream is None:
            return
        self._dues.token = min(going_on.due, self._places.late_at)
        self._parts.begin(self.node, self._attempts.name, self.tokens)
        place = self._places.place
        if going_on.emulated and not self._emulated and place is not None:
            self._emulated, self._as_it_came = True, False
            self._shaper = shaper(self._plan, place.offer, self._ids, begun=going_on.said.text)

    def _feed(self, stream: DeltaStream, take: Take, deltas: list[Delta]) -> bool:
        """Hand deltas on while `next` waits; False when `next` must see to what comes now.

        Whatever comes late from a stream that is no longer read is dropped.
        """
        if stream is not self._stream or self._finished:
            return False
        now = self._loop.time()
        deltas = self._shape(deltas, now)
        if not deltas:
            return not self._finished
        dues = self._dues
        dues.beat = now + dues.heartbeat_s
        self._taken = take(deltas)
        return self._taken and not self._finished

    async def _mend(self, error: AntiphonError) -> None:
        """Let another engine take over from the one that failed; raises the error where none can."""
        if isinstance(error, Late):
            await self._hedge()
            return
        if isinstance(error, FirstTokenTimeout):
            self._places.failed(error)
        going_on = self._going_on()
        again = self._unheard and going_on.seams > 0
        refused = again and isinstance(error, BadRequest)
        mendable = refused or isinstance(error, EngineFailed | Unavailable)
        if self._finished or not mendable or isinstance(error, Diverged):
            raise error
        if isinstance(error, Silent) and self._waits_on():
            return
        self._places.failed(error)
        place = self._places.place
        if isinstance(error, EngineLost) and place is not None:
            silent = self._unheard and not self._repeated
            behind = self._unheard and self.tokens - self._repeated >= FURTHER_TOKENS  # others got further with it
            soon = silent or (self._places.age_s < SOON_S and not behind)
            await self._suspicion.lost(place.offer.engine, soon=soon, said=self._parts.latest(self.tokens))
        if self._hides and not going_on.said.text and not going_on.said.calls:
            self.tokens = 0  # none of it was shown
            going_on.said.forget()
            self._dues.anew()
        if not self.tokens:
            if not self._places.may_try(ATTEMPTS_MAX):
                raise error
            self.close()
            await self._start_again(error)
            return
        if refused:
            going_on.bar(self.node)
        elif not again:
            going_on.begin(error, self.node, emulated=self._emulated, most=self._bounds.continuations_max)
            self._unheard = True
        self.close()
        self._repeated = 0
        self._dues.token = going_on.due

    async def _start_again(self, failure: AntiphonError) -> None:
        """As `start`, for what broke off unheard: waits for an engine that is up, and a little for one that is away."""
        away_until = self._loop.time() + AWAY_S
        while True:
            self._places.renew()
            try:
                await self.start()
                return
            except Unavailable:
                until = min(self._dues.beat, self._dues.first, self._dues.end)
                if self._loop.time() + AGAIN_S >= (until if self._places.hopeful else min(until, away_until)):
                    raise failure from None
            await asyncio.sleep(AGAIN_S)

    def _waits_on(self) -> bool:
        """Whether a silent engine is given more time, since no other one could go on now."""
        return not self._unheard and self._dues.wait_on() and not self._places.free()

    @property
    def _seams(self) -> int:
        return 0 if self._continuing is None else self._continuing.seams

    def _going_on(self) -> Continuing:
        """How it goes on elsewhere: made when it is needed, which is hardly ever."""
        if self._continuing is None:
            said = Transcript(self._said)
            self._continuing = Continuing(self._plan, self._attempts, self._places, said, self._heard)
        return self._continuing

    def _heard(self) -> None:
        """Something came that shows nowhere."""
        self._repeated += 1
        self._dues.stalls_after(self._loop.time())

    def _shape(self, deltas: list[Delta], now: float) -> list[Delta]:
        """Count them, one token each, and make them fit to be sent; what is usual is asked first."""
        dues = self._dues
        if now >= dues.end:
            raise DeadlineExceeded
        dues.token = now + dues.stall_s
        if self._unheard:
            self._begun(now)
        self.tokens = tokens = self.tokens + len(deltas)
        if deltas[-1].finish_reason is not None or tokens > self._tokens_max:
            deltas = self._last(deltas)
        else:
            self._said += deltas
        return deltas if self._as_it_came else self._changed(deltas)

    def _begun(self, now: float) -> None:
        """The first of an attempt has come."""
        self._unheard = False
        self._places.began(now)
        if self.first_token_at is None:
            self.first_token_at = now

    def _last(self, deltas: list[Delta]) -> list[Delta]:
        """A bare finish is no token; an engine that goes on past max_tokens is cut there."""
        self._finished = True
        deltas, self.tokens, self._cut = ended(deltas, self.tokens, self._tokens_max)
        return deltas

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
        """After the finishing delta only the usage is of interest."""
        assert self._stream is not None
        rest = "told" if self._cut else await rest_of(self._stream)
        usage = self._stream.usage if self._shaper is None else self._shaper.used(self._stream.usage)
        alone = usage is not None and not self._seams
        self.usage = usage if alone else await self._going_on().usage(usage, self.tokens, rest=rest)
        self.complete = True
        self._suspicion.cleared()
        self._places.succeeded(0 if usage is None else usage.cached_tokens)
        self._places.give_back()  # others may have the engine before the client has read everything
        return []

    def _check_time(self) -> float:
        """The time now; raises when it is up."""
        served = self._stream is not None or not self._seams
        return self._dues.check(begun=self.first_token_at is not None, served=served)

    def close(self) -> None:
        """End it; an unfinished engine stops."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._places.release()
