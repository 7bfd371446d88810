"""Tests of the OpenAPI document, over the gateway's real table and over small ones."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from types import MethodType
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from antiphon.completions.doors import DOORS
from antiphon.gateway.build import Builder
from antiphon.gateway.openapi import REFUSALS, document
from antiphon.gateway.pages import PageRoutes
from antiphon.gateway.table import Route
from antiphon.http.errors import ErrorShape
from antiphon.http.exchange import Exchange
from antiphon.interactions.listing import ListingQuery
from antiphon.observe.logs import Log
from antiphon.settings.model import Settings
from antiphon.wheel import TimerWheel

ALWAYS = ("400", "408", "431", "500", "503")  # what the connection itself may answer, and mistakes of ours


class Question(Struct):
    """What is asked."""

    text: str


async def answer(exchange: Exchange) -> None:
    """Answer with nothing."""
    exchange.respond(204, b"")


@pytest.fixture
async def routes(tmp_path: Path) -> AsyncIterator[tuple[Route, ...]]:
    """The routes that a gateway really serves."""
    builder = Builder(
        Settings(data_dir=tmp_path),
        development_key=None,
        log=Log(stream=io.StringIO()),
        wheel=TimerWheel(asyncio.get_running_loop()),
    )
    gateway = builder.build(
        environ={}, on_progress=lambda _model, _progress: None, on_state=lambda _model, _state, _detail: None
    )
    yield gateway.app.routes
    await gateway.close()


def references(part: Any) -> set[str]:  # Any: a part of a JSON document
    """Every `$ref` in a part of the document."""
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(references(value) for value in part.values()))
    return set().union(*(references(value) for value in part)) if isinstance(part, list) else set()


async def test_every_route_and_every_refusal_is_documented(routes: tuple[Route, ...]) -> None:
    """The document is JSON, holds each route once, with its success and each status that the route names."""
    made = msgspec.json.decode(msgspec.json.encode(document(routes)))
    assert made["openapi"] == "3.1.0"
    shown = {(method.upper(), path) for path, methods in made["paths"].items() for method in methods}
    assert shown == {(route.method, route.path) for route in routes}
    for route in routes:
        responses = made["paths"][route.path][route.method.lower()]["responses"]
        success = str(route.success)
        assert {success, *ALWAYS} | {str(status) for status in route.statuses} <= set(responses)
        for status, response in responses.items():
            assert status == success or response["description"] == REFUSALS[int(status)]


async def test_every_reference_leads_somewhere(routes: tuple[Route, ...]) -> None:
    """No schema is named that the document does not hold."""
    made = document(routes)
    found = references(made)
    assert found
    assert found <= {f"#/components/schemas/{name}" for name in made["components"]["schemas"]}


async def test_operation_ids_differ(routes: tuple[Route, ...]) -> None:
    """Generated clients need a name for each route."""
    made = document(routes)
    names = [operation["operationId"] for methods in made["paths"].values() for operation in methods.values()]
    assert len(set(names)) == len(names) == len(routes)
    assert "post_v1_chat_completions" in names


async def test_queries_are_documented(routes: tuple[Route, ...]) -> None:
    """Each field with its schema, so that generated clients can filter; a bad one is a documented refusal."""
    operation = document(routes)["paths"]["/v1/interactions"]["get"]
    shown = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert set(shown) == set(ListingQuery.__struct_fields__)
    assert shown["label"]["schema"] == {"type": "array", "items": {"type": "string"}, "default": []}
    assert {parameter["in"] for parameter in shown.values()} == {"query"}
    assert "400" in operation["responses"]


def test_a_route_with_a_key_and_a_body() -> None:
    """It shows the key, the body's schema, the stream, and the refusals that come with them."""
    route = Route("POST", "/ask", answer, "Ask.", "tests", request=Question, response=Question, streams=True)
    operation = document((route,))["paths"]["/ask"]["post"]
    question = {"schema": {"$ref": "#/components/schemas/Question"}}
    assert operation["security"] == [{"key": []}]
    assert operation["requestBody"] == {"required": True, "content": {"application/json": question}}
    assert operation["responses"]["200"]["content"]["application/json"] == question
    assert operation["responses"]["200"]["content"]["text/event-stream"]["schema"]["required"] == ["data"]
    assert set(operation["responses"]) == {"200", *ALWAYS, "401", "403", "413", "415", "429"}


def test_an_open_route_with_a_parameter() -> None:
    """It asks for no key and no body, and names what the path holds."""
    route = Route("GET", "/things/{thing}", answer, "A thing.", "tests", key=False, media_type="text/plain")
    operation = document((route,))["paths"]["/things/{thing}"]["get"]
    assert not {"security", "requestBody"} & set(operation)
    schema = {"type": "string", "minLength": 1}
    assert operation["parameters"] == [{"name": "thing", "in": "path", "required": True, "schema": schema}]
    assert operation["responses"]["200"]["content"] == {"text/plain": {}}
    assert set(operation["responses"]) == {"200", *ALWAYS}


def test_an_answer_that_comes_in_several_types() -> None:
    """Only the first has a schema."""
    route = Route("GET", "/x", answer, "See.", "tag", response=Question, also=("text/plain",))
    content = document((route,), ())["paths"]["/x"]["get"]["responses"]["200"]["content"]
    assert list(content) == ["application/json", "text/plain"]
    assert content["text/plain"] == {}


def test_a_refusal_that_says_what_would_pay() -> None:
    """It is no error's body, and comes as JSON alone."""
    route = Route("POST", "/v1/price", answer, "Buy.", "tests", statuses=(402,), offer=Question)
    paid = document((route,))["paths"]["/v1/price"]["post"]["responses"]["402"]
    assert paid["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/Question"}}}


def test_an_answer_without_a_body() -> None:
    """It has a status of its own and no content."""
    route = Route("DELETE", "/things/{thing}", answer, "Forget a thing.", "tests", success=204, statuses=(409,))
    responses = document((route,))["paths"]["/things/{thing}"]["delete"]["responses"]
    assert responses["204"] == {"description": "Done"}
    assert "409" in responses
    assert "200" not in responses


@pytest.mark.parametrize(
    ("shape", "invalid", "shown", "media"),
    [
        ("openai", "400", ("ErrorBody", "ErrorBody"), {"application/json", "text/plain"}),
        ("detail", "422", ("InvalidBody", "DetailBody"), {"application/json"}),
        ("error", "400", ("SentenceBody", "SentenceBody"), {"application/json"}),
    ],
)
def test_refusals_have_the_shape_of_their_door(
    shape: ErrorShape, invalid: str, shown: tuple[str, str], media: set[str]
) -> None:
    """What is wrong with a body, and any other; the connection's own are text everywhere."""
    route = Route("POST", "/door/ask", answer, "Ask.", "tests", request=Question)
    responses = document((route,), (("/door/", shape),))["paths"]["/door/ask"]["post"]["responses"]
    for status, name in ((invalid, shown[0]), ("401", shown[1])):
        schema = responses[status]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{name}"}
    assert set(responses["401"]["content"]) == media
    assert "text/plain" in responses["400"]["content"]
    assert ("application/json" in responses["400"]["content"]) is (invalid == "400")
    assert ("422" in responses) is (invalid == "422")
    assert "Retry-After" in responses["429"]["headers"]


async def test_every_door_shows_its_own_refusals(routes: tuple[Route, ...]) -> None:
    """In the document that is served, Nugen's door has its own 422, and Adaptive's has sentences."""
    shown = {"openai": "ErrorBody", "detail": "DetailBody", "error": "SentenceBody", "anthropic": "TypedBody"}
    handler = next(route.handler for route in routes if route.path == "/openapi.json")
    assert isinstance(handler, MethodType)
    assert isinstance(handler.__self__, PageRoutes)
    served = msgspec.json.decode(handler.__self__._openapi)
    for door in DOORS:
        responses = served["paths"][door.address]["post"]["responses"]
        invalid = responses["422"]["content"]["application/json"]["schema"]["$ref"]
        assert invalid.endswith("/InvalidBody") is (door.errors == "detail")
        reference = responses["404"]["content"]["application/json"]["schema"]["$ref"]
        assert reference.endswith(f"/{shown[door.errors]}")


async def test_requests_that_may_come_again(routes: tuple[Route, ...]) -> None:
    """Those that generate or are paid take an Idempotency-Key, and tell of its refusals and replays; others do not."""
    paths = document(routes)["paths"]
    for path in ("chat/completions", "completions", "embeddings", "credits/topup"):
        operation = paths[f"/v1/{path}"]["post"]
        (header,) = operation["parameters"]
        assert (header["name"], header["in"], header["schema"]["maxLength"]) == ("Idempotency-Key", "header", 255)
        assert {"409", "422"} < set(operation["responses"])
        assert "Idempotent-Replayed" in operation["responses"]["200"]["headers"]
    assert "parameters" not in paths["/v1/keys"]["post"]
