"""HTTP under the client: checked addresses, bounded answers, failures as answers."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpcore2
import httpx2
import pytest
import trustme

from antiphon.providers.model import ProviderLimits
from antiphon.providers.transport import (
    FAILED,
    SESSION_LOST,
    CheckedNetwork,
    ProviderTransport,
    Resolve,
    system_addresses,
)

LIMITS = ProviderLimits(connect_s=5.0, answer_bytes_max=1000, connections_max=1)
RPC_ERROR = b'{"jsonrpc":"2.0","id":null,"error":{"code":%d,"message":"no"}}'
SESSION = {"mcp-session-id": "s"}


def http(body: bytes, *, status: str = "200 OK", kind: str = "application/json", more: str = "") -> bytes:
    """A whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


@asynccontextmanager
async def answering(*pieces: bytes, hold: bool = False, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that answers every request with these bytes and closes, or holds the line; its URL."""
    handling: list[asyncio.Task[None] | None] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handling.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
        await writer.drain()
        if hold:
            await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
    await asyncio.gather(*(task for task in handling if task is not None), return_exceptions=True)


@asynccontextmanager
async def client(resolve: Resolve = system_addresses, call_s: float = 30.0) -> AsyncIterator[httpx2.AsyncClient]:
    """A client over the transport."""
    transport = ProviderTransport(LIMITS, call_s=call_s, resolve=resolve, tls=None)
    async with httpx2.AsyncClient(transport=transport, trust_env=False) as one:
        yield one


async def error_of(
    url: str, headers: dict[str, str] | None = None, *, resolve: Resolve = system_addresses
) -> dict[str, Any]:
    """The JSON-RPC error that stands for the answer to a POST. Any: JSON."""
    async with client(resolve) as one:
        answer = await one.post(url, json={}, headers=headers)
    assert answer.status_code >= 400
    error: dict[str, Any] = json.loads(answer.content)["error"]
    return error


def resolving(*addresses: str) -> Resolve:
    """A resolver that knows these addresses for every name."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if not addresses:
            raise OSError(host)
        return addresses

    return resolve


async def test_an_answer_comes_through() -> None:
    """As it is."""
    async with answering(http(b'{"a":1}')) as url, client() as one:
        answer = await one.post(url, json={})
    assert (answer.status_code, answer.json()) == (200, {"a": 1})


@pytest.mark.parametrize(
    ("addresses", "message"),
    [
        (("169.254.169.254",), "link-local"),
        (("127.0.0.1", "fe80::1%eth0"), "link-local"),
        ((), "cannot be resolved"),
    ],
)
async def test_a_name_with_an_address_that_is_never_admitted(addresses: tuple[str, ...], message: str) -> None:
    """Not even its other addresses are tried, and where it is, is not told."""
    error = await error_of("http://tools.internal/mcp", resolve=resolving(*addresses))
    assert error["code"] == FAILED
    assert message in error["message"]
    assert "internal" not in error["message"]


async def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    """A name is resolved once; the first address that answers is taken."""
    async with answering(http(b"{}")) as url:
        port = httpx2.URL(url).port
        async with client(resolving("127.0.0.9", "127.0.0.1")) as one:
            answer = await one.post(f"http://tools.internal:{port}/mcp", json={})
    assert answer.status_code == 200


@pytest.mark.parametrize(("host", "good"), [("tools.internal", True), ("other.internal", False)])
async def test_the_certificate_is_held_against_the_name(host: str, *, good: bool) -> None:
    """Not against the address that is connected to."""
    authority = trustme.CA()
    serving, asking = (ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
    authority.issue_cert("tools.internal").configure_cert(serving)
    authority.configure_trust(asking)
    transport = ProviderTransport(LIMITS, call_s=30.0, resolve=resolving("127.0.0.1"), tls=asking)
    async with answering(http(b"{}"), tls=serving) as url, httpx2.AsyncClient(transport=transport) as one:
        answer = await one.post(f"https://{host}:{httpx2.URL(url).port}/mcp", json={})
    assert (answer.status_code == 200) is good


async def test_a_resolver_that_never_answers() -> None:
    """Is not waited for longer than for a connection."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    with pytest.raises(httpcore2.ConnectError, match="resolved"):
        await CheckedNetwork(resolve).connect_tcp("tools", 80, timeout=0.01)


async def test_nobody_listens() -> None:
    """An answer of our own says so."""
    error = await error_of("http://127.0.0.1:1/mcp")
    assert (error["code"], error["message"][:13]) == (FAILED, "no connection")


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-"])
async def test_a_connection_that_breaks_before_the_answer(answer: bytes) -> None:
    """Nobody knows what was done."""
    async with answering(answer) as url:
        error = await error_of(url)
    assert (error["code"], error["message"]) == (FAILED, "the connection broke before the answer")


@pytest.mark.parametrize(
    ("kind", "expected"), [("application/json", httpx2.StreamError), ("text/event-stream", httpx2.SSEError)]
)
@pytest.mark.parametrize(
    ("body", "message"), [(b"x" * 1001, "more than 1000 bytes"), (b"x" * 9, "broke off")], ids=["large", "cut"]
)
async def test_a_body_that_cannot_be_had(kind: str, expected: type[Exception], body: bytes, message: str) -> None:
    """Fails in the one way in which the client above takes a failure for the answer to one request."""
    length = 2000 if message == "broke off" else len(body)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    async with answering(head.encode(), body) as url, client() as one:
        with pytest.raises(expected, match=message):
            await one.post(url, json={})


async def test_a_body_that_never_ends() -> None:
    """Is waited for as long as a call may take, and a little longer."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    limits = ProviderLimits(connect_s=0.5)
    transport = ProviderTransport(limits, call_s=0.0, resolve=system_addresses, tls=None)
    async with answering(head, hold=True) as url, httpx2.AsyncClient(transport=transport) as one:
        with pytest.raises(httpx2.StreamError, match="in time"):
            await one.delete(url)


async def test_streams_of_notifications_have_a_wider_bound() -> None:
    """They go on for as long as the session does, unless they flood it."""
    async with answering(http(b"x" * 5000, kind="text/event-stream")) as url, client() as one:
        assert len((await one.get(url)).content) == 5000
        listening = {"mcp-method": "subscriptions/listen"}
        assert len((await one.post(url, json={}, headers=listening)).content) == 5000
    async with answering(http(b"x" * 16_001, kind="text/event-stream")) as url, client() as one:
        with pytest.raises(httpx2.SSEError, match="more than 16000 bytes"):
            await one.get(url)


async def test_compressed_answers_are_refused() -> None:
    """A small one may be a large one."""
    async with answering(http(b"x", more="Content-Encoding: gzip\r\n")) as url:
        assert "compressed" in (await error_of(url))["message"]


@pytest.mark.parametrize(
    ("answer", "headers", "code"),
    [
        (http(b"", status="404 Not Found"), SESSION, SESSION_LOST),
        (http(RPC_ERROR % -32001, status="404 Not Found"), SESSION, SESSION_LOST),
        (http(RPC_ERROR % -32000, status="400 Bad Request"), SESSION, SESSION_LOST),
        (http(b"no", status="400 Bad Request", kind="text/plain"), SESSION, SESSION_LOST),
        (http(RPC_ERROR % -32602, status="400 Bad Request"), SESSION, -32602),
        (http(RPC_ERROR % -32602, status="400 Bad Request"), {}, -32602),
        (http(b"", status="404 Not Found"), {}, FAILED),
        (http(b"{}", status="401 Unauthorized"), SESSION, FAILED),
        (http(b"\xff", status="500 Oh"), {}, FAILED),
        (http(RPC_ERROR % -32602, status="400 Bad Request", kind="text/html"), {}, FAILED),
        (http(b"x" * 2000, status="500 Oh"), {}, FAILED),
    ],
)
async def test_refusals(answer: bytes, headers: dict[str, str], code: int) -> None:
    """A session that the server has forgotten, its own JSON-RPC error, or the status."""
    async with answering(answer) as url:
        assert (await error_of(url, headers))["code"] == code


async def test_the_system_knows_this_machine() -> None:
    """As text, for a literal address too."""
    assert set(await system_addresses("127.0.0.1", 80)) == {"127.0.0.1"}


async def test_waiting_between_attempts() -> None:
    """As the pool asks of a network."""
    await CheckedNetwork(system_addresses).sleep(0)
