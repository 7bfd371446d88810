"""A node's lease: taken at a start, renewed long before its end, asked for anew when the broker is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from antiphon.agent.gateway import Gateway
from antiphon.clock import Clock
from antiphon.errors import Unavailable
from antiphon.link.credentials import Credentials
from antiphon.nodes.model import lease_name
from antiphon.nodes.wire import WireLease

RETRY_S, RETRY_S_MAX = 0.5, 30.0
CHECK_S = 1.0
LOST_S = 5.0  # without a broker: what was told of it may not be true any more
ASKED_EVERY_S = 120.0  # at least, so that an agent that another has replaced finds out and ends
MS = 1000


class Lease:
    """One lease of one node. `take` it first."""

    def __init__(
        self,
        gateway: Gateway,
        node: str,
        nkey_seed: str,
        *,
        clock: Clock,
        random: Random,
        on_trouble: Callable[[str], None],
    ) -> None:
        self._gateway = gateway
        self.node = node
        self._seed = nkey_seed
        self._clock = clock
        self._random = random
        self._on_trouble = on_trouble
        self._lease: WireLease | None = None
        self._renew_at_s = 0.0

    @property
    def current(self) -> WireLease:
        """What was told last."""
        assert self._lease is not None, "it is taken first"
        return self._lease

    @property
    def name(self) -> str:
        """What the node goes by at the broker."""
        return lease_name(self.node, self.current.epoch)

    def credentials(self) -> Credentials:
        """What the node connects with now."""
        return Credentials(self.current.jwt, self._seed)

    async def take(self) -> None:
        """Have a new lease, however long the gateway cannot be asked; Refused when it does not let this node in."""
        await self._ask(None)

    async def keep(self, lost_for_s: Callable[[], float]) -> None:
        """Renew it in time, and when there has been no broker for a while; returns when the broker has moved.

        Refused when the node may not come in any more, or another agent has a newer lease.
        """
        servers, asked_at_s = self.current.servers, self._clock.monotonic()
        while True:
            await asyncio.sleep(CHECK_S)
            now_s = self._clock.monotonic()
            lost = lost_for_s() > LOST_S and now_s - asked_at_s > LOST_S
            if now_s >= self._renew_at_s or lost:
                await self._ask(self.current.epoch)
                asked_at_s = self._clock.monotonic()
                if self.current.servers != servers:
                    return

    async def _ask(self, epoch: int | None) -> None:
        wait_s = RETRY_S
        while True:
            try:
                lease = await self._gateway.let_in(self.node, epoch)
                break
            except Unavailable as error:
                self._on_trouble(error.message)
                await asyncio.sleep(self._random.uniform(0, wait_s))  # full jitter: nodes that wait do not come at once
                wait_s = min(2 * wait_s, RETRY_S_MAX)
        self._lease = lease
        good_s = max(0.0, (lease.expires_at_ms - lease.now_ms) / MS)
        self._renew_at_s = self._clock.monotonic() + min(good_s / 2, ASKED_EVERY_S)
