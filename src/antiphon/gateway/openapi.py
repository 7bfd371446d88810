"""The OpenAPI document, made from the table of routes and the structs that really parse and render. Pure."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from antiphon import __version__
from antiphon.gateway.table import Route

REFUSALS = {
    400: "The request is not valid; `param` names the field.",
    401: "Missing or invalid API key.",
    403: "This key may not do that.",
    404: "There is nothing at this address, or no such model or project.",
    405: "This address does not take that method.",
    408: "The first token, or the request itself, came too late.",
    409: "What is there already stands against the request.",
    413: "The body is too large.",
    415: "The body's encoding is not supported.",
    429: "Too many requests; `Retry-After` says when.",
    431: "The headers are too large.",
    500: "Something went wrong here.",
    502: "The engine failed.",
    503: "No node can serve this model now; `Retry-After` says when.",
    504: "`timeout_secs` is over.",
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


def document(routes: tuple[Route, ...]) -> Json:
    """The document for a table."""
    types: list[type] = [ErrorBody]
    for route in routes:
        types += [part for part in (route.request, route.response) if part is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=REF_TEMPLATE)
    named = dict(zip(types, schemas, strict=True))
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, named)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Antiphon", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, named: dict[type, Json]) -> Json:
    operation: Json = {
        "operationId": re.sub(r"\W+", "_", f"{route.method}{route.path}").strip("_").lower(),
        "summary": route.summary,
        "tags": [route.tag],
        "responses": {str(route.success): _answer(route, named)},
    }
    for status in _statuses(route):
        operation["responses"][str(status)] = _refusal(status, named)
    if route.key:
        operation["security"] = [{"key": []}]
    if route.parameter is not None:
        schema = {"type": "string", "minLength": 1}
        operation["parameters"] = [{"name": route.parameter, "in": "path", "required": True, "schema": schema}]
    if route.query is not None:
        operation.setdefault("parameters", []).extend(_query(route.query))
    if route.request is not None:
        content = {"application/json": {"schema": named[route.request]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _statuses(route: Route) -> list[int]:
    usual = {408, 431, 500} | ({401, 429, 503} if route.key else set())
    body = {400, 413, 415} if route.request is not None else {400} if route.query is not None else set()
    return sorted(usual | body | set(route.statuses))


def _query(fields: type) -> list[Json]:
    properties: Json = msgspec.json.schema(fields)["$defs"][fields.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in properties.items()]


def _answer(route: Route, named: dict[type, Json]) -> Json:
    if route.success == HTTPStatus.NO_CONTENT:
        return {"description": "Done"}
    schema: Json = named[route.response] if route.response is not None else {}
    content: Json = {route.media_type: {"schema": schema} if schema else {}}
    if route.streams:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    return {"description": "OK", "content": content}


def _refusal(status: int, named: dict[type, Json]) -> Json:
    content = {"application/json": {"schema": named[ErrorBody]}, "text/plain": {"schema": {"type": "string"}}}
    return {"description": REFUSALS[status], "content": content}
