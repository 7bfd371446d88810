"""Errors on the wire: status, headers and body, as text or as JSON. The only place that renders them."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from antiphon.errors import AntiphonError, BodyTooLarge, MethodNotAllowed, Unauthenticated
from antiphon.http.exchange import Header

Form = Literal["text", "json"]
TEXT = (b"content-type", b"text/plain; charset=utf-8")
JSON = (b"content-type", b"application/json")
RETRY_AFTER_S_MAX = 60
_QUALITY = re.compile(r";\s*q=([0-9.]+)")


def form(accept: str, authorization: str, setting: Literal["auto", "text", "json"]) -> Form:
    """Text or JSON: what Accept prefers; else text for a `dkn_` key, as Dria documents, JSON for others."""
    if setting != "auto":
        return setting
    text, json = _preference(accept, "text/plain"), _preference(accept, "application/json")
    if text > json:
        return "text"
    if json > 0:
        return "json"
    return "text" if "dkn_" in authorization[:16] else "json"


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


def body(error: AntiphonError, as_form: Form) -> tuple[Header, bytes]:
    """The content type and the body; both forms carry the same sentence."""
    if as_form == "text":
        return TEXT, error.message.encode()
    return JSON, json_object(error)


def json_object(error: AntiphonError) -> bytes:
    """OpenAI's error object."""
    shown = {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
    return msgspec.json.encode({"error": shown})
