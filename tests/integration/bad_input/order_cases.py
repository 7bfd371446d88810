"""Requests that break two rules: the answer is the one of the rule that is checked first, as the documentation says."""

from __future__ import annotations

import json

from antiphon.testing.raw_client import request_bytes

from .case import AUTHORISED, CHAT, GONE, JSON, LIMITED_KEY, SEEING, Case, chat, good
from .schema_cases import PLACE, text

BROKEN_IMAGE: JSON = [
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}
]
BAD_SCHEMA: JSON = {"type": "json_schema", "json_schema": {"name": "a", "schema": text(pattern="(a)\\1")}}
IMAGE = "messages[0].content[0]*"
UNKNOWN = "lab/unknown:1b"
GZIP = {"content-encoding": "gzip"}
DECLARED = {"content-length": "10000000000"}


def cases() -> list[Case]:
    """Neighbours in the order of checks; that the address and the key come first is among the cases of keys."""
    return [
        _limited("the one request of a minute", 200),
        _limited("limit of requests before the body", 429, body=b"{"),
        chat("compressed before too large", b"x", 415, headers={**GZIP, **DECLARED}),
        chat("too large before JSON", b"{", 413, headers=DECLARED),
        chat("compressed before JSON", b"{", 415, headers=GZIP),
        chat("field before model", good(model=UNKNOWN, temperature=9), param="temperature"),
        chat("model before image", good(model=UNKNOWN, messages=BROKEN_IMAGE), 404, param="model"),
        chat("model before schema", good(model=UNKNOWN, response_format=BAD_SCHEMA), 404, param="model"),
        chat("image before time", good(model=SEEING, messages=BROKEN_IMAGE, timeout_secs=86_400), param=IMAGE),
        chat("image before schema", good(model=SEEING, messages=BROKEN_IMAGE, response_format=BAD_SCHEMA), param=IMAGE),
        chat("time before schema", good(timeout_secs=86_400, response_format=BAD_SCHEMA), param="timeout_secs"),
        chat("schema before engine", good(model=GONE, response_format=BAD_SCHEMA), param=f"{PLACE}*"),
        chat("engine last", good(model=GONE), 503),
    ]


def _limited(name: str, status: int, *, body: bytes | None = None) -> Case:
    """A request with the key that may ask once a minute."""
    headers = {**AUTHORISED, "authorization": f"Bearer {LIMITED_KEY}"}
    data = json.dumps(good()).encode() if body is None else body
    return Case(name, lambda: request_bytes(CHAT, data, headers=headers), (status,))
