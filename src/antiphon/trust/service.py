"""Which nodes are trusted: a share of what they do is looked at behind the answers, and moves what they are given.

On a request's way there is one cheap draw. All else happens in one task, whose queues are bounded: what does not fit is
not looked at, and nobody waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from random import Random

from msgspec import Struct

from antiphon.clock import Clock
from antiphon.db import Database
from antiphon.errors import NotFound, Unavailable
from antiphon.ids import Ids
from antiphon.trust import store
from antiphon.trust.examiner import Examiner
from antiphon.trust.model import Answer, Evidence, Look, Outcome, Standing, Tally
from antiphon.trust.reputation import Reputation
from antiphon.trust.witness import Statement, verified

ANSWERS_MAX = 64
STATEMENTS_MAX = 2_000
OUTCOMES_MAX = 20_000  # that wait for a database which is away
TURN_S = 0.5
EXAMINED_S_MAX = 60.0
REFRESH_S = 5.0  # until what other gateways found is asked for
SUSPECT_SHARE = 1.0  # of a node that is nearly convicted: all it does is looked at
HIDDEN_SHARE = 0.6  # of the looks: a node that behaves while it is asked for log-probabilities is to be found as soon


class Listeners(Struct, frozen=True):
    """Who hears of what is found: of each check, of how much work a node gets, of a node that is found to lie."""

    on_outcome: Callable[[Outcome], None]
    on_standing: Callable[[str, float], None]
    on_accused: Callable[[Standing, str], None]  # with what the last failed check said


class Trust:
    """Checks and standings of all nodes at one gateway. `share` is the part of a node's answers that is looked at."""

    def __init__(
        self,
        database: Database,
        examiner: Examiner,
        listeners: Listeners,
        *,
        share: float,
        draw: Random,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._database = database
        self._examiner = examiner
        self._listeners = listeners
        self._share = share
        self._draw = draw
        self._clock = clock
        self._ids = ids
        self._answers: deque[Answer] = deque()
        self._statements: deque[Statement] = deque()
        self._found: dict[str, Outcome] = {}
        self._standings: dict[str, Standing] = {}
        self._factors: dict[str, float] = {}
        self._accused: frozenset[str] = frozenset()
        self._suspects: dict[str, float] = {}
        self._suspicion = 0.0  # of the most suspected
        self._waits = asyncio.Event()
        self._refreshed_at = -REFRESH_S

    def examine(self, answer: Answer) -> None:
        """Look at an answer, soon, unless too many wait."""
        if len(self._answers) < ANSWERS_MAX:
            self._answers.append(answer)
            self._waits.set()

    def look(self, nodes: Iterable[str]) -> Look | None:
        """How an answer that one of these gives is to be looked at, if it is."""
        if not self._wants(nodes):
            return None
        return "hidden" if self._draw.random() < HIDDEN_SHARE else "asked"

    def _wants(self, nodes: Iterable[str]) -> bool:
        """Whether an answer that one of these gives is to be looked at; a suspect's nearly always is."""
        drawn = self._draw.random()
        if drawn >= self._part(self._suspicion):
            return False  # most draws look at no node
        watched = (node for node in nodes if node not in self._accused)
        if not self._suspects:
            return next(watched, None) is not None
        most = max((self._suspects.get(node, 0.0) for node in watched), default=None)
        return most is not None and drawn < self._part(most)

    def _part(self, suspicion: float) -> float:
        return self._share + (SUSPECT_SHARE - self._share) * suspicion

    def hear(self, statement: Statement) -> None:
        """Hold a receipt against what was seen, soon, unless too many wait."""
        if len(self._statements) < STATEMENTS_MAX:
            self._statements.append(statement)

    async def run(self) -> None:
        """Look at what comes, until cancelled; what was found and not written down then is lost."""
        while True:
            try:
                if self._clock.monotonic() - self._refreshed_at >= REFRESH_S:
                    await self.refresh()
                await self.turn()
            except Unavailable:
                await asyncio.sleep(TURN_S)  # the database itself says that it is away
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TURN_S):
                    await self._waits.wait()

    def standing(self, node: str) -> Standing:
        """What is thought of a node."""
        return self._standings.get(node) or Standing(node, Reputation())

    async def tallies(self, node: str) -> list[Tally]:
        """How many checks of each kind a node went through."""
        return await self._database.read(partial(store.tallies, node=node))

    async def evidence(self, node: str, *, limit: int) -> list[Evidence]:
        """The checks that a node failed, the latest first."""
        return await self._database.read(partial(store.evidence, node=node, limit=limit))

    async def pardon(self, node: str) -> None:
        """Let a node serve again, and begin its tests anew; NotFound when nothing is known against it."""
        if not await self._database.write(partial(store.pardon, node=node, at_ms=self._now_ms())):
            raise NotFound(f"Nothing is known against the node {node}.", code="node_not_found")
        await self.refresh()

    async def turn(self) -> None:
        """Look at all that waits, and write down what was found; a failure at once."""
        self._waits.clear()
        if self._statements:
            some = [self._statements.popleft() for _ in range(len(self._statements))]
            self._note(await verified(some))
        while self._answers:
            answer = self._answers.popleft()
            if answer.node in self._accused:
                continue  # it is found, and asked no more
            with contextlib.suppress(TimeoutError):  # a reference that hangs is no fault of the node's
                async with asyncio.timeout(EXAMINED_S_MAX):
                    self._note(await self._examiner.examine(answer))
            if any(outcome.failed for outcome in self._found.values()):
                await self._write()
        if self._found:
            await self._write()

    async def refresh(self) -> None:
        """Take up what is thought of the nodes, here and at other gateways."""
        self._refreshed_at = self._clock.monotonic()
        self._standings = await self._database.read(store.standings)
        standings = self._standings.values()
        self._accused = frozenset(one.node for one in standings if one.accused is not None)
        self._suspects = {one.node: one.suspicion for one in standings if one.suspicion and one.accused is None}
        self._suspicion = max(self._suspects.values(), default=0.0)
        now_ms = self._now_ms()
        factors = {node: standing.factor(now_ms) for node, standing in self._standings.items()}
        for node, factor in factors.items():
            if self._factors.get(node, 1.0) != factor:
                self._listeners.on_standing(node, factor)
        self._factors = factors

    def _note(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self._listeners.on_outcome(outcome)
            if len(self._found) < OUTCOMES_MAX:
                self._found[self._ids.make("chk_")] = outcome

    async def _write(self) -> None:
        found = dict(self._found)
        try:
            accused = await self._database.write(partial(store.record, outcomes=found, at_ms=self._now_ms()))
        except Unavailable as error:
            if error.code == "write_unconfirmed":
                self._found.clear()  # it may have been done, and a check must not count twice
            raise
        self._found.clear()
        await self.refresh()
        for standing in accused:
            says = [one.says for one in found.values() if one.failed and one.node == standing.node]
            self._listeners.on_accused(standing, says[-1] if says else "")

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)
