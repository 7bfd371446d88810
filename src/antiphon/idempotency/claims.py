"""Who answers: one gateway, one time. Claims stand in the database, so they hold among gateways and after a kill."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import AnswerNotKept, Conflict, KeyReused, Unavailable
from antiphon.idempotency import store
from antiphon.idempotency.request import NAME, Asked
from antiphon.idempotency.seal import NONCE_BYTES, Kept, seal, unseal
from antiphon.idempotency.silence import BEAT_S, Silence
from antiphon.ids import Ids

ELSEWHERE_S = 3  # twice this is when a dead gateway's answer is taken over
KEEP_S = 5.0  # how long an answer waits for the database
KEEP_PAUSE_S = 0.25
MS = 1000

OnLost = Callable[[str], None]


class Claims:
    """The claims of one run. `on_lost` is told why an answer that was given could not be kept."""

    def __init__(
        self,
        database: Database,
        *,
        run: str,
        clock: Clock,
        ids: Ids,
        keep_s: float,
        account_bytes_max: int,
        on_lost: OnLost,
    ) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        self._ids = ids
        self._keep_ms = int(keep_s * MS)
        self._account_bytes_max = account_bytes_max
        self._on_lost = on_lost
        self._silence = Silence()
        self._claimed: set[Asked] = set()
        self._owed: set[Asked] = set()  # to be let go of, once the database answers
        self._beating: asyncio.Task[None] | None = None

    async def claim(self, asked: Asked) -> Kept | None:
        """None: the caller is to answer, and nobody else. Else what was answered before.

        KeyReused for another request under the same key, Conflict while another gateway answers, AnswerNotKept for an
        answer that was given and is not there.
        """
        self._owed.discard(asked)
        self._claimed.add(asked)
        self._beat()
        try:
            kept = await self._claim(asked)
        except Unavailable:
            self.owe(asked)  # it may have been claimed
            raise
        except BaseException:
            self._claimed.discard(asked)
            raise
        if kept is not None:
            self._claimed.discard(asked)
        return kept

    async def _claim(self, asked: Asked) -> Kept | None:
        while True:
            found = await self._database.write(
                partial(store.begin, asked=asked, run=self._run, now_ms=self._now_ms())
            )  # fmt: skip
            if found is None:
                return None
            if found.fingerprint != asked.fingerprint:
                raise KeyReused(f"{NAME}: it was used for another request; a new request takes a new key.", param=NAME)
            if found.state == "dropped":
                raise AnswerNotKept
            if found.sealed is not None:
                return await asyncio.to_thread(unseal, found.sealed, asked.secret)
            if not self._abandoned(found):
                raise Conflict(
                    f"{NAME}: another gateway is answering this request.",
                    param=NAME,
                    code="idempotency_key_in_use",
                    retry_after_s=ELSEWHERE_S,
                )
            take_over = partial(
                store.take_over, asked=asked, dead=found.run, run=self._run, now_ms=self._now_ms()
            )  # fmt: skip
            if await self._database.write(take_over):
                return None

    def _abandoned(self, found: store.Found) -> bool:
        """Whether nobody answers: this run would know, another one may be dead."""
        return found.run == self._run or self._silence.dead(found.run, found.beat_ms, self._clock.monotonic())

    async def keep(self, asked: Asked, kept: Kept) -> bool:
        """Keep a whole answer. One that cannot be kept (False) is told to `on_lost`, and may be asked for anew."""
        nonce = self._ids.secret(NONCE_BYTES)
        sealed = await asyncio.to_thread(seal, kept, asked.secret, nonce)
        work = partial(
            store.keep,
            asked=asked,
            run=self._run,
            sealed=sealed,
            account_bytes_max=self._account_bytes_max,
            expires_at_ms=self._now_ms() + self._keep_ms,
        )
        until = self._clock.monotonic() + KEEP_S
        while True:
            try:
                is_kept = await self._database.write(work)
                if not is_kept:
                    self._on_lost("another gateway answers in place of this one, which was silent")
                self._claimed.discard(asked)
                return is_kept
            except Unavailable:
                if self._clock.monotonic() >= until:
                    self._on_lost("the database does not answer")
                    self.owe(asked)
                    return False
                await asyncio.sleep(KEEP_PAUSE_S)

    async def drop(self, asked: Asked) -> bool:
        """Remember that it was answered, without the answer; False when that could not be."""
        expires_at_ms = self._now_ms() + self._keep_ms
        work = partial(store.drop, asked=asked, run=self._run, expires_at_ms=expires_at_ms)
        dropped = False
        with contextlib.suppress(Unavailable):
            dropped = await self._database.write(work)
        self._claimed.discard(asked)
        return dropped

    async def let_go(self, asked: Asked) -> None:
        """Whoever asks again is answered anew."""
        try:
            await self._database.write(partial(store.let_go, asked=asked, run=self._run))
            self._claimed.discard(asked)
        except Unavailable:
            self.owe(asked)

    def owe(self, asked: Asked) -> None:
        """Let go of a claim as soon as that can be done."""
        self._claimed.discard(asked)
        self._owed.add(asked)
        self._beat()

    async def close(self) -> None:
        """End the run, and with it all that it claims."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait([self._beating])
            with contextlib.suppress(Unavailable):  # then others see that it is silent
                await self._database.write(partial(store.end, run=self._run))

    def _beat(self) -> None:
        """Beat from now on, until there is nothing that needs it."""
        if self._beating is None or self._beating.done():
            self._beating = asyncio.get_running_loop().create_task(self._beats())

    async def _beats(self) -> None:
        while self._claimed or self._owed:
            await asyncio.sleep(BEAT_S)
            owed = frozenset(self._owed)
            with contextlib.suppress(Unavailable):
                await self._database.write(partial(self._tell, owed=owed, now_ms=self._now_ms()))
                self._owed -= owed

    def _tell(self, connection: Connection, *, owed: frozenset[Asked], now_ms: int) -> None:
        store.beat(connection, self._run, now_ms)
        for asked in owed:
            store.let_go(connection, asked, self._run)

    def _now_ms(self) -> int:
        return int(self._clock.now() * MS)
