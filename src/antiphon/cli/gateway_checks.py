"""Checks of the gateway itself: is the port free or ours, does a real completion come, plain and streamed."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from http import HTTPStatus

from antiphon.cli.client import Client, checked
from antiphon.cli.endpoint import ANY_ADDRESS, Endpoint, development_key, own_address
from antiphon.cli.findings import Finding, fail, ok, warn
from antiphon.cli.trouble_checks import troubles
from antiphon.errors import AntiphonError
from antiphon.settings.environment import CLIENT_KEY_VARIABLE
from antiphon.settings.model import Settings

PROMPT = "Say hello."
TOKENS_MAX = 8
TIMEOUT_S = 60.0


def gateway(settings: Settings) -> Iterator[Finding]:
    """The port; when a gateway of ours answers there, its models and a completion, else whether it may start."""
    address = own_address(settings)
    client = Client(Endpoint(address, _key(settings)), read_timeout_s=TIMEOUT_S)
    if settings.server.port == 0 or not _in_use(settings):
        yield _free(settings)
        return
    if not _is_ours(client):
        advice = "Stop that program, or take another port with --port or `server.port`."
        yield fail("port", f"{settings.server.port} is used by something that is no gateway of ours", advice)
        return
    yield ok("port", f"a gateway answers at {address}")
    yield from _completions(client)
    yield from troubles(client)


def _completions(client: Client) -> Iterator[Finding]:
    try:
        listed = checked(client.get("/models"))["data"]
    except AntiphonError as error:
        advice = "Is it another user's gateway? Give a key of it in ANTIPHON_CLIENT_KEY."
        yield fail("models", error.message, advice)
        return
    if not listed:
        yield warn("models", "the gateway offers none yet", "Wait until its models are loaded; see its log.")
        return
    yield ok("models", ", ".join(str(model["id"]) for model in listed))
    models = [str(model["id"]) for model in listed if model.get("type") != "embedding"]
    if not models:
        return
    body = {"model": models[0], "messages": [{"role": "user", "content": PROMPT}], "max_tokens": TOKENS_MAX}
    for check, ask in (("completion", _plain), ("stream", _streamed)):
        try:
            yield ok(check, ask(client, body))
        except AntiphonError as error:
            yield fail(check, error.message, "The gateway's log says more; `antiphon models` shows what is ready.")


def _plain(client: Client, body: dict[str, object]) -> str:
    answer = checked(client.post("/chat/completions", body))
    try:
        text, used = answer["choices"][0]["message"]["content"], answer["usage"]["completion_tokens"]
    except (KeyError, IndexError, TypeError) as error:
        raise AntiphonError("The answer holds no completion.") from error
    return f"{body['model']} answered {str(text)!r} with {used} tokens"


def _streamed(client: Client, body: dict[str, object]) -> str:
    chunks, last = 0, b""
    for payload in client.stream("/chat/completions", {**body, "stream": True}):
        chunks, last = chunks + 1, payload
        if payload != b"[DONE]" and "error" in json.loads(payload):
            raise AntiphonError(f"The stream broke: {payload[:200].decode(errors='replace')}")
    if last != b"[DONE]":
        raise AntiphonError("The stream ended without [DONE].")
    return f"{chunks} events, [DONE] last"


def _is_ours(client: Client) -> bool:
    try:
        return client.get("/livez", root=True).status == HTTPStatus.OK
    except AntiphonError:
        return False


def _in_use(settings: Settings) -> bool:
    host = ANY_ADDRESS.get(settings.server.host, settings.server.host)
    try:
        with socket.create_connection((host, settings.server.port), timeout=1):
            return True
    except OSError:
        return False


def _free(settings: Settings) -> Finding:
    host, port = settings.server.host, settings.server.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        advice = "Take another with --port and --host; ports below 1024 need privileges."
        return fail("port", f"{host}:{port} cannot be used: {error.strerror}", advice)
    advice = "Start it with `antiphon serve`, then run this again to try a completion."
    return warn("port", f"{host}:{port} is free; no gateway is running", advice)


def _key(settings: Settings) -> str | None:
    own = development_key(settings.data_dir) if settings.development_key else None
    return os.environ.get(CLIENT_KEY_VARIABLE) or own
