"""One bad (or merely odd) request with the answers that are right for it, and the means to write it down shortly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from antiphon.testing.raw_client import request_bytes

CHAT = "/v1/chat/completions"
KEY = "sk-bad-input-3f786850e387550fdab836ed7e6dc881de23001b"
LIMITED_KEY = "sk-bad-input-2c26b46b68ffc68ff99b453c1d304134134217"  # may ask once a minute
MODEL = "lab/odd:1b"
SEEING = "lab/eyes:1b"  # takes images
VECTORS = "lab/vectors:1b"  # makes embeddings
GONE = "lab/gone:1b"  # on an engine that is not there
JSON = Any  # Any: whatever a client may send
ANY = "any"  # a `param` that is not looked at
AUTHORISED = {"authorization": f"Bearer {KEY}", "accept": "application/json"}


class Case(Struct, frozen=True):
    """`request` makes the bytes when they are needed, so that large ones are not kept.

    `status` lists the right answers. `param` is what a JSON error must name; None means that it must name nothing.
    `may_close`: closing without an answer is right too, as for broken framing.
    """

    name: str
    request: Callable[[], bytes]
    status: tuple[int, ...] = (400,)
    param: str | None = ANY
    may_close: bool = False


def good(**fields: JSON) -> dict[str, JSON]:
    """A good body with these fields changed or added."""
    return {"model": MODEL, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 2, **fields}


def post(path: str, name: str, body: JSON, *status: int, param: str | None = ANY) -> Case:
    """A request to any address with this body: JSON, or bytes as they are. 400 unless said otherwise."""
    return Case(name, lambda: request_bytes(path, body, headers=AUTHORISED), status or (400,), param)


def chat(
    name: str, body: JSON, *status: int, param: str | None = ANY, headers: Mapping[str, str] | None = None
) -> Case:
    """A chat request with this body: JSON, or bytes as they are. 400 unless said otherwise."""

    def request() -> bytes:
        return request_bytes(CHAT, body, headers={**AUTHORISED, **(headers or {})})

    return Case(name, request, status or (400,), param)


def large(name: str, body: Callable[[], bytes], *status: int, param: str | None = ANY) -> Case:
    """A chat request whose body is made only when it is sent."""
    return Case(name, lambda: request_bytes(CHAT, body(), headers=AUTHORISED), status or (400,), param)


def raw(name: str, data: bytes, *status: int, may_close: bool = True) -> Case:
    """Bytes that are sent as they are."""
    return Case(name, lambda: data, status or (400,), may_close=may_close)


def field(name: str, value: JSON, *status: int, param: str | None = None) -> Case:
    """A good request but for one field; the error must name that field, or `param`."""
    return chat(f"{name}={value!r}"[:80], good(**{name: value}), *status, param=param or name)


def message(name: str, turn: JSON, *status: int, param: str) -> Case:
    """A good request whose only message is this one."""
    return chat(name, good(messages=[turn]), *status, param=param)
