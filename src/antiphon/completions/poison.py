"""Prompts that kill the engines that they meet: after two of them such a prompt is sent to no more for a while.

An engine that dies says nothing of why, so what counts is that it died soon after the prompt came, and is dead: a
connection may break for many reasons. A prompt that is answered well was not to blame.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable

import msgspec
from msgspec import Struct

from antiphon.completions.plan import Plan
from antiphon.engines import Engine
from antiphon.errors import AntiphonError, PoisonPrompt

DEATHS_MAX = 2
BLOCKED_S = 600.0
SOON_S = 2.0
SIGN_OF_LIFE_S = 0.5
SAME_DEATH_S = 1.0
PROMPTS_MAX = 1024  # suspects; of more, those that were suspected first are forgotten


class Poison:
    """The prompts under suspicion. `now` gives seconds; as long as no engine dies, looking here costs nothing."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._deaths: dict[bytes, _Deaths] = {}

    def check(self, plan: Plan) -> None:
        """PoisonPrompt if the prompt has killed enough."""
        if self._deaths and self._count(_fingerprint(plan)) >= DEATHS_MAX:
            raise PoisonPrompt

    async def suspect(self, plan: Plan, engine: Engine) -> None:
        """The connection to that engine broke soon after the prompt came; PoisonPrompt if it is the second to die."""
        if await _is_dead(engine):
            self.killed(plan, engine.name)

    def killed(self, plan: Plan, engine: str) -> None:
        """An engine died of it, as it seems; PoisonPrompt if it was not the first.

        Several choices of one request tell of one death, each for itself.
        """
        prompt, now = _fingerprint(plan), self._now()
        count = self._count(prompt)
        last = self._deaths.pop(prompt, None)
        if last is None or last.engine != engine or now - last.at >= SAME_DEATH_S:
            count += 1
        self._deaths[prompt] = _Deaths(count, engine, now)
        while len(self._deaths) > PROMPTS_MAX:
            del self._deaths[next(iter(self._deaths))]
        if count >= DEATHS_MAX:
            raise PoisonPrompt

    def answered(self, plan: Plan) -> None:
        """It was answered well."""
        if self._deaths:
            self._deaths.pop(_fingerprint(plan), None)

    def _count(self, prompt: bytes) -> int:
        deaths = self._deaths.get(prompt)
        if deaths is None or self._now() - deaths.at < BLOCKED_S:
            return 0 if deaths is None else deaths.count
        del self._deaths[prompt]
        return 0


class _Deaths(Struct, frozen=True):
    """How many, and which was the last one."""

    count: int
    engine: str
    at: float


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
