"""The OpenAPI document, made from the table of routes and the structs that really parse and render. Pure."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from msgspec import Struct

from antiphon import __version__
from antiphon.gateway.table import Route
from antiphon.http.errors import ErrorShape
from antiphon.idempotency.request import CHARACTERS_MAX, NAME

REFUSALS = {
    400: "The request is not valid; `param` names the field.",
    401: "Missing or invalid API key.",
    402: "There is not enough credit for this.",
    403: "This key may not do that.",
    404: "There is nothing at this address, or no such model or project.",
    405: "This address does not take that method.",
    408: "The first token, or the request itself, came too late.",
    409: "What is there already stands against the request, or a gateway is answering it already.",
    413: "The body is too large.",
    415: "The body's encoding is not supported.",
    422: "The `Idempotency-Key` was used for another request.",
    429: "Too many requests; `Retry-After` says when.",
    431: "The headers are too large.",
    500: "Something went wrong here.",
    502: "The engine failed.",
    503: "No node can serve this model now; `Retry-After` says when.",
    504: "`timeout_secs` is over.",
}
EVENT = {
    "type": "object",
    "description": "One event. Its data is a piece of the answer as JSON, or an error; `[DONE]` ends a whole answer.",
    "properties": {"data": {"type": "string"}},
    "required": ["data"],
}
INVALID_OR_REUSED = "The body is not valid, or the `Idempotency-Key` was used for another; `loc` leads to the field."
KEY_HEADER = {
    "name": NAME,
    "in": "header",
    "required": False,
    "description": "Makes the request safe to send again: it is answered once, and its answer given again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": CHARACTERS_MAX, "pattern": "^[!-~]+$"},
}
REF_TEMPLATE = "#/components/schemas/{name}"
Json = dict[str, Any]  # Any: an OpenAPI document is nested JSON


class ErrorShown(Struct):
    """OpenAI's error object."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(Struct):
    """What a refusal looks like as JSON; as text it is the message alone."""

    error: ErrorShown


class DetailBody(Struct):
    """What a refusal looks like at Nugen's door."""

    detail: str


class DetailShown(Struct):
    """One thing that is wrong with a body: where, what, and of which kind."""

    loc: list[str | int]
    msg: str
    type: str


class InvalidBody(Struct):
    """What is wrong with a body, at Nugen's door."""

    detail: list[DetailShown]


class TypedError(Struct):
    """What went wrong, as Anthropic names it."""

    type: str
    message: str


class TypedBody(Struct):
    """Every error at Anthropic's door."""

    error: TypedError
    type: Literal["error"] = "error"


class SentenceBody(Struct):
    """What a refusal looks like at Adaptive's door."""

    error: str


SHOWN: dict[ErrorShape, type] = {
    "openai": ErrorBody,
    "detail": DetailBody,
    "error": SentenceBody,
    "anthropic": TypedBody,
}
# The connection answers these by itself, before it is known what was asked for.
BELOW = frozenset({400, 408, 431, 503})


def document(routes: tuple[Route, ...], shapes: tuple[tuple[str, ErrorShape], ...] = ()) -> Json:
    """The document for a table; `shapes` are those of errors below prefixes of addresses, OpenAI's stand elsewhere."""
    types: list[type] = [ErrorBody, *(SHOWN[shape] for _, shape in shapes)]
    types += [InvalidBody] if DetailBody in types else []
    for route in routes:
        types += [part for part in (route.request, route.response, route.offer) if part is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=REF_TEMPLATE)
    named = dict(zip(types, schemas, strict=True))
    paths: dict[str, Json] = {}
    for route in routes:
        operation = _operation(route, _shape(route.path, shapes), named)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Antiphon", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _shape(path: str, shapes: tuple[tuple[str, ErrorShape], ...]) -> ErrorShape:
    for prefix, shape in shapes:
        if path.startswith(prefix):
            return shape
    return "openai"


def _operation(route: Route, shape: ErrorShape, named: dict[type, Json]) -> Json:
    operation: Json = {
        "operationId": re.sub(r"\W+", "_", f"{route.method}{route.path}").strip("_").lower(),
        "summary": route.summary,
        "tags": [route.tag],
        "responses": {str(route.success): _answer(route, named)},
    }
    for status in _statuses(route, shape):
        operation["responses"][str(status)] = _refusal(status, shape, named)
    if route.offer is not None:
        offer = {"application/json": {"schema": named[route.offer]}}
        operation["responses"][str(int(HTTPStatus.PAYMENT_REQUIRED))]["content"] = offer
    if route.key:
        operation["security"] = [{"key": []}]
    if route.parameter is not None:
        schema = {"type": "string", "minLength": 1}
        operation["parameters"] = [{"name": route.parameter, "in": "path", "required": True, "schema": schema}]
    if route.query is not None:
        operation.setdefault("parameters", []).extend(_query(route.query))
    if route.keyed:
        operation.setdefault("parameters", []).append(KEY_HEADER)
    if route.request is not None:
        content = {"application/json": {"schema": named[route.request]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _statuses(route: Route, shape: ErrorShape) -> list[int]:
    usual = {500, *BELOW} | ({401, 403, 429} if route.key else set())
    body = {413, 415} if route.request is not None else set()
    invalid = {422} if shape == "detail" and (route.request or route.query) else set()
    keyed = {409, 422} if route.keyed else set()
    return sorted(usual | body | invalid | keyed | set(route.statuses))


def _query(fields: type) -> list[Json]:
    properties: Json = msgspec.json.schema(fields)["$defs"][fields.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in properties.items()]


def _answer(route: Route, named: dict[type, Json]) -> Json:
    if route.success == HTTPStatus.NO_CONTENT:
        return {"description": "Done"}
    schema: Json = named[route.response] if route.response is not None else {}
    content: Json = {route.media_type: {"schema": schema} if schema else {}}
    content |= {media_type: {} for media_type in route.also}
    if route.streams:
        content["text/event-stream"] = {"schema": EVENT}
    answer: Json = {"description": "OK", "content": content}
    if route.keyed:
        told = "`true` where another request made the answer."
        answer["headers"] = {"Idempotent-Replayed": {"description": told, "schema": {"const": "true"}}}
    return answer


def _refusal(status: int, shape: ErrorShape, named: dict[type, Json]) -> Json:
    invalid = shape == "detail" and status == HTTPStatus.UNPROCESSABLE_ENTITY
    content: Json = {}
    if shape != "detail" or status != HTTPStatus.BAD_REQUEST:
        shown = InvalidBody if invalid else SHOWN[shape]
        content["application/json"] = {"schema": named[shown]}
    if shape == "openai" or status in BELOW:
        content["text/plain"] = {"schema": {"type": "string"}}
    refusal: Json = {"description": INVALID_OR_REUSED if invalid else REFUSALS[status], "content": content}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        refusal["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return refusal
