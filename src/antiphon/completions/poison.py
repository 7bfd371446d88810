"""Prompts that kill the engines that they meet: after two of them such a prompt is sent to no more for a while.

An engine that dies says nothing of why, and takes all that it was doing with it. So a prompt is under suspicion once
an engine died soon after it came. From then on it is on trial: no two of those under suspicion begin at one engine
together, so that the next death tells which of them it was. A prompt that lived through it was not to blame.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import deque
from collections.abc import Callable

import msgspec
from msgspec import Struct

from antiphon.completions.plan import Plan
from antiphon.engines import Engine
from antiphon.errors import AntiphonError, PoisonPrompt
from antiphon.models.ask import NOWHERE

BLOCKED_S = 600.0
SOON_S = 2.0
FURTHER_TOKENS = 8  # whoever says so many more than when its engine died has lived through what killed that one
PLAIN_SOON_S = 10.0  # of an answer in one piece nobody knows when it begins: a first token has no longer
SIGN_OF_LIFE_S = 0.5
SAME_DEATH_S = 1.0
DYING_S = 60.0  # engines that have died within this time of other causes:
DYING_MIN = 2  # after so many, one more death is taken for chance
APART_S = 2.0  # for so long a prompt waits for an engine where no other one is on trial
PROMPTS_MAX = 1024  # suspects; of more, those that were suspected first are forgotten


class Poison:
    """The prompts under suspicion; `idle` while there are none, so that a look costs nothing. `now` gives seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.idle = True
        self._suspects: dict[bytes, _Suspect] = {}
        self._deaths = _Deaths()
        self._trials: dict[str, dict[bytes, float]] = {}  # by engine: which prompts, and until when

    def suspects(self, prompt: bytes) -> bool:
        """Whether an engine died of it, as it seems; PoisonPrompt if it has killed enough."""
        suspect = self._suspects.get(prompt)
        if suspect is not None and self.now() - suspect.at >= BLOCKED_S:
            del self._suspects[prompt]
            self.idle = not self._suspects
            return False
        if suspect is not None and suspect.guilt >= (2 if self._deaths.many(self.now()) else 1):
            raise PoisonPrompt
        return suspect is not None

    def apart(self, prompt: bytes, patience_s: float) -> frozenset[str]:
        """The engines that the prompt keeps away from since another one is on trial there.

        At first it has so much patience; one that shared a death with another under suspicion has no end of it.
        """
        suspect = self._suspects.get(prompt)
        if suspect is None or (not suspect.guilt and patience_s <= 0):
            return NOWHERE
        now = self.now()
        return frozenset(engine for engine in self._trials if self._on_trial(engine, now) - {prompt})

    def begin(self, prompt: bytes, engine: str) -> None:
        """It is on trial there."""
        self._trials.setdefault(engine, {})[prompt] = math.inf

    def heard(self, prompt: bytes, engine: str) -> None:
        """It has said more there than before: the trial is over, soon if it was being answered when it was lost."""
        suspect = self._suspects.get(prompt)
        self._until(prompt, engine, self.now() + SOON_S if suspect is not None and suspect.heard else -math.inf)

    def left(self, prompt: bytes, engine: str, *, lost: bool) -> None:
        """It is there no longer; whoever died of it `lost` others too, and some of them learn of it later."""
        self._until(prompt, engine, self.now() + SAME_DEATH_S if lost else -math.inf)

    def _until(self, prompt: bytes, engine: str, until: float) -> None:
        trials = self._trials.get(engine)
        if trials is None or prompt not in trials:
            return
        trials[prompt] = until
        now = self.now()
        for over in [each for each, end in trials.items() if end <= now]:
            del trials[over]
        if not trials:
            del self._trials[engine]

    def _on_trial(self, engine: str, now: float) -> set[bytes]:
        return {prompt for prompt, until in self._trials.get(engine, {}).items() if until > now}

    def killed(self, prompt: bytes, engine: str, *, heard: bool = False) -> None:
        """An engine died of it, as it seems; PoisonPrompt if it was not the first, and no other one can have done it.

        Several choices of one request tell of one death, each for itself. `heard`: it was being answered by then.
        """
        now = self.now()
        self.suspects(prompt)
        last = self._suspects.pop(prompt, None)
        guilt = 0.0
        if last is not None:
            same = last.engine == engine and now - last.at < SAME_DEATH_S
            guilt = last.guilt if same else last.guilt + 1 / len(self._on_trial(engine, now) | {prompt})
        self._deaths.note(prompt, engine, now)
        for over in [name for name in self._trials if not self._on_trial(name, now)]:
            del self._trials[over]  # engines that never come back would stay for ever
        self._suspects[prompt] = _Suspect(guilt, engine, now, heard)
        self.idle = False
        while len(self._suspects) > PROMPTS_MAX:
            del self._suspects[next(iter(self._suspects))]
        self.suspects(prompt)

    def cleared(self, prompt: bytes) -> None:
        """It lived through what would have killed it."""
        if self._suspects.pop(prompt, None) is not None:
            self.idle = not self._suspects
            self._deaths.clear(prompt)


class _Deaths:
    """Engines that died, each with the prompts that may be to blame. Where all are cleared it had another cause."""

    def __init__(self) -> None:
        self._latest: deque[_Death] = deque(maxlen=PROMPTS_MAX)

    def note(self, prompt: bytes, engine: str, now: float) -> None:
        """An engine died of that prompt, or of another."""
        for death in reversed(self._latest):
            if now - death.at >= SAME_DEATH_S:
                break
            if death.engine == engine:
                death.suspects.add(prompt)
                return
        self._latest.append(_Death(engine, now, {prompt}))

    def clear(self, prompt: bytes) -> None:
        """It was not that one."""
        for death in self._latest:
            death.suspects.discard(prompt)

    def many(self, now: float) -> bool:
        """Whether engines have just died again and again of what no prompt did."""
        recent = (death for death in self._latest if SAME_DEATH_S <= now - death.at < DYING_S)
        return sum(not death.suspects for death in recent) >= DYING_MIN


class _Death(Struct):
    engine: str
    at: float
    suspects: set[bytes]


class Suspicion:
    """What falls on the prompt of one choice, or of one plain answer, as engines die under it."""

    __slots__ = ("_apart_until", "_dropped", "_engine", "_lost", "_plan", "_poison", "_prompt")

    def __init__(self, poison: Poison, plan: Plan) -> None:
        self._poison = poison
        self._plan = plan
        self._prompt: bytes | None = None
        self._engine = ""  # where it is on trial
        self._lost = False
        self._apart_until = 0.0
        self._dropped: Engine | None = None

    @property
    def _digest(self) -> bytes:
        if self._prompt is None:
            self._prompt = _fingerprint(self._plan)
        return self._prompt

    @property
    def suspected(self) -> bool:
        """Whether an engine died of its prompt, as it seems; PoisonPrompt if it has killed enough."""
        return not self._poison.idle and self._poison.suspects(self._digest)

    def check(self) -> None:
        """PoisonPrompt if it has killed enough."""
        if not self._poison.idle:
            self._poison.suspects(self._digest)

    @property
    def apart(self) -> frozenset[str]:
        """The engines that it is kept away from."""
        if self._poison.idle:
            return NOWHERE
        now = self._poison.now()
        self._apart_until = self._apart_until or now + APART_S
        return self._poison.apart(self._digest, self._apart_until - now)

    def begin(self, engine: str) -> None:
        """It goes to that engine."""
        if self.suspected:
            self._engine = engine
            self._poison.begin(self._digest, engine)

    def heard(self) -> None:
        """It has said something there that nobody had said before."""
        if self._engine:
            self._poison.heard(self._digest, self._engine)

    def left(self) -> None:
        """It has left the engine."""
        if self._engine:
            self._poison.left(self._digest, self._engine, lost=self._lost)
            self._engine = ""
        self._lost = False

    def dropped(self, engine: Engine) -> None:
        """Its connection to one of two engines broke while the other one went on: that counts if that one dies too."""
        self._dropped = engine

    async def lost(self, engine: Engine, *, soon: bool, said: int = 0) -> None:
        """Its connection to that engine broke; PoisonPrompt if it has killed enough.

        `soon`: so early that its prompt may be to blame. `said`: how many tokens it had said there that were new. What
        came later than that, or got further, has lived through what it was suspected of.
        """
        dropped, self._dropped = self._dropped, None
        if not soon or said >= FURTHER_TOKENS:
            self.cleared()
        if not soon:
            return
        self._lost, self._apart_until = True, 0.0
        for dead in (dropped, engine):
            if dead is not None and await _is_dead(dead):
                self._poison.killed(self._digest, dead.name, heard=said > 0)

    def cleared(self) -> None:
        """It was answered well, or at least for so long that its prompt was not to blame."""
        if not self._poison.idle:
            self._poison.cleared(self._digest)


class _Suspect(Struct, frozen=True):
    """How sure it is after the first death, and which was the last one; `heard`: it was being answered by then."""

    guilt: float
    engine: str
    at: float
    heard: bool


async def _is_dead(engine: Engine) -> bool:
    """Whether it gives no sign of life."""
    if engine.unavailable() is not None:
        return True
    try:
        async with asyncio.timeout(SIGN_OF_LIFE_S):
            await engine.models()
    except (TimeoutError, AntiphonError):
        return True
    return False


def _fingerprint(plan: Plan) -> bytes:
    """What an engine is told, without how tokens are drawn."""
    request = plan.request
    told = (plan.model.id, request.messages, request.prompts, request.tools, request.response_format)
    return hashlib.blake2b(msgspec.msgpack.encode(told), digest_size=16).digest()
