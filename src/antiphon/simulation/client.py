"""A simulated client: keeps to a conversation, reads its answers, and remembers exactly what came."""

from __future__ import annotations

import asyncio
from typing import Protocol

from msgspec import Struct

from antiphon.chat import ChatRequest, Delta, Message, ResponseFormat, Sampling, Usage
from antiphon.errors import AntiphonError, Unavailable
from antiphon.simulation.traffic import Session, Turn

RETRIES_MAX = 2  # by a client, after the wait that it was told
RETRY_S_MAX = 5.0


class Outcome(Struct, eq=False):
    """What a client saw of one request. Times are virtual seconds, since the start of the simulation."""

    turn: Turn
    request: str  # its name, which each job carries as `user`
    messages: tuple[Message, ...]
    account: str
    asked_at: float
    sampling: Sampling
    first_token_at: float | None = None
    ended_at: float | None = None
    texts: list[list[str]] = []
    finishes: list[list[str]] = []
    tokens: int = 0
    usage: Usage | None = None
    error: AntiphonError | None = None
    left: bool = False
    after_end: int = 0  # deltas of a choice that came behind its finish

    def take(self, delta: Delta, now: float) -> None:
        """Remember a delta that comes now."""
        if self.first_token_at is None:
            self.first_token_at = now
        index = delta.index
        self.after_end += bool(self.finishes[index])
        if delta.content:
            self.texts[index].append(delta.content)
            self.tokens += 1
        if delta.finish_reason is not None:
            self.finishes[index].append(delta.finish_reason)

    @property
    def finished(self) -> bool:
        """Whether the answer came to its end."""
        return self.error is None and not self.left and self.ended_at is not None

    def text(self, index: int = 0) -> str:
        """What one choice has said."""
        return "".join(self.texts[index])


class Gateway(Protocol):
    """What a client talks to."""

    async def answer(self, request: ChatRequest, outcome: Outcome) -> None:
        """Serve a request and let `outcome` take what comes; never raises what the client would be told."""
        ...


class Clients:
    """All clients of a simulation. `outcomes` are in the order in which requests were asked."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._loop = asyncio.get_running_loop()
        self.outcomes: list[Outcome] = []
        self.retries = 0

    async def run(self, sessions: list[Session]) -> None:
        """Hold all conversations."""
        async with asyncio.TaskGroup() as group:
            for session in sessions:
                await asyncio.sleep(session.begins_s - self._loop.time())
                group.create_task(self._hold(session))

    async def _hold(self, session: Session) -> None:
        """One conversation, until something cannot be answered."""
        said: tuple[Message, ...] = (Message("system", session.system),)
        for turn in session.turns:
            await asyncio.sleep(turn.think_s)
            said = (*said, Message("user", turn.text))
            outcome = await self._ask(session, turn, said)
            if not outcome.finished:
                return
            said = (*said, Message("assistant", outcome.text()))

    async def _ask(self, session: Session, turn: Turn, messages: tuple[Message, ...]) -> Outcome:
        """One request, again when it was refused with a wait; each try is an outcome of its own."""
        for attempt in range(RETRIES_MAX + 1):
            outcome = await self._once(session, turn, messages)
            error = outcome.error
            if not isinstance(error, Unavailable) or outcome.tokens or attempt == RETRIES_MAX:
                break
            self.retries += 1
            await asyncio.sleep(min(RETRY_S_MAX, error.retry_after_s or 1))
        return outcome

    async def _once(self, session: Session, turn: Turn, messages: tuple[Message, ...]) -> Outcome:
        stop = (turn.stop,) if turn.stop else ()
        sampling = Sampling(max_tokens=turn.max_tokens, seed=turn.seed, stop=stop)
        name = f"{turn.request}.{len(self.outcomes)}"
        outcome = Outcome(turn, name, messages, session.account, self._loop.time(), sampling)
        outcome.texts = [[] for _ in range(turn.choices)]
        outcome.finishes = [[] for _ in range(turn.choices)]
        self.outcomes.append(outcome)
        request = ChatRequest(
            session.model,
            messages,
            sampling,
            n=turn.choices,
            response_format=ResponseFormat("json_object") if turn.document else ResponseFormat(),
            stream=turn.streamed,
            include_usage=True,
            user=name,
        )
        await self._gateway.answer(request, outcome)
        outcome.ended_at = self._loop.time()
        return outcome
