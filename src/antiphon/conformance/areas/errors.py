"""Errors: their status, their two forms, and the headers that say what to do next."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from msgspec import Struct

from antiphon.conformance.areas.plain import STORY
from antiphon.conformance.check import Check
from antiphon.conformance.reply import Reply
from antiphon.conformance.server import CHAT, VALIDATION, Server, answered, refused, served
from antiphon.conformance.verdict import Failed, Lacking, expect, offered

# Something that every server refuses, each in its form.
WRONG = {"messages": "hi"}
TEXT_PLEASE = (("accept", "text/plain"),)
LIMIT_S = 1
GRACE_S = 2.0
NO_KEYS = "The server asks for no key."


class FullError(Struct, frozen=True):
    """OpenAI's error with all four members; each may be null but for the first two."""

    message: str
    type: str
    param: str | None
    code: str | None


class FullErrorBody(Struct, frozen=True):
    """The body with that error."""

    error: FullError


async def openai_object(server: Server) -> None:
    """An error is an object with `message`, `type`, `param` and `code`."""
    (await _wrong(server)).read(FullErrorBody)


async def field(server: Server) -> None:
    """The refusal names the field at fault in `param` and in its sentence."""
    told = refused(await _wrong(server), VALIDATION[server.door], "`messages`")
    offered((told.param or "").startswith("messages"), f"`param` is {told.param!r}.")
    expect("messages" in told.message, f"The sentence does not name it: {told.message}")


async def text(server: Server) -> None:
    """Who asks for text gets the same sentence as one line of text."""
    reply = await server.send("POST", CHAT, server.body(**WRONG), headers=TEXT_PLEASE)
    kind = reply.headers.get("content-type", "")
    expect(reply.status == HTTPStatus.BAD_REQUEST, f"The status is {reply.status}.")
    offered(kind.startswith("text/plain"), f"The type is {kind!r}.")
    wanted = (await _wrong(server)).refusal.message
    expect(reply.body.decode(errors="replace").strip() == wanted, f"It is {reply.shown!r} instead of {wanted!r}.")


async def broken_json(server: Server) -> None:
    """A body that is no JSON object is refused with 400."""
    for body in (b"{", b"[]", b"null", b"\xff\xfe", b"[" * 5000):
        refused(await server.send("POST", CHAT, body), VALIDATION[server.door], repr(body[:10]))


async def no_key(server: Server) -> None:
    """Without a key it is 401, before the body is looked at."""
    for path, method in ((CHAT, "POST"), ("/models", "GET")):
        reply = await server.keyed(None).send(method, path, b"{" if method == "POST" else None)
        offered(reply.status == HTTPStatus.UNAUTHORIZED, f"{method} {path} answers {reply.status} without a key.")


async def wrong_key(server: Server) -> None:
    """With a wrong key it is 401, and `WWW-Authenticate` says which scheme is meant."""
    reply = await server.keyed("sk-this-is-nobodys-key").chat()
    offered(reply.status == HTTPStatus.UNAUTHORIZED, NO_KEYS)
    scheme = reply.headers.get("www-authenticate", "")
    expect(scheme.lower().startswith("bearer"), f"`WWW-Authenticate` is {scheme!r}.")


async def unknown_model(server: Server) -> None:
    """A model that does not exist is 404, with its name in the sentence."""
    reply = await server.chat(model="no-such-model-anywhere")
    if reply.status == HTTPStatus.OK:
        raise Lacking("Any name of a model is taken.")
    expect(reply.status == HTTPStatus.NOT_FOUND, f"The status is {reply.status}: {reply.shown}")
    expect("no-such-model-anywhere" in reply.refusal.message, f"The name is missing: {reply.refusal.message}")


async def unknown_path(server: Server) -> None:
    """What is not there is 404, with an error of the same form."""
    reply = await server.send("GET", "/nothing-is-here")
    expect(reply.status == HTTPStatus.NOT_FOUND, f"The status is {reply.status}.")
    reply.read(FullErrorBody)


async def method(server: Server) -> None:
    """Another method is 405, with those that are allowed."""
    reply = await server.send("GET", CHAT)
    offered(reply.status == HTTPStatus.METHOD_NOT_ALLOWED, f"GET answers {reply.status}.")
    expect("POST" in reply.headers.get("allow", ""), "`Allow` does not name POST.")


async def request_id(server: Server) -> None:
    """Every answer, good or bad, has a request id of its own."""
    replies = (await server.chat(max_tokens=1), await _wrong(server), await server.send("GET", "/models"))
    ids = {reply.headers.get("x-request-id", "") for reply in replies}
    offered("" not in ids, "`x-request-id` is missing.")
    expect(len(ids) == len(replies), "Two answers have one id.")


async def timeout_secs(server: Server) -> None:
    """`timeout_secs` bounds the whole answer; what takes longer is 504."""
    fields = {"max_tokens": _many(server), "timeout_secs": LIMIT_S, "temperature": 1}
    try:
        async with asyncio.timeout(LIMIT_S + GRACE_S):
            reply = await server.chat(STORY, **fields)
    except TimeoutError:
        raise Lacking(f"No answer came within {LIMIT_S + GRACE_S:g} s, though {LIMIT_S} s was the limit.") from None
    if reply.status == HTTPStatus.GATEWAY_TIMEOUT:
        return
    answered(served(reply))  # a quick server may well be done by then


async def max_ttft_ms(server: Server) -> None:
    """A first token that comes later than `max_ttft_ms` is 408, and clients are told not to repeat it."""
    reply = await server.chat(STORY, max_ttft_ms=1)
    if reply.status == HTTPStatus.OK:
        raise Lacking("An answer came although it could not begin in a millisecond.")
    if reply.status != HTTPStatus.REQUEST_TIMEOUT:
        raise Failed(f"It answers {reply.status} instead of 408: {reply.shown}")
    expect(reply.headers.get("x-should-retry") == "false", "`x-should-retry` is not false.")


async def _wrong(server: Server) -> Reply:
    return await server.chat(**WRONG)


def _many(server: Server) -> int:
    """More tokens than come in a second, as far as the context leaves them."""
    return min(4000, (server.subject.context_length or 4096) - 200)


CHECKS = (
    Check("errors", openai_object, "OpenAI"),
    Check("errors", field, "OpenAI"),
    Check("errors", text, "Dria"),
    Check("errors", broken_json, "OpenAI"),
    Check("errors", no_key, "OpenAI, Dria, DMind"),
    Check("errors", wrong_key, "OpenAI, Dria, DMind"),
    Check("errors", unknown_model, "OpenAI"),
    Check("errors", unknown_path, "OpenAI"),
    Check("errors", method, "OpenAI"),
    Check("errors", request_id, "OpenAI"),
    Check("errors", timeout_secs, "Dria"),
    Check("errors", max_ttft_ms, "Adaptive"),
)
