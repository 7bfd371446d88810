"""The places of one choice: an engine is looked for, waited for, and given back, one after another."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from msgspec.structs import replace

from antiphon.completions.suspicion import Suspicion
from antiphon.course import ABANDONED, OUTRUN, Course
from antiphon.errors import AntiphonError, EngineLost, FirstTokenTimeout, PoisonPrompt, Unavailable
from antiphon.models.ask import NOWHERE, Ask
from antiphon.models.catalogue import Model, Offer
from antiphon.models.load import Place
from antiphon.models.placement import Placement
from antiphon.models.waiting import Waiter

APART_AGAIN_S = 0.1  # between two looks for an engine that no other prompt under suspicion is at


async def place_apart(placement: Placement, asked: Ask, tried: frozenset[str], suspicion: Suspicion) -> Place:
    """A place where no other prompt under suspicion is, waited for; PoisonPrompt if this one has killed enough."""
    suspicion.check()
    while True:
        try:
            place = placement.take(asked, tried | suspicion.apart) or await placement.wait(asked, tried)
        except Unavailable:
            if not suspicion.apart - tried:
                raise
            await asyncio.sleep(APART_AGAIN_S)
            continue
        try:
            suspicion.begin(place.offer.engine.name)
        except PoisonPrompt:
            placement.give_back(place)
            raise
        return place


class Places:
    """Has at most one place at a time. `tried` engines are left out, and those that are `barred` for good.

    Those that its `suspicion` keeps it away from are left out as long as that does. `renewed` gives a model with the
    engines that serve it by now. The `course` of its request is told of what becomes of attempts at its `choice`.
    """

    def __init__(
        self,
        placement: Placement,
        asked: Ask,
        suspicion: Suspicion,
        renewed: Callable[[Model], Model] = lambda model: model,
        *,
        course: Course | None = None,
        choice: int = 0,
    ) -> None:
        self._placement = placement
        self._ask = asked
        self._renewed = renewed
        self._course = course
        self._choice = choice
        self._suspicion = suspicion
        self._waiter: Waiter | None = None
        self._kept_away = False
        self.tried = NOWHERE
        self.barred = NOWHERE
        self.place: Place | None = None
        self._rival: Place | None = None  # at another engine, which does the same

    @property
    def waiting(self) -> bool:
        """Whether it has lined up for a place, or keeps away from the only engines."""
        return self._waiter is not None or self._kept_away

    @property
    def node(self) -> str:
        """The name of the engine of its place, "" while it has none."""
        return "" if self.place is None else self.place.offer.engine.name

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The engines that serve the model, as far as it knows."""
        return self._ask.model.offers

    @property
    def live(self) -> tuple[Offer, ...]:
        """Those of them that can be asked now."""
        return self._ask.model.live

    def renew(self) -> bool:
        """Know the engines that serve the model by now; whether there is a change."""
        model = self._renewed(self._ask.model)
        changed = model is not self._ask.model
        if changed:
            self._ask = replace(self._ask, model=model)
        return changed

    def may_try(self, most: int) -> bool:
        """Whether fewer than `most` engines were tried, and there is another one, up by now or not."""
        self.renew()
        return len(self.tried) < most and bool(self._untried)

    @property
    def hopeful(self) -> bool:
        """Whether an engine is up that has not been tried."""
        return self._is_up(self._untried)

    @property
    def _untried(self) -> frozenset[str]:
        names = frozenset(offer.engine.name for offer in self.offers) - self.tried - self.barred
        return names & self._ask.only if self._ask.only else names

    def take(self) -> Place | None:
        """A place now; None when it has to `wait` for one. Unavailable when there is none to be waited for."""
        out, apart = self.tried | self.barred, self._suspicion.apart
        self._kept_away = False
        try:
            place = self._placement.take(self._ask, out | apart)
            if place is None:
                self._waiter = self._placement.line_up(self._ask, out | apart)
                if self._course is not None:
                    self._course.queued(asyncio.get_running_loop().time())
        except Unavailable:
            self._kept_away = self._is_up(apart - out)
            if not self._kept_away:
                raise
            return None
        return None if place is None else self._taken(place)

    def _is_up(self, names: frozenset[str]) -> bool:
        fit = names & self._ask.only if self._ask.only else names
        return any(offer.engine.name in fit and offer.engine.unavailable() is None for offer in self.offers)

    def free(self) -> bool:
        """Whether another engine could begin at once."""
        return self._placement.has_room(self._ask, self.tried | self.barred)

    async def wait(self, until: float) -> Place | None:
        """The place that was waited for, None when the event loop's time is `until` first; or Unavailable."""
        waiter, now = self._waiter, asyncio.get_running_loop().time()
        if waiter is None:
            assert self._kept_away, "take first"
            await asyncio.sleep(min(APART_AGAIN_S, until - now))
            return self.take()
        await asyncio.wait([waiter.future], timeout=until - now)
        if not waiter.future.done():
            return None
        self._waiter = None
        try:
            place = waiter.future.result()
        except Unavailable:
            if self.renew():
                return self.take()
            raise
        if place.offer.engine.name in self._suspicion.apart:  # another one went there meanwhile
            self._placement.give_back(place)
            return self.take()
        return self._taken(place)

    def _taken(self, place: Place) -> Place:
        self.place = place
        self.tried |= {place.offer.engine.name}
        self._suspicion.begin(place.offer.engine.name)
        return place

    @property
    def late_at(self) -> float:
        """When the first token from its place is late enough to ask another engine too."""
        if self.place is None:
            return math.inf
        return self.place.taken_at + self._placement.first_token_limit_s(self.place)

    @property
    def age_s(self) -> float:
        """How long it has had its place."""
        return 0.0 if self.place is None else asyncio.get_running_loop().time() - self.place.taken_at

    def take_rival(self) -> Place | None:
        """One more place for the same, that need not be waited for; None when there is none."""
        try:
            place = self._placement.take(self._ask, self.tried | self.barred)
        except Unavailable:
            return None
        if place is not None:
            self._rival = place
            self.tried |= {place.offer.engine.name}
        return place

    def settle(self, *, rival: bool, error: AntiphonError | None = None) -> None:
        """Keep one of two places: the `rival`'s, or the first. `error` is why the other one lost, if it failed."""
        winner, loser = (self._rival, self.place) if rival else (self.place, self._rival)
        self.place, self._rival = winner, None
        if loser is not None:
            if error is not None:
                self._placement.failed(loser, error)
            if isinstance(error, EngineLost):
                self._suspicion.dropped(loser.offer.engine)
            late = error is None or isinstance(error, FirstTokenTimeout)
            if self._course is not None:
                self._told(self._course, loser, None if late else error, OUTRUN)
            self._placement.give_back(loser)

    def failed(self, error: AntiphonError) -> None:
        """The engine of its place failed."""
        if self.place is not None:
            self._placement.failed(self.place, error)
            if self._course is not None:
                self._told(self._course, self.place, error)

    def began(self, now: float) -> None:
        """The first token came from there."""
        if self.place is not None:
            self._placement.first_token(self.place, now - self.place.taken_at)
            self._suspicion.heard()
            if self._course is not None:
                self._course.heard(self.node, self._choice, now)

    def succeeded(self, cached_tokens: int) -> None:
        """The answer came to its end there; so many tokens of its prompt were cached."""
        if self.place is not None:
            self._placement.succeeded(self.place, cached_tokens)
            if self._course is not None:
                self._told(self._course, self.place)

    def give_back(self) -> None:
        """Its place is for others."""
        if self.place is not None:
            self._placement.give_back(self.place)
            self._suspicion.left()
            if self._course is not None:
                self._told(self._course, self.place, otherwise=ABANDONED)
            self.place = None

    def release(self) -> None:
        """Give back its place, and wait for none."""
        if self._waiter is not None:
            self._placement.leave(self._waiter)
            self._waiter = None
        self._kept_away = False
        self.settle(rival=False)
        self.give_back()

    def _told(
        self, course: Course, place: Place, error: AntiphonError | None = None, otherwise: str | None = None
    ) -> None:
        """What became of an attempt there: it failed of the error, or of what is said `otherwise`, or it is done."""
        node, now = place.offer.engine.name, asyncio.get_running_loop().time()
        if error is None:
            course.attempt_ended(node, self._choice, now, otherwise)
        else:
            course.attempt_failed(node, self._choice, error, now)
