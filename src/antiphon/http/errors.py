"""Errors on the wire: status, headers and body, in the shape of the door that was asked. The only place that renders.

All shapes carry the same sentence. `openai` is an object, or the sentence alone where the client wants text; `detail`
is FastAPI's, a list of places for what is wrong with a body (422); `error` is the sentence under one key; `anthropic`
is an object that tells its type twice, once for itself and once for the error.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from antiphon.errors import AntiphonError, BadRequest, BodyTooLarge, MethodNotAllowed, Unauthenticated
from antiphon.http.exchange import EVENT_STREAM, Header
from antiphon.http.sse import event

Form = Literal["text", "json"]
ErrorShape = Literal["openai", "detail", "error", "anthropic"]
TEXT = (b"content-type", b"text/plain; charset=utf-8")
JSON = (b"content-type", b"application/json")
RETRY_AFTER_S_MAX = 60
DRIA_PATHS = ("/v1/auth/", "/v1/credits/", "/v1/channel")  # which no other vendor has
ENTITIES = {  # what Adaptive's client looks for in the sentence
    "model_not_found": "model",
    "project_not_found": "project",
    "metric_not_found": "metric",
    "completion_not_found": "completion",
}
ANTHROPIC_TYPES = {  # by status; what is not here is `invalid_request_error` below 500, `api_error` from there on
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
_QUALITY = re.compile(r";\s*q=([0-9.]+)")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def form(accept: str, authorization: str, setting: Literal["auto", "text", "json"], path: str = "") -> Form:
    """Text or JSON: what Accept prefers; else text for a `dkn_` key and on Dria's own paths, JSON for the rest."""
    if setting != "auto":
        return setting
    text, json = _preference(accept, "text/plain"), _preference(accept, "application/json")
    if text > json:
        return "text"
    if json > 0:
        return "json"
    return "text" if "dkn_" in authorization[:16] or path.startswith(DRIA_PATHS) else "json"


def _preference(accept: str, media_type: str) -> float:
    """How much Accept wants exactly this type: 0 when it is not named."""
    for item in accept.split(","):
        if item.strip().lower().startswith(media_type):
            quality = _QUALITY.search(item)
            try:
                return float(quality.group(1)) if quality else 1.0
            except ValueError:
                return 0.0
    return 0.0


def status(error: AntiphonError, shape: ErrorShape) -> int:
    """The status; `detail` is 422 for what is wrong with a body, as its clients expect."""
    return 422 if shape == "detail" and isinstance(error, BadRequest) else error.status


def headers(error: AntiphonError) -> list[Header]:
    """The headers that belong to an error."""
    extra: list[Header] = []
    if error.retry_after_s is not None:
        extra.append((b"retry-after", b"%d" % min(max(error.retry_after_s, 1), RETRY_AFTER_S_MAX)))
    elif error.status in (429, 503):
        extra.append((b"retry-after", b"1"))
    if error.retryable is not None:
        extra.append((b"x-should-retry", b"true" if error.retryable else b"false"))
    if isinstance(error, Unauthenticated):
        extra.append((b"www-authenticate", b"Bearer"))
    if isinstance(error, MethodNotAllowed):
        extra.append((b"allow", ", ".join(error.allow).encode()))
    if isinstance(error, BodyTooLarge):
        extra.append((b"connection", b"close"))
    return extra


def body(error: AntiphonError, as_form: Form, shape: ErrorShape = "openai") -> tuple[Header, bytes]:
    """The content type and the body."""
    if shape == "openai" and as_form == "text":
        return TEXT, error.message.encode()
    return JSON, json_body(error, shape)


def json_body(error: AntiphonError, shape: ErrorShape = "openai") -> bytes:
    """The body as JSON."""
    if shape == "detail":
        return msgspec.json.encode({"detail": _detail(error) if isinstance(error, BadRequest) else error.message})
    if shape == "error":
        return msgspec.json.encode({"error": sentence(error)})
    if shape == "anthropic":
        usual = "api_error" if error.status >= 500 else "invalid_request_error"
        shown = {"type": ANTHROPIC_TYPES.get(error.status, usual), "message": error.message}
        return msgspec.json.encode({"type": "error", "error": shown})
    return json_object(error)


def sentence(error: AntiphonError) -> str:
    """The message as Adaptive's client reads it: what is named and not there comes first."""
    entity = ENTITIES.get(error.code or "")
    return f"EntityNotFound: {entity}: {error.message}" if entity else error.message


def event_body(error: AntiphonError, shape: ErrorShape) -> bytes:
    """The payload of an event that ends a stream: always under `error`, which is where every client looks."""
    return json_body(error, shape) if shape in ("error", "anthropic") else json_object(error)


def error_event(error: AntiphonError, shape: ErrorShape) -> bytes:
    """The event that ends a stream; named where clients go by names."""
    return (b"event: error\n" if shape == "anthropic" else b"") + event(event_body(error, shape))


def last_piece(error: AntiphonError, shape: ErrorShape, media_type: bytes) -> bytes | None:
    """What ends an answer of that type that has begun; None where nothing of the kind can be told apart from it."""
    if media_type == EVENT_STREAM[0][1]:
        return error_event(error, shape)
    return json_body(error, shape) if media_type == JSON[1] else None  # only blank lines stand before it


def json_object(error: AntiphonError) -> bytes:
    """OpenAI's error object."""
    shown = {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
    return msgspec.json.encode({"error": shown})


def _detail(error: AntiphonError) -> list[dict[str, Any]]:  # Any: places hold names and numbers
    # A header is named as it is written, and no field begins with a capital.
    place: list[str | int] = ["header" if (error.param or "")[:1].isupper() else "body"]
    for name, index in _STEP.findall(error.param or ""):
        place.append(int(index) if index else name)
    return [{"loc": place, "msg": error.message, "type": error.code or error.type}]
