"""GET requests for model files: https and http only, proxies of the environment, tokens that stay with their host.

Blocking: model files are fetched in a thread. The gateway's own client is for engines and knows neither redirects
nor proxies.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPMessage
from typing import IO, Protocol, Self, cast
from urllib.parse import urlsplit

from antiphon import __version__

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0


class Answer(Protocol):
    """An answer whose body is read piece by piece; it is closed as a context manager."""

    status: int
    headers: HTTPMessage

    def read(self, amount: int = -1, /) -> bytes:
        """The next bytes of the body, empty at its end."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class Refused(Exception):
    """The server answered with an error status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class Unreachable(Exception):
    """No answer, or one that broke off; the message says how."""


class Transport:
    """Opens URLs. `token` goes as a bearer token to the host of `token_host` only, redirects included."""

    def __init__(self, *, token: str | None = None, token_host: str | None = None) -> None:
        self._token = token
        self._token_host = token_host
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            _Handler(),
            _SecureHandler(context=ssl.create_default_context()),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.HTTPDefaultErrorHandler(),
            _Redirects(self._authorise),
            urllib.request.UnknownHandler(),
        ):
            self._opener.add_handler(handler)

    def get(self, url: str, headers: dict[str, str] | None = None) -> Answer:
        """The answer, its body unread. Refused for an error status, Unreachable when there is none."""
        headers = {**(headers or {}), "User-Agent": f"antiphon/{__version__}"}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the handlers know http and https only
        self._authorise(request)
        try:
            return cast("Answer", self._opener.open(request, timeout=CONNECT_TIMEOUT_S))
        except urllib.error.HTTPError as error:
            error.close()
            raise Refused(error.code) from None
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(_reason(error)) from error

    def _authorise(self, request: urllib.request.Request) -> None:
        if self._token and urlsplit(request.full_url).netloc == self._token_host:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")


def read(answer: Answer, size_bytes: int) -> bytes:
    """The next bytes of an answer; Unreachable when it breaks off."""
    try:
        return answer.read(size_bytes)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(_reason(error)) from error


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", error)
    return (cause.strerror if isinstance(cause, OSError) else None) or str(cause) or type(cause).__name__


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows up to 10 redirects, never from https to http."""

    def __init__(self, authorise: _Authorise) -> None:
        self._authorise = authorise

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if req.type == "https" and not newurl.startswith("https:"):
            raise urllib.error.HTTPError(newurl, HTTPStatus.BAD_GATEWAY, "redirect away from https", headers, fp)
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None:
            self._authorise(request)
        return request


class _Authorise(Protocol):
    def __call__(self, request: urllib.request.Request, /) -> None: ...


class _Connection(http.client.HTTPConnection):
    """Its time-out is for connecting; once connected it is patient."""

    def connect(self) -> None:
        super().connect()
        cast("socket.socket", self.sock).settimeout(READ_TIMEOUT_S)


class _SecureConnection(http.client.HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        super().connect()
        cast("socket.socket", self.sock).settimeout(READ_TIMEOUT_S)


class _Handler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, req)


class _SecureHandler(urllib.request.HTTPSHandler):
    def __init__(self, *, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._own_context = context

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_SecureConnection, req, context=self._own_context)
