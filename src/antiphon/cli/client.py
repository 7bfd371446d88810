"""A small HTTP client for the commands: one request at a time, JSON in and out, streams event by event.

Not the gateway's client to engines: this one may block, and starts fast.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from antiphon import __version__
from antiphon.cli.endpoint import Endpoint
from antiphon.errors import AntiphonError, Unavailable

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 120.0
BODY_BYTES_MAX = 32 * 1024 * 1024
PIECE_BYTES = 65_536
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
GOOD = (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT)


class Reply(Struct, frozen=True):
    """A whole answer."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:  # Any: whatever the server sent
        """The body's value; a body that is no JSON raises AntiphonError."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise AntiphonError(f"The answer is not JSON: {self.body[:80]!r}") from error


class Client:
    """Talks to one endpoint; every request has its own connection."""

    def __init__(self, endpoint: Endpoint, *, read_timeout_s: float = READ_TIMEOUT_S) -> None:
        self._endpoint = endpoint
        self._read_timeout_s = read_timeout_s

    def get(self, path: str, *, root: bool = False) -> Reply:
        """GET a path below the base URL, or below the root; any status is returned."""
        with self._open("GET", path, None, root=root) as response:
            return _whole(response)

    def post(self, path: str, body: Mapping[str, object]) -> Reply:
        """POST JSON; any status is returned."""
        return self.send("POST", path, body)

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Reply:
        """Any method, with JSON or without a body, with further headers; any status is returned."""
        with self._open(method, path, body, headers=headers) as response:
            return _whole(response)

    def stream(self, path: str, body: Mapping[str, object]) -> Iterator[bytes]:
        """POST JSON and give each event's payload as it comes, `[DONE]` included; a refusal raises AntiphonError."""
        from antiphon.http.sse import EventReader

        with self._open("POST", path, body) as response:
            if response.status != HTTPStatus.OK:
                raise refusal(_whole(response))
            reader = EventReader()
            while data := _piece(response):
                yield from reader.feed(data)

    def download(self, path: str) -> Iterator[bytes]:
        """GET a body that may be of any size, piece by piece; a refusal raises AntiphonError."""
        with self._open("GET", path, None) as response:
            if response.status != HTTPStatus.OK:
                raise refusal(_whole(response))
            while data := _piece(response):
                yield data

    @contextmanager
    def _open(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        *,
        root: bool = False,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Iterator[http.client.HTTPResponse]:
        base = self._endpoint.root if root else self._endpoint.base_url
        url = urlsplit(base + path)
        connection = _connection(url.scheme, url.hostname or "", url.port)
        content = None if body is None else json.dumps(body).encode()
        try:
            connection.connect()
            connection.sock.settimeout(self._read_timeout_s)
            target = f"{url.path}?{url.query}" if url.query else url.path
            connection.request(method, target, content, {**self._headers(content), **headers})
            yield connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{url.scheme}://{url.netloc} does not answer: {_reason(error)}.") from error
        finally:
            connection.close()

    def _headers(self, content: bytes | None) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": f"antiphon/{__version__}", "Connection": "close"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        if self._endpoint.key:
            headers["Authorization"] = f"Bearer {self._endpoint.key}"
        return headers


def refusal(reply: Reply) -> AntiphonError:
    """The error that an answer with a status above 399 stands for, with the server's own sentence."""
    try:
        found = json.loads(reply.body)["error"]
        message, code = str(found["message"]), found.get("code")
    except (ValueError, KeyError, TypeError, AttributeError):
        message, code = reply.body[:500].decode(errors="replace").strip(), None
    error = AntiphonError(f"{message or 'No reason given.'} (status {reply.status})", code=code)
    error.status = reply.status
    return error


def checked(reply: Reply) -> Any:  # Any: whatever the server sent
    """The JSON of a good answer, None where it has no body; any other raises the refusal."""
    if reply.status not in GOOD:
        raise refusal(reply)
    return None if reply.status == HTTPStatus.NO_CONTENT else reply.json()


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_TIMEOUT_S, context=context)
    return http.client.HTTPConnection(host, port, timeout=CONNECT_TIMEOUT_S)


def _whole(response: http.client.HTTPResponse) -> Reply:
    body = response.read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        raise AntiphonError(f"The answer is larger than {BODY_BYTES_MAX} bytes.")
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, body)


def _piece(response: http.client.HTTPResponse) -> bytes:
    return response.read1(PIECE_BYTES)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, http.client.IncompleteRead | http.client.RemoteDisconnected):
        return "the connection closed before the answer ended"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
