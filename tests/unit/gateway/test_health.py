"""Tests of the health routes, before and while engines can be asked."""

from __future__ import annotations

import msgspec
import pytest

from antiphon import __version__
from antiphon.engines.kinds import kind
from antiphon.engines.upstream import HttpEngine
from antiphon.errors import Unavailable
from antiphon.gateway.health import HealthRoutes
from antiphon.gateway.overload import Shedding
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.models.catalogue import Catalogue, Model, Offer
from antiphon.observe.metrics import Metrics
from tests.unit.http.recording import exchange_of


def model(name: str, *, down: bool) -> Model:
    """A model on one engine, which nobody connects to."""
    engine = HttpEngine(name, Pool(Origin.parse("http://127.0.0.1:9")), kind("openai"))
    engine.down = down
    return Model(name, (Offer(engine, name),))


def routes(*down: bool, database: bool = True) -> HealthRoutes:
    """Routes over one model for each flag."""
    catalogue = Catalogue()
    catalogue.replace("test", tuple(model(f"m{i}", down=flag) for i, flag in enumerate(down)))
    return HealthRoutes(catalogue, Metrics(), lambda: database)


async def test_live_is_always_ok() -> None:
    """The process lives even where no model can be served."""
    exchange, wire = exchange_of("GET", "/livez")
    await routes().live(exchange)
    assert (wire.status, wire.body) == (200, b"ok\n")


async def test_one_live_model_is_enough_to_be_ready() -> None:
    """Other models may still be down."""
    exchange, wire = exchange_of("GET", "/readyz")
    await routes(True, False).ready(exchange)
    assert (wire.status, wire.body) == (200, b"ready\n")


@pytest.mark.parametrize("down", [(), (True,), (True, True)])
async def test_without_a_live_model_it_is_not_ready(down: tuple[bool, ...]) -> None:
    """The refusal says when to ask again."""
    exchange, _ = exchange_of("GET", "/readyz")
    with pytest.raises(Unavailable) as caught:
        await routes(*down).ready(exchange)
    assert caught.value.retry_after_s == 2


async def test_a_gateway_that_sheds_is_not_ready() -> None:
    """Others should get what it refuses, but it lives."""
    catalogue = Catalogue()
    catalogue.replace("test", (model("m0", down=False),))
    shedding = HealthRoutes(catalogue, Metrics(), lambda: True, lambda: Shedding(work=True))
    exchange, wire = exchange_of("GET", "/readyz")
    with pytest.raises(Unavailable) as caught:
        await shedding.ready(exchange)
    assert caught.value.code == "overloaded"
    await shedding.live(exchange)
    assert wire.status == 200
    exchange, wire = exchange_of("GET", "/health")
    await shedding.health(exchange)
    assert msgspec.json.decode(wire.body)["status"] == "degraded"


async def test_a_gateway_that_ends_is_not_ready() -> None:
    """While it still serves what comes, it says that no more should come."""
    leaving = routes(False)
    leaving.leaving = True
    exchange, _ = exchange_of("GET", "/readyz")
    with pytest.raises(Unavailable, match="ends"):
        await leaving.ready(exchange)


async def test_nodes_are_waited_for() -> None:
    """A gateway that has just begun takes no requests before nodes that it knows have had time to come."""
    catalogue = Catalogue()
    catalogue.replace("test", (model("m0", down=False),))
    waiting = [True, False]
    begun = HealthRoutes(catalogue, Metrics(), lambda: True, awaits_nodes=lambda: waiting.pop(0))
    exchange, wire = exchange_of("GET", "/readyz")
    with pytest.raises(Unavailable) as caught:
        await begun.ready(exchange)
    assert caught.value.retry_after_s == 1
    await begun.ready(exchange)
    assert wire.status == 200


@pytest.mark.parametrize(
    ("down", "status", "word"),
    [
        ((), 503, "unavailable"),
        ((True,), 503, "unavailable"),
        ((False, True), 200, "degraded"),
        ((False, False), 200, "ok"),
    ],
)
async def test_health_sums_up(down: tuple[bool, ...], status: int, word: str) -> None:
    """A word for the whole, and how many nodes serve each model."""
    exchange, wire = exchange_of("GET", "/health")
    await routes(*down).health(exchange)
    models = [{"id": f"m{i}", "nodes": 0 if flag else 1} for i, flag in enumerate(down)]
    assert wire.status == status
    assert msgspec.json.decode(wire.body) == {
        "status": word,
        "version": __version__,
        "database": "ok",
        "models": models,
    }


async def test_health_without_a_database() -> None:
    """Models can be asked, but nothing can be kept."""
    exchange, wire = exchange_of("GET", "/health")
    await routes(False, database=False).health(exchange)
    assert wire.status == 200
    shown = msgspec.json.decode(wire.body)
    assert (shown["status"], shown["database"]) == ("degraded", "unavailable")


async def test_metrics_are_shown() -> None:
    """The text of the metrics under the type that Prometheus expects."""
    exchange, wire = exchange_of("GET", "/metrics")
    await routes().metrics(exchange)
    assert wire.headers["content-type"] == "text/plain; version=1.0.0; charset=utf-8"
    assert b"antiphon_requests_in_flight 0.0\n" in wire.body
