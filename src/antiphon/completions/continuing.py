"""How one choice goes on after its engine broke off: seam after seam, each at whichever engine can be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from antiphon.chat import Delta, Usage
from antiphon.completions.attempt import Attempts, LengthStream, Rest
from antiphon.completions.continuation import Way, as_asked, counted, way, written
from antiphon.completions.places import Places
from antiphon.completions.plan import Plan
from antiphon.completions.replay import Diverged
from antiphon.completions.seam import Seam
from antiphon.completions.transcript import Transcript
from antiphon.engines import DeltaStream
from antiphon.errors import AntiphonError, EngineFailed, Unavailable
from antiphon.models.catalogue import Offer
from antiphon.models.load import Place

COUNTED_BY_MAX = 2  # engines that are asked how long a prompt was
COUNTED_FOR_S = 4.0  # of asking again for what nothing else tells: a broker that begins anew brings them back
COUNTED_AGAIN_S = 0.25


class Continuing:
    """What was `said` of a choice, and the streams that go on behind it.

    `heard` is told of what an engine says again and nobody else sees.
    """

    def __init__(
        self, plan: Plan, attempts: Attempts, places: Places, said: Transcript, heard: Callable[[], None]
    ) -> None:
        self._plan = plan
        self._attempts = attempts
        self._places = places
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._seam: Seam | None = None
        self._spent = 0  # tokens that the last engine was told as its prompt
        self._spent_thoughts = 0
        self._uncounted = False  # the last engines that were asked how long the prompt was failed, or none was there
        self.said = said
        self.emulated = False  # its calls are read out of its text
        self.seams = 0

    @property
    def due(self) -> float:
        """When nobody looks for an engine any more."""
        assert self._seam is not None
        return self._seam.due

    def begin(self, error: AntiphonError, node: str, *, emulated: bool, most: int) -> None:
        """The answer broke off at that node; raises the error where no engine could go on exactly.

        `most`: so many seams may be in it; the error is raised for one more, too.
        """
        if self.seams >= most:
            raise error
        self.emulated = emulated
        self._places.renew()
        self._places.barred = self._unfit(frozenset())
        if self._is_hopeless:
            raise error
        self.seams += 1
        self._places.tried = frozenset({node})
        self._seam = Seam(error, due=self._loop.time() + self._plan.first_token_at - self._plan.begun_at)

    def bar(self, node: str) -> None:
        """That engine refuses to go on with this answer."""
        self._places.barred |= {node}

    @property
    def _is_hopeless(self) -> bool:
        return all(offer.engine.name in self._places.barred for offer in self._places.offers)

    def _unfit(self, known: frozenset[str]) -> frozenset[str]:
        """The engines that cannot go on exactly, those aside that are known."""
        new = (offer for offer in self._places.offers if offer.engine.name not in known)
        return frozenset(offer.engine.name for offer in new if self._way(offer) is None)

    def _way(self, offer: Offer) -> Way | None:
        return way(self._plan, offer, self.said, emulated=self.emulated)

    async def reach(self, until: float, tokens: int, *, full: bool) -> DeltaStream | None:
        """A stream that goes on behind `tokens` of the answer, None when `until` or the end of a rest came first.

        `full`: no more tokens are allowed. Raises what broke the answer off when it is too late.
        """
        seam = self._seam
        assert seam is not None, "begin first"
        tokens -= self.said.heads
        if full:
            return LengthStream()
        now = self._loop.time()
        if now >= seam.due or self._is_hopeless:
            raise seam.error
        try:
            place = await self._place(seam, until)
        except Unavailable:
            self._places.tried = frozenset()
            known = frozenset(offer.engine.name for offer in self._places.offers)
            if self._places.renew():
                self._places.barred |= self._unfit(known)
            seam.rest(self._loop.time())
            return None
        return None if place is None else await self._open(place, tokens)

    async def _place(self, seam: Seam, until: float) -> Place | None:
        """The next place, none before the rest is over."""
        if self._places.waiting:
            return await self._places.wait(until)
        rest_s = min(seam.next_at, until) - self._loop.time()
        if rest_s > 0:
            await asyncio.sleep(rest_s)
            return None
        return self._places.take()

    async def _open(self, place: Place, tokens: int) -> DeltaStream | None:
        """None if the engine failed at once."""
        how = self._way(place.offer)
        assert how is not None, "it is barred"
        spent = 0 if how == "replay" else tokens
        offer = as_asked(place.offer, emulated=self.emulated)
        said = self._as_read_by(offer, how)
        try:
            stream = await self._attempts.go_on(offer, how, said, spent=spent, heard=self._heard)
        except Diverged:
            self.bar(offer.engine.name)
            self._places.give_back()
            return None
        except (EngineFailed, Unavailable) as error:
            self._places.failed(error)
            self._places.give_back()
            return None
        self._spent, self._spent_thoughts = spent, self.said.thoughts_count if spent else 0
        if said is not self.said:
            self.said.retell(said.text)
            self.emulated = True
        return stream

    def _as_read_by(self, offer: Offer, how: Way) -> Transcript:
        """What was said; for an engine that does not tell calls apart, with those that another one did in its text."""
        calls = self._plan.emulates_tools(offer) and not self.emulated
        if how == "replay" or not calls:
            return self.said
        return Transcript([Delta(reasoning=self.said.thought), Delta(content=written(self.said))])

    async def usage(self, told: Usage | None, tokens: int, *, rest: Rest) -> Usage:
        """What the whole answer of `tokens` took, by what the last engine `told`; the `rest` of that may be missing."""
        if told is not None and not self._spent:
            return told
        broke = rest == "broken"
        unknown = told is None and (rest != "told" or self.seams > 0)
        until = self._loop.time() + COUNTED_FOR_S
        prompt = await self._prompt_tokens(generating=unknown, broke=broke)
        while prompt is None and told is None and self._uncounted and self._loop.time() < until:
            await asyncio.sleep(COUNTED_AGAIN_S)
            self._places.renew()
            prompt = await self._prompt_tokens(generating=True, broke=broke)
        thoughts = max(self._spent_thoughts, self.said.thoughts_count)
        return counted(told, prompt=prompt, tokens=tokens - self.said.heads, spent=self._spent, thoughts=thoughts)

    async def _prompt_tokens(self, *, generating: bool, broke: bool) -> int | None:
        """As one of two engines counts them, first the one that serves it, if it is there; None where neither does."""
        place = self._places.place
        serving = None if place is None else place.offer
        self._uncounted = serving is None or len(self._places.offers) > 1
        others = [offer for offer in self._places.live if serving is None or offer.engine is not serving.engine]
        for offer in (([] if serving is None or broke else [serving]) + others)[:COUNTED_BY_MAX]:
            counts = await self._attempts.prompt_tokens(offer, generating=generating)
            if counts is not None:
                return counts
            self._uncounted = self._attempts.failed
        return None
