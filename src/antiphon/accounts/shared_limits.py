"""Limits that several gateways count together, in their database: exact, however the requests are spread.

Requests that wait together are decided on in one transaction, in their order, by the rules of `limits.py`; each asks
for just itself, so nothing that is left stays behind with a gateway that does not need it. What has ended or was used
is told along with them, or by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from functools import partial

from antiphon.accounts import limit_store
from antiphon.accounts.limit_store import Batch, Name
from antiphon.accounts.limits import SCALES, Admission, Limits
from antiphon.accounts.rates import SECOND_NS
from antiphon.db import Database
from antiphon.errors import Unavailable
from antiphon.key import Key, Part, Scale

GROUP_MAX = 256
USED_MAX = 65_536  # names whose tokens wait while the database is away
ALIVE_EVERY_S = 1.5
SWEEP_EVERY_S = 60.0


class Asked:
    """A request that waits to be let in."""

    __slots__ = ("future", "now_s", "parts")

    def __init__(self, asked: Sequence[Part], now_s: float) -> None:
        self.parts = asked
        self.now_s = now_s
        self.future: asyncio.Future[Admission] = asyncio.get_running_loop().create_future()


class SharedLimits:
    """The limiter of a gateway that counts with others. Make it within a running event loop, and `close` it.

    `run` is an id that no other run of any gateway has; `now_sql` selects the database's time. While the database does
    not answer, each gateway counts for itself.
    """

    def __init__(self, database: Database, *, run: str, now_sql: str) -> None:
        self._database = database
        self._run = run
        self._settle = partial(limit_store.settle, now_sql=now_sql)
        self._loop = asyncio.get_running_loop()
        self._here = Limits()  # which requests run here; and all else, while the database is away
        self._waiting: deque[Asked] = deque()
        self._used: dict[tuple[Scale, str, int], int] = {}
        self._ended: set[Name] = set()
        self._said_at_s = float("-inf")
        self._swept_at_s = self._loop.time()
        self._serving: asyncio.Task[None] | None = None
        self._living: asyncio.Task[None] | None = None

    def admit_now(self, key: Key, now_s: float) -> None:
        """None: the database is asked each time."""

    async def admit(self, key: Key, now_s: float) -> Admission:
        """Count a request that begins; nothing is counted when it is refused."""
        asked = Asked(key.allowances, now_s)
        self._waiting.append(asked)
        self._wake()
        try:
            return await asked.future
        except asyncio.CancelledError:
            if not asked.future.cancelled() and asked.future.result().refusal is None:
                self.leave(key)
            raise

    def leave(self, key: Key) -> None:
        """Count the end of a request that was admitted."""
        self._leave(key.allowances)

    def use_tokens(self, key: Key, tokens: int, now_s: float) -> None:
        """Count what a request has used; others know it as soon as the database does."""
        if not tokens:
            return
        for part in key.allowances:
            if per_minute := part.allowance.tokens_per_minute:
                used = (part.scale, part.name, per_minute)
                if used in self._used or len(self._used) < USED_MAX:
                    self._used[used] = self._used.get(used, 0) + tokens
                level = self._here.levels[part.scale]
                now_ns = round(now_s * SECOND_NS)
                level.counter(part.name, now_ns).use_tokens(per_minute, tokens, now_ns)
                self._wake()

    async def close(self) -> None:
        """Tell what is still to be told, and that this run has ended. Whoever waits is let in or refused before."""
        while self._serving is not None and not self._serving.done():
            await asyncio.wait([self._serving])
        if self._living is not None:
            self._living.cancel()
            await asyncio.wait([self._living])
            with contextlib.suppress(Unavailable):  # then it is taken for dead in a few seconds
                await self._database.write(partial(limit_store.forget, run=self._run))

    def _leave(self, left: Sequence[Part]) -> None:
        for part in left:
            if part.allowance.parallel_max:
                self._here.levels[part.scale].leave(part.name)
        if names := _bounded(left):
            self._ended |= names
            self._wake()

    def _wake(self) -> None:
        if self._serving is None or self._serving.done():
            self._serving = self._loop.create_task(self._serve())

    async def _serve(self) -> None:
        """Ask and tell, a group at a time, until there is nothing more, or nobody to tell it to."""
        told = True
        while self._waiting or (told and (self._used or self._ended)):
            group = [self._waiting.popleft() for _ in range(min(GROUP_MAX, len(self._waiting)))]
            group = [asked for asked in group if not asked.future.done()]
            try:
                told = await self._tell(group)
            finally:
                for asked in group:
                    if not asked.future.done():  # only a fault of our own comes here: nobody may wait for ever
                        asked.future.set_exception(Unavailable("Requests cannot be counted now."))

    async def _tell(self, group: list[Asked]) -> bool:
        """Decide on a group, with the others' counts or without; whether the database was told."""
        used, self._used = self._used, {}
        ended, self._ended = self._ended, set()
        try:
            admissions = await self._database.write(partial(self._settle, batch=self._batch(group, used, ended)))
        except Unavailable:
            for name, tokens in used.items():
                self._used[name] = self._used.get(name, 0) + tokens
            # What was let in may have been kept, though nobody said so.
            self._ended |= ended | {name for asked in group for name in _bounded(asked.parts)}
            admissions = [self._here.decide(asked.parts, round(asked.now_s * SECOND_NS)) for asked in group]
            self._deliver(group, admissions)
            return False
        for asked, admission in zip(group, admissions, strict=True):
            if admission.refusal is None:
                for part in asked.parts:
                    self._here.levels[part.scale].run(part.name, part.allowance)
        self._deliver(group, admissions)
        return True

    def _batch(self, group: list[Asked], used: dict[tuple[Scale, str, int], int], ended: set[Name]) -> Batch:
        now_s = self._loop.time()
        self._said_at_s = now_s
        sweep = now_s - self._swept_at_s >= SWEEP_EVERY_S
        if sweep:
            self._swept_at_s = now_s
        asked = [each.parts for each in group]
        return Batch(self._run, asked, used, self._running(), frozenset(ended), sweep)

    def _deliver(self, group: list[Asked], admissions: list[Admission]) -> None:
        for asked, admission in zip(group, admissions, strict=True):
            if not asked.future.done():
                asked.future.set_result(admission)
            elif admission.refusal is None:
                self._leave(asked.parts)  # its client has gone meanwhile
        if self._living is None and any(level.running for level in self._here.levels.values()):
            self._living = self._loop.create_task(self._live())

    def _running(self) -> dict[Name, int]:
        return {(scale, name): count for scale in SCALES for name, count in self._here.levels[scale].running.items()}

    async def _live(self) -> None:
        """Say now and then that this run is alive, while it has requests that count."""
        while True:
            await asyncio.sleep(ALIVE_EVERY_S)
            running = self._running()
            if running and self._loop.time() - self._said_at_s >= ALIVE_EVERY_S / 2:
                self._ended |= running.keys()
                self._wake()


def _bounded(asked: Sequence[Part]) -> set[Name]:
    """The names that may have only so many requests at once."""
    return {(part.scale, part.name) for part in asked if part.allowance.parallel_max}
