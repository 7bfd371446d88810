"""HTTP to a provider, under the `mcp` package's client: checked addresses, bounded answers, failures that stay alone.

The client that we build on ends a whole session when one request fails on the way, and reads answers of any size. So
a request that fails here is answered here, with a JSON-RPC error of our own code; the session and all other calls
go on.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address

import httpcore2
import httpx2
import msgspec
from msgspec import Struct

from antiphon.providers.addresses import IPAddress, admitted
from antiphon.providers.model import ProviderLimits

# Codes of our own, from the range that JSON-RPC leaves to implementations.
FAILED = -32090
SESSION_LOST = -32091

SESSION_ID = "mcp-session-id"
METHOD = "mcp-method"
LISTEN = "subscriptions/listen"
UNKNOWN_SESSION = -32000  # what some servers answer with status 400 to a session they have forgotten
IDLE_S = 4.0  # shorter than the keep-alive of common servers (uvicorn: 5 s), so few connections go stale
ADDRESSES_TRIED_MAX = 3
NOTIFICATIONS = 16  # answers' worth: a stream of notifications that brings more has something else in mind
READ_GRACE_S = 5.0  # a call's own time limit comes first

FAILURES = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    httpcore2.UnsupportedProtocol,
)

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]  # (host, port) -> addresses as text


class _RPCError(Struct):
    code: int


class _RPCAnswer(Struct):
    error: _RPCError


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """Every address that the system knows for a name; OSError if there is none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port)
    return [str(address[0]) for *_, address in found]


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to exactly the addresses that were checked: a name is resolved once, here."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore2's
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to one of the host's addresses; ConnectError if none answers or one is not admitted."""
        failure: Exception = httpcore2.ConnectError("its name has no address")
        for address in (await self._addresses(host, port, timeout))[:ADDRESSES_TRIED_MAX]:
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int, timeout_s: float | None) -> list[IPAddress]:
        try:
            async with asyncio.timeout(timeout_s):
                texts = await self._resolve(host, port)
        except OSError as error:  # a TimeoutError is one
            raise httpcore2.ConnectError("its name cannot be resolved") from error
        addresses = list(dict.fromkeys(ip_address(text.partition("%")[0]) for text in texts))
        if not all(admitted(address) for address in addresses):
            raise httpcore2.ConnectError("it has a link-local, metadata or multicast address")
        return addresses

    async def sleep(self, seconds: float) -> None:
        """Wait, between attempts."""
        await asyncio.sleep(seconds)


class ProviderTransport(httpx2.AsyncBaseTransport):
    """One provider's connections."""

    def __init__(self, limits: ProviderLimits, *, call_s: float, resolve: Resolve, tls: ssl.SSLContext | None) -> None:
        self._limits = limits
        self._call_s = call_s
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=limits.connections_max,
            max_keepalive_connections=limits.connections_max,
            keepalive_expiry=IDLE_S,
            network_backend=CheckedNetwork(resolve),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The provider's answer, or one of our own that says what went wrong."""
        endless = request.method == "GET" or request.headers.get(METHOD) == LISTEN  # streams of notifications
        try:
            answer = await self._pool.handle_async_request(self._sent(request, endless=endless))
        except FAILURES as error:
            return _failed(FAILED, _reason(error))
        headers = httpx2.Headers(answer.headers)
        body = BoundedBody(
            answer,
            bytes_max=self._limits.answer_bytes_max * (NOTIFICATIONS if endless else 1),
            error=httpx2.SSEError if "event-stream" in headers.get("content-type", "") else httpx2.StreamError,
        )
        if headers.get("content-encoding", "identity").lower() != "identity":
            await body.aclose()
            return _failed(FAILED, "the answer is compressed, although none was asked for")
        if answer.status >= 400 and request.method == "POST":
            return await _refusal(answer.status, headers, body, had_session=SESSION_ID in request.headers)
        return httpx2.Response(answer.status, headers=headers, stream=body)

    def _sent(self, request: httpx2.Request, *, endless: bool) -> httpcore2.Request:
        """The request as the pool takes it."""
        connect_s = self._limits.connect_s
        work_s = max(self._call_s, self._limits.list_s) + READ_GRACE_S
        read_s = None if endless else work_s if request.method == "POST" else connect_s
        timeouts = {"connect": connect_s, "pool": connect_s, "write": connect_s, "read": read_s}
        url = request.url
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        return httpcore2.Request(
            request.method,
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions={"timeout": timeouts},
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class BoundedBody(httpx2.AsyncByteStream):
    """An answer's body. What goes wrong is raised as `error`, the one kind that the reader above takes as an answer."""

    def __init__(self, answer: httpcore2.Response, *, bytes_max: int, error: type[Exception]) -> None:
        self._answer = answer
        self._bytes_max = bytes_max
        self._error = error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._bytes_max
        try:
            async for piece in self._answer.aiter_stream():
                left -= len(piece)
                if left < 0:
                    raise self._error(f"the answer has more than {self._bytes_max} bytes")
                yield piece
        except httpcore2.TimeoutException as error:
            raise self._error("the answer did not come to its end in time") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise self._error("the answer broke off") from error

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._answer.aclose()


def _reason(error: Exception) -> str:
    """Why there was no answer, in a few words."""
    if isinstance(error, (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.UnsupportedProtocol)):
        return f"no connection ({str(error) or 'timed out'})"
    if isinstance(error, httpcore2.PoolTimeout):
        return "too many calls at once"
    if isinstance(error, httpcore2.TimeoutException):
        return "no answer in time"
    return "the connection broke before the answer"


async def _refusal(status: int, headers: httpx2.Headers, body: BoundedBody, *, had_session: bool) -> httpx2.Response:
    """A refusal with a status: the provider's own JSON-RPC error where it gave one, else one that names the status."""
    try:
        content = b"".join([piece async for piece in body])
    except (httpx2.SSEError, httpx2.StreamError):
        content = b""
    finally:
        await body.aclose()
    code = _code(content)
    if had_session and (status == 404 or (status == 400 and code in (None, UNKNOWN_SESSION))):
        return _failed(SESSION_LOST, "the session has ended")
    if code is None or not headers.get("content-type", "").startswith("application/json"):
        return _failed(FAILED, f"the server answered with status {status}")
    return httpx2.Response(status, headers={"content-type": "application/json"}, content=content)


def _code(content: bytes) -> int | None:
    """The code of a JSON-RPC error, None if the body is none."""
    try:
        return msgspec.json.decode(content, type=_RPCAnswer).error.code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _failed(code: int, message: str) -> httpx2.Response:
    """An answer of our own in the place of one that did not come."""
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}
    return httpx2.Response(503, headers={"content-type": "application/json"}, content=msgspec.json.encode(error))
