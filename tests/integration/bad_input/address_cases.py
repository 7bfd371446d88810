"""Addresses of things that nobody can have, and queries of every wrong form, where files, batches and lists are."""

from __future__ import annotations

from antiphon.testing.raw_client import request_bytes

from .case import AUTHORISED, JSON, Case, post

THINGS = ("interactions", "sessions", "responses", "files", "batches", "channels", "campaigns", "models", "projects")
FILE = b'--b\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\n%s\r\n'
PURPOSE = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
END = b"--b--\r\n"
FORMS: dict[str, tuple[bytes, str | None]] = {
    "nothing": (b"", None),
    "no end": (PURPOSE, None),
    "an end alone": (END, None),
    "a part without a name": (b"--b\r\n\r\nx\r\n" + END, None),
    "33 parts": (FILE % (b"a", b"x") * 33 + END, None),
    "no purpose": (FILE % (b"file", b"{}") + END, "purpose"),
    "no file": (PURPOSE + END, "file"),
    "an empty file": (PURPOSE + FILE % (b"file", b"") + END, "file"),
    "U+0000": (PURPOSE + FILE % (b"file", b"\0") + END, "file"),
    "no UTF-8": (PURPOSE + FILE % (b"file", b"\xff") + END, "file"),
}
QUERIES: dict[str, str | None] = {
    "/v1/files?limit=0": "limit",
    "/v1/files?order=up": "order",
    "/v1/files?after=%00": "after",
    "/v1/files?colour=red": None,
    "/v1/batches?limit=x": "limit",
    "/v1/interactions?from_ms=-1": "from_ms",
    "/v1/interactions?value_min=1": "metric",
    "/v1/interactions?metric=a&value_min=nan": "value_min",
    "/v1/interactions?label==": "label",
    "/v1/interactions/export?prompt_hash=x": "prompt_hash",
    "/v1/interactions/export?session_id=%00": "session_id",
    "/v1/channel?channel=general&limit=201": "limit",
    "/v1/channel?channel=general&after=0000-01-01T00:00:00Z": "after",
    "/v1/channel?channel=general&before=1e999": "before",
    "/v1/channel?channel=general&wait=nan": "wait",
    "/v1/campaigns?archived=perhaps": "archived",
}
BATCH: JSON = {"input_file_id": "file-0", "endpoint": "/v1/embeddings", "completion_window": "24h"}
BATCHES: dict[str, JSON] = {
    "input_file_id": {**BATCH, "input_file_id": "a\0"},
    "endpoint": {**BATCH, "endpoint": "http://127.0.0.1:9/"},
    "completion_window": {**BATCH, "completion_window": "1h"},
    "metadata[...]": {**BATCH, "metadata": {"a": 5}},
    "output_expires_after.seconds": {**BATCH, "output_expires_after": {"anchor": "created_at", "seconds": 1}},
}


def cases() -> list[Case]:
    """Refused with the field where there is one; what no database could look for is simply not there."""
    return [
        *(asked(f"/v1/{thing}/a%00b", 404) for thing in THINGS),
        *(asked(f"/v1/{thing}/%FF", 404) for thing in THINGS),
        asked("/v1/responses/a%00/input_items", 404),
        asked("/v1/batches/a%00/cancel", 404, method="POST"),
        asked("/v1/interactions", 400, method="DELETE"),
        asked("/api/graphql?query=%7Bme%7Bid%7D%7D", 405),
        *(asked(address, 400, param=param) for address, param in QUERIES.items()),
        *(_form(name, body, param) for name, (body, param) in FORMS.items()),
        *(post("/v1/batches", f"batches: {param}", body, param=param) for param, body in BATCHES.items()),
        post("/v1/batches", "a file that is not there", BATCH, 404, param="input_file_id"),
        post("/v1/files", "JSON for a form", {}, 415, param=None),
    ]


def asked(address: str, status: int, *, param: str | None = "any", method: str = "GET") -> Case:
    """A request without a body."""
    return Case(
        f"{method} {address}", lambda: request_bytes(address, method=method, headers=AUTHORISED), (status,), param
    )


def _form(name: str, body: bytes, param: str | None) -> Case:
    headers = {**AUTHORISED, "content-type": "multipart/form-data; boundary=b"}
    return Case(f"form: {name}", lambda: request_bytes("/v1/files", body, headers=headers), (400,), param)
