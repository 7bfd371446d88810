"""The routes of channels, from the bytes in to the bytes out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.channels.channel_routes import ChannelRoutes
from antiphon.channels.parts import Channels
from antiphon.errors import BadRequest, NotFound
from antiphon.http.exchange import Exchange
from antiphon.key import Key
from tests.unit.channels.posted import ANN, BOB, EVE
from tests.unit.http.recording import RecordingWire, exchange_of


@pytest.fixture
def database_kind() -> str:
    """One kind: the store is tested on all."""
    return "sqlite-again"


def asked(key: Key, name: str = "", body: object = None) -> tuple[Exchange, RecordingWire]:
    """A request."""
    exchange, wire = exchange_of("GET", "/v1/channels")
    exchange.key, exchange.parameter = key, name
    if body is not None:
        exchange.add(json.dumps(body).encode(), 1_000_000)
    return exchange, wire


def told(wire: RecordingWire) -> Any:  # Any: JSON
    """The JSON of an answer."""
    return json.loads(wire.body)


async def test_the_life_of_a_channel(channels: Channels) -> None:
    """Made, shown to its members, shared with others, deleted."""
    routes = ChannelRoutes(channels.directory)
    exchange, wire = asked(ANN, body={"name": "team", "members": ["bob"]})
    await routes.create(exchange)
    assert wire.status == 201
    assert told(wire) == {
        "channel": "ann/team",
        "name": "team",
        "owner": "ann",
        "public": False,
        "createdAt": "2023-11-14T22:13:20.000Z",
        "members": ["bob"],
        "object": "channel",
    }
    exchange, wire = asked(BOB, "ann/team")
    await routes.get(exchange)
    assert "members" not in told(wire)
    exchange, wire = asked(BOB)
    await routes.list(exchange)
    assert [channel["channel"] for channel in told(wire)["data"]] == ["general", "requests", "ann/team"]
    exchange, wire = asked(ANN, "team", {"addMembers": ["eve"], "removeMembers": ["bob"]})
    await routes.change(exchange)
    assert (wire.status, told(wire)["members"]) == (200, ["eve"])
    exchange, wire = asked(ANN, "ann/team")
    await routes.delete(exchange)
    assert (wire.status, wire.body) == (204, b"")
    with pytest.raises(NotFound):
        await routes.get(asked(EVE, "ann/team")[0])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"),
        ({"name": "Team"}, "name"),
        ({"name": "team", "members": ["a b"]}, "members[0]"),
        ({"name": "team", "members": "bob"}, "members"),
        ({"name": "team", "owner": "bob"}, "owner"),
    ],
)
async def test_wrong_fields_are_named(channels: Channels, body: dict[str, Any], param: str) -> None:
    """By the refusal."""
    with pytest.raises(BadRequest) as refused:
        await ChannelRoutes(channels.directory).create(asked(ANN, body=body)[0])
    assert refused.value.param == param
