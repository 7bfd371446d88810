"""What became of payments that nobody waits for any more: the chain is asked at the start, every minute, on demand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from antiphon.clock import Clock
from antiphon.db import Database
from antiphon.errors import Unavailable
from antiphon.topup import store
from antiphon.topup.contract import Finding, Mismatch, TokenContract
from antiphon.topup.model import Topup
from antiphon.topup.rpc import RpcFailed

EVERY_S = 60.0
SOON_S = 5.0
PAGE_ROWS = 100


class Reconciler:
    """Credits what the chain has, gives up what it never will have, leaves the rest for later."""

    def __init__(
        self,
        database: Database,
        contract: TokenContract,
        *,
        clock: Clock,
        on_trouble: Callable[[str, str], None],
        every_s: float = EVERY_S,
        soon_s: float = SOON_S,
    ) -> None:
        self._database = database
        self._contract = contract
        self._clock = clock
        self._on_trouble = on_trouble
        self._every_s = every_s
        self._soon_s = soon_s
        self._soon = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with what the last run left."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def hasten(self) -> None:
        """Look again in a few seconds."""
        self._soon.set()

    async def keep(self, topup: Topup, finding: Finding) -> None:
        """Write down what was found: credit what is paid, once, give up what is dead."""
        at_ms = int(self._clock.now() * 1000)
        if finding.state == "paid":
            credit = partial(store.credit, topup_id=topup.id, tx_hash=finding.tx_hash, at_ms=at_ms)
            await self._database.write(credit)
        elif finding.state == "dead":
            await self._database.write(partial(store.end, topup_id=topup.id, reason=finding.reason, at_ms=at_ms))

    async def reconcile(self) -> int:
        """Look at every unsettled payment once; how many are still open."""
        after, still_open = "", 0
        while page := await self._database.read(partial(store.unsettled, after=after, limit=PAGE_ROWS)):
            for topup in page:
                still_open += await self._look(topup)
            after = page[-1].id
        return still_open

    async def _look(self, topup: Topup) -> bool:
        """Whether a payment is still open; one of which the chain does not tell does not stand before the others."""
        try:
            finding = await self._contract.look(topup)
        except RpcFailed as failure:
            self._on_trouble(topup.id, str(failure))
            return True
        await self.keep(topup, finding)
        if finding.state == "open" and finding.reason:
            self._on_trouble(topup.id, finding.reason)
        return finding.state == "open"

    async def _run(self) -> None:
        while True:
            try:
                await self.reconcile()
            except Mismatch as failure:
                self._on_trouble("", str(failure))
            except Unavailable:
                pass  # the database itself says that it is away
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._soon.wait()
                    await asyncio.sleep(self._soon_s)
            self._soon.clear()
