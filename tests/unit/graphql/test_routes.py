"""POST /api/graphql, from the bytes in to the bytes out."""

from __future__ import annotations

import asyncio
import json

import pytest

from antiphon.errors import BadRequest, BodyTooLarge
from antiphon.graphql.reading import Services
from antiphon.graphql.routes import BODY_BYTES_MAX, GraphQLRoutes
from antiphon.http.exchange import Exchange
from tests.unit.graphql.asking import ANN
from tests.unit.http.recording import RecordingWire, exchange_of


def asked(body: bytes) -> tuple[Exchange, RecordingWire]:
    """A request of Ann's that has arrived whole."""
    exchange, wire = exchange_of("POST", "/api/graphql")
    exchange.key = ANN
    exchange.add(body, 10 * BODY_BYTES_MAX)
    return exchange, wire


async def test_a_query_is_answered(services: Services) -> None:
    """By its operation's name, with its variables; what else a client sends is ignored."""
    text = "query A { me { id } } query B($m: IdOrKey!) { model(idOrKey: $m) { id } }"
    body = {"query": text, "operationName": "B", "variables": {"m": "eye"}, "extensions": {"x": 1}}
    exchange, wire = asked(json.dumps(body).encode())
    await GraphQLRoutes(services).post(exchange)
    assert (wire.status, json.loads(wire.body)) == (200, {"data": {"model": {"id": "seeing"}}})
    assert wire.headers["content-type"] == "application/json"


async def test_the_first_queries_load_the_library_once(services: Services) -> None:
    """However many come at once; errors of a query have the status 200."""
    routes = GraphQLRoutes(services)
    several = [asked(b'{"query": "{ jobs }"}') for _ in range(4)]
    await asyncio.gather(*[routes.post(exchange) for exchange, _ in several])
    for _, wire in several:
        errors = [{"message": "Unsupported: there is no `jobs` here."}]
        assert (wire.status, json.loads(wire.body)) == (200, {"errors": errors})


@pytest.mark.parametrize("body", [b"", b"[]", b'{"variables": {}}', b'{"query": 1}', b"[" * 10_000])
async def test_a_body_that_is_none_is_refused(services: Services, body: bytes) -> None:
    """A list of queries too."""
    with pytest.raises(BadRequest):
        await GraphQLRoutes(services).post(asked(body)[0])


async def test_a_body_that_is_too_large_is_refused(services: Services) -> None:
    """Well below what images may have elsewhere."""
    with pytest.raises(BodyTooLarge, match=str(BODY_BYTES_MAX)):
        await GraphQLRoutes(services).post(asked(b" " * (BODY_BYTES_MAX + 1))[0])
