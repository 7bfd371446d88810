"""Prompts that kill the engines that they meet: after two of them such a prompt is sent to no more for a while.

An engine that dies says nothing of why, and takes all that it was doing with it. So a prompt is under suspicion once
an engine died soon after it came. From then on it is on trial: no two of those under suspicion begin at one engine
together, so that the next death tells which of them it was. A prompt that lived through it was not to blame.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from antiphon.errors import PoisonPrompt
from antiphon.models.ask import NOWHERE

BLOCKED_S = 600.0
SOON_S = 2.0
SAME_DEATH_S = 1.0
DYING_S = 60.0  # engines that have died within this time of other causes:
DYING_MIN = 2  # after so many, one more death is taken for chance
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


class _Suspect(Struct, frozen=True):
    """How sure it is after the first death, and which was the last one; `heard`: it was being answered by then."""

    guilt: float
    engine: str
    at: float
    heard: bool
