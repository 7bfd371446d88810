"""Prompts that kill the engines that they meet: after two of them such a prompt is sent to no more for a while.

An engine that dies says nothing of why, so what counts is that it died soon after the prompt came, and is dead: a
connection may break for many reasons. A prompt that is answered well was not to blame.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable

import msgspec

from antiphon.completions.plan import Plan
from antiphon.engines import Engine
from antiphon.errors import AntiphonError, PoisonPrompt

DEATHS_MAX = 2
BLOCKED_S = 600.0
SOON_S = 2.0
SIGN_OF_LIFE_S = 0.5
PROMPTS_MAX = 1024  # suspects; of more, those that were suspected first are forgotten


class Poison:
    """The prompts under suspicion. `now` gives seconds; as long as no engine dies, looking here costs nothing."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._deaths: dict[bytes, tuple[int, float]] = {}  # how many, and when the last one was

    def check(self, plan: Plan) -> None:
        """PoisonPrompt if the prompt has killed enough."""
        if self._deaths and self._count(_fingerprint(plan)) >= DEATHS_MAX:
            raise PoisonPrompt

    async def suspect(self, plan: Plan, engine: Engine) -> None:
        """The connection to that engine broke soon after the prompt came; PoisonPrompt if it is the second to die."""
        if await _is_dead(engine):
            self.killed(plan)

    def killed(self, plan: Plan) -> None:
        """An engine died of it, as it seems; PoisonPrompt if it was not the first."""
        prompt = _fingerprint(plan)
        count = self._count(prompt) + 1
        self._deaths.pop(prompt, None)
        self._deaths[prompt] = count, self._now()
        while len(self._deaths) > PROMPTS_MAX:
            del self._deaths[next(iter(self._deaths))]
        if count >= DEATHS_MAX:
            raise PoisonPrompt

    def answered(self, plan: Plan) -> None:
        """It was answered well."""
        if self._deaths:
            self._deaths.pop(_fingerprint(plan), None)

    def _count(self, prompt: bytes) -> int:
        count, at = self._deaths.get(prompt, (0, 0.0))
        if count and self._now() - at >= BLOCKED_S:
            del self._deaths[prompt]
            return 0
        return count


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
