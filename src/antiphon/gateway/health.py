"""Whether the process lives, whether it can serve, and what it measures."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from antiphon import __version__
from antiphon.errors import Unavailable
from antiphon.gateway.overload import Shedding
from antiphon.http.exchange import JSON, Exchange
from antiphon.models.catalogue import Catalogue
from antiphon.observe.metrics import CONTENT_TYPE, Metrics


class HealthRoutes:
    """For probes and for people."""

    def __init__(
        self,
        catalogue: Catalogue,
        metrics: Metrics,
        database_healthy: Callable[[], bool],
        shedding: Callable[[], Shedding] = Shedding,
        awaits_nodes: Callable[[], bool] = bool,
    ) -> None:
        self._catalogue = catalogue
        self._database_healthy = database_healthy
        self._shedding = shedding
        self._awaits_nodes = awaits_nodes
        self._metrics = metrics
        self.leaving = False  # no more requests should come: the gateway ends

    async def live(self, exchange: Exchange) -> None:
        """200 while the process answers."""
        exchange.respond(200, b"ok\n", (b"content-type", b"text/plain; charset=utf-8"))

    async def ready(self, exchange: Exchange) -> None:
        """200 when at least one model can be served, known nodes have had time to come, and more requests may come."""
        if self.leaving:
            raise Unavailable("The gateway ends.", retry_after_s=1)
        if self._shedding():
            raise Unavailable("The gateway has too much to do.", retry_after_s=1, code="overloaded")
        if not any(model.live for model in self._catalogue.list()):
            raise Unavailable("No model can be served yet.", retry_after_s=2)
        if self._awaits_nodes():
            raise Unavailable("The gateway has just begun, and waits for nodes that it knows.", retry_after_s=1)
        exchange.respond(200, b"ready\n", (b"content-type", b"text/plain; charset=utf-8"))

    async def health(self, exchange: Exchange) -> None:
        """A summary: `unavailable` when no model can be served, `ok` when all can and nothing else is amiss."""
        models = {model.id: len(model.live) for model in self._catalogue.list()}
        live = sum(1 for nodes in models.values() if nodes)
        database = self._database_healthy()
        whole = live == len(models) and database and not self._shedding()
        status = "unavailable" if not live else "ok" if whole else "degraded"
        nodes = [{"id": name, "nodes": count} for name, count in models.items()]
        shown = {"status": status, "version": __version__, "database": "ok" if database else "unavailable"}
        body = msgspec.json.encode({**shown, "models": nodes})
        exchange.respond(200 if live else 503, body, JSON)

    async def metrics(self, exchange: Exchange) -> None:
        """Prometheus text."""
        exchange.respond(200, self._metrics.text(), (b"content-type", CONTENT_TYPE.encode()))
