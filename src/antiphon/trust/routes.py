"""/v1/nodes/{node}/evidence: what a node was found to do, and a pardon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from antiphon.clock import Clock
from antiphon.http.exchange import JSON, Exchange, require_admin
from antiphon.trust import wire
from antiphon.trust.service import Trust

EVIDENCE_SHOWN = 100


class TrustRoutes:
    """Standings for an operator. `resolve` finds a node by its id or name; what it does not know stands for itself."""

    def __init__(self, trust: Trust, resolve: Callable[[str], Awaitable[str]], *, clock: Clock) -> None:
        self._trust = trust
        self._resolve = resolve
        self._clock = clock

    async def evidence(self, exchange: Exchange) -> None:
        """What is thought of a node, by which checks, with those that it failed."""
        require_admin(exchange)
        await self._show(exchange, await self._resolve(exchange.parameter))

    async def pardon(self, exchange: Exchange) -> None:
        """Let it serve again; what it failed stays on file."""
        require_admin(exchange)
        node = await self._resolve(exchange.parameter)
        await self._trust.pardon(node)
        await self._show(exchange, node)

    async def _show(self, exchange: Exchange, node: str) -> None:
        await self._trust.refresh()
        tallies = await self._trust.tallies(node)
        evidence = await self._trust.evidence(node, limit=EVIDENCE_SHOWN)
        now_ms = int(self._clock.now() * 1000)
        told = wire.shown(self._trust.standing(node), tallies, evidence, now_ms)
        exchange.respond(200, msgspec.json.encode(told), JSON)
