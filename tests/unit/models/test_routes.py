"""The list of models as clients read it, and what a key may see of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from antiphon.engines.thought import Thought
from antiphon.errors import BadRequest, ModelNotFound, PermissionDenied
from antiphon.http.exchange import Exchange
from antiphon.key import ADMIN, Key
from antiphon.models.catalogue import Catalogue, Model, Prices
from antiphon.models.load import NodeLoad
from antiphon.models.placement import Placement
from antiphon.models.routes import EMBEDDING_PARAMETERS, SUPPORTED_PARAMETERS, THINKING_PARAMETERS, ModelRoutes
from tests.unit.models.offers import offer

ALL = Key("all")
JSONValue = Any  # Any: whatever the answer's JSON holds


class Written:
    """A connection that keeps what is written to it."""

    congested = False

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.data += data

    async def drain(self) -> None:
        """Nothing ever waits here."""

    def finished(self, exchange: Exchange) -> None:
        """The answer is whole: its length is the one it declares."""
        head, _, body = self.data.partition(b"\r\n\r\n")
        assert b"\r\ncontent-length: %d" % len(body) in head

    def resume(self) -> None:
        """There is no body to read."""

    def date(self) -> bytes:
        """Any moment."""
        return b"now"


async def asked(
    catalogue: Catalogue, key: Key | None, name: str | None = None, placement: Placement | None = None
) -> JSONValue:
    """The JSON of GET /v1/models, or of one model."""
    wire = Written()
    exchange = Exchange(wire, "GET", "/v1/models", "", {})
    exchange.key, exchange.parameter = key, name or ""
    routes = ModelRoutes(catalogue, placement or Placement(queue_max=9))
    await (routes.list(exchange) if name is None else routes.get(exchange))
    assert exchange.status == 200
    return json.loads(wire.data.partition(b"\r\n\r\n")[2])


def filled() -> Catalogue:
    """Two models, one of them down."""
    seeing = Model(
        "seeing",
        (offer("a"), offer("b"), offer("c", down=True)),
        created=5,
        aliases=("eye",),
        context_length=4096,
        modalities=("text", "image"),
        quantisation="Q4_K_M",
        prices=Prices(prompt=150_000, completion=2_500_000),
    )
    catalogue = Catalogue()
    catalogue.replace("one", (seeing, Model("down", (offer("d", down=True),))))
    return catalogue


async def test_a_model_is_told_in_full() -> None:
    """Every field of a model's wire form, exactly."""
    assert await asked(filled(), ALL, "seeing") == {
        "id": "seeing",
        "object": "model",
        "created": 5,
        "owned_by": "antiphon",
        "type": "vision",
        "nodes": 2,
        "state": "warm",
        "context_length": 4096,
        "modalities": ["text", "image"],
        "supported_parameters": list(SUPPORTED_PARAMETERS),
        "quantisation": "Q4_K_M",
        "pricing": {
            "prompt": "0.00000015",
            "completion": "0.0000025",
            "prompt_micro_usdc_per_mtoken": 150_000,
            "completion_micro_usdc_per_mtoken": 2_500_000,
        },
        "aliases": ["eye"],
    }


async def test_finer_prices_are_shown_where_there_are_any() -> None:
    """As decimal strings and as whole numbers; what has no price of its own is left out."""
    catalogue = Catalogue()
    catalogue.replace("one", (Model("m", (offer("a"),), prices=Prices(1, 2, cached=0, reasoning=3, image=1_000_000)),))
    assert (await asked(catalogue, ALL, "m"))["pricing"] == {
        "prompt": "0.000000000001",
        "completion": "0.000000000002",
        "prompt_micro_usdc_per_mtoken": 1,
        "completion_micro_usdc_per_mtoken": 2,
        "cached": "0",
        "reasoning": "0.000000000003",
        "image": "0.000001",
        "cached_micro_usdc_per_mtoken": 0,
        "reasoning_micro_usdc_per_mtoken": 3,
        "image_micro_usdc_per_mtoken": 1_000_000,
    }


async def test_the_list_holds_every_model() -> None:
    """In the catalogue's order, each as it is told alone."""
    catalogue = filled()
    listed = await asked(catalogue, ALL)
    assert listed == {"object": "list", "data": [await asked(catalogue, ALL, name) for name in ("seeing", "down")]}


async def test_a_model_that_is_down_is_unavailable() -> None:
    """It stays in the list, with no node."""
    told = await asked(filled(), ALL, "down")
    assert (told["state"], told["nodes"], told["type"]) == ("unavailable", 0, "text")


async def test_an_alias_leads_to_the_model() -> None:
    """The answer names the model's id."""
    assert (await asked(filled(), ALL, "eye"))["id"] == "seeing"


async def test_a_key_sees_only_its_models() -> None:
    """Others are missing from the list and forbidden alone; an alias opens what the id opens."""
    key = Key("some", models=frozenset({"seeing"}))
    assert [each["id"] for each in (await asked(filled(), key))["data"]] == ["seeing"]
    assert (await asked(filled(), key, "eye"))["id"] == "seeing"
    with pytest.raises(PermissionDenied, match="may not use the model 'down'"):
        await asked(filled(), key, "down")


async def test_no_model_and_no_key_are_refused() -> None:
    """An unknown name is a 404, a route without a key cannot answer."""
    with pytest.raises(ModelNotFound):
        await asked(filled(), ALL, "other")
    with pytest.raises(BadRequest):
        await asked(filled(), None)


@pytest.mark.parametrize(
    ("price", "text"),
    [(0, "0"), (1, "0.000000000001"), (10**12, "1"), (10**13, "10"), (1_500_000_000_000, "1.5")],
)
async def test_prices_are_exact(price: int, text: str) -> None:
    """Decimal strings without an exponent and without zeros at the end."""
    catalogue = Catalogue()
    catalogue.replace("one", (Model("m", (), prices=Prices(price, price)),))
    pricing = (await asked(catalogue, ALL, "m"))["pricing"]
    assert (pricing["prompt"], pricing["completion"]) == (text, text)


async def test_a_model_that_thinks_takes_two_parameters_more() -> None:
    """`reasoning` and `reasoning_effort` are told only of those that can think on one of their engines."""
    catalogue = Catalogue()
    thinking = replace(offer("b"), thought=Thought())
    catalogue.replace("tests", (Model("thinking", (offer("a"), thinking)), Model("plain", (offer("a"),))))
    listed = {model["id"]: model["supported_parameters"] for model in (await asked(catalogue, ALL))["data"]}
    assert listed["thinking"] == [*SUPPORTED_PARAMETERS, *THINKING_PARAMETERS]
    assert listed["plain"] == list(SUPPORTED_PARAMETERS)


async def test_a_model_that_embeds_is_told_as_such() -> None:
    """With its type, and the parameters that it has."""
    catalogue = Catalogue()
    catalogue.replace("one", (Model("vectors", (offer("a"),), embeds=True),))
    told = await asked(catalogue, ALL, "vectors")
    assert (told["type"], told["supported_parameters"]) == ("embedding", list(EMBEDDING_PARAMETERS))


async def test_a_model_that_has_to_be_loaded_is_cold() -> None:
    """Only where every node that is up says so."""
    placement = Placement(queue_max=9)
    for name, expected in (("a", "warm"), ("b", "cold")):
        placement.observe(name, NodeLoad(warm=frozenset({"another"})))
        assert (await asked(filled(), ALL, "seeing", placement))["state"] == expected
    placement.observe("b", NodeLoad(warm=frozenset({"upstream-name"})))
    assert (await asked(filled(), ALL, "seeing", placement))["state"] == "warm"


async def test_administrators_see_each_node() -> None:
    """How it is doing and what is expected of it; other keys see how many there are."""
    placement = Placement(queue_max=9)
    for _ in range(2):
        placement.observe("a", NodeLoad(slots=4, busy=1))
    seen = (await asked(filled(), Key("operator", scopes=ADMIN), "seeing", placement))["node_states"]
    assert [(node["name"], node["state"], node["others"], node["slots"]) for node in seen] == [
        ("a", "warm", 1, 4),
        ("b", "warm", 0, None),
        ("c", "unavailable", 0, None),
    ]
    assert "node_states" not in await asked(filled(), ALL, "seeing", placement)
