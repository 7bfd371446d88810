"""What falls on one request, or one of its choices, as engines die under it."""

from __future__ import annotations

import asyncio
import hashlib

import msgspec

from antiphon.completions.plan import Plan
from antiphon.completions.poison import Poison
from antiphon.engines import Engine
from antiphon.errors import AntiphonError
from antiphon.models.ask import NOWHERE

PLAIN_SOON_S = 10.0  # of an answer in one piece nobody knows when it begins: a first token has no longer
FURTHER_TOKENS = 8  # whoever says so many more than when its engine died has lived through what killed that one
SIGN_OF_LIFE_S = 0.5
APART_S = 2.0  # for so long a prompt waits for an engine where no other one is on trial


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
