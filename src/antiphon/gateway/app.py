"""The ASGI application: route, key, limits, handler, and the one place where an error becomes a response."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Literal

from antiphon.accounts.authenticate import authenticate
from antiphon.accounts.keys import Keyring
from antiphon.accounts.limits import RequestLimits
from antiphon.errors import AntiphonError, Unavailable
from antiphon.gateway.cors import CrossOrigin
from antiphon.gateway.table import Table
from antiphon.http import errors as wire_errors
from antiphon.http.exchange import ClientGone, Exchange, Receive, Scope, Send
from antiphon.ids import Ids
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
CLIENT_GONE_STATUS = 499  # never sent; what logs and metrics show


class Application:
    """Serves one table of routes."""

    def __init__(
        self,
        table: Table,
        keyring: Keyring,
        *,
        limits: RequestLimits,
        metrics: Metrics,
        log: Log,
        ids: Ids,
        errors: Literal["auto", "text", "json"] = "auto",
        in_flight_max: int = 4096,
        cross_origin: CrossOrigin,
    ) -> None:
        self._table = table
        self._keyring = keyring
        self._limits = limits
        self._metrics = metrics
        self._log = log
        self._ids = ids
        self._errors = errors
        self._in_flight = 0
        self._in_flight_max = in_flight_max
        self._cross_origin = cross_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        exchange = Exchange(scope, receive, self._cross_origin.wrap(scope, send), "")
        exchange.request_id = self._request_id(exchange)
        begun = time.perf_counter()
        self._in_flight += 1
        self._metrics.in_flight.inc()
        try:
            if not await self._cross_origin.preflight(exchange):
                await self._serve(exchange)
        except AntiphonError as error:
            await self._refuse(exchange, error)
        except ClientGone:
            exchange.status = CLIENT_GONE_STATUS
        except asyncio.CancelledError:
            if not exchange.gone:
                raise
            exchange.status = CLIENT_GONE_STATUS
        except Exception:  # the outermost loop of a request: whatever it was, the client gets an answer
            self._log.exception("unhandled error", request_id=exchange.request_id)
            await self._refuse(exchange, AntiphonError("Something went wrong here."))
        finally:
            self._in_flight -= 1
            self._metrics.in_flight.dec()
            self._metrics.responded(exchange.route, exchange.status)
            self._log.access(exchange, time.perf_counter() - begun)

    async def _serve(self, exchange: Exchange) -> None:
        """The order of checks: address, key, limits; the handler does the rest."""
        scope = exchange.scope
        route, parameter = self._table.find(scope["method"], scope["path"])
        exchange.route = route.path
        if route.key:
            key = authenticate(exchange.headers, self._keyring)
            exchange.key = key
            self._limits.take(key, asyncio.get_running_loop().time())
            if self._in_flight > self._in_flight_max:
                raise Unavailable("The gateway is at its limit of requests.", retry_after_s=1)
        if parameter is not None and route.parameter is not None:
            exchange.params[route.parameter] = parameter
        await route.handler(exchange)

    async def _refuse(self, exchange: Exchange, error: AntiphonError) -> None:
        """The error as a response; nothing can be said any more once a response has begun."""
        if exchange.started:
            await exchange.finish()
            return
        accept, authorization = exchange.header(b"accept"), exchange.header(b"authorization")
        content_type, body = wire_errors.body(error, wire_errors.form(accept, authorization, self._errors))
        await exchange.respond(error.status, body, content_type, *wire_errors.headers(error))

    def _request_id(self, exchange: Exchange) -> str:
        given = exchange.headers.get(b"x-request-id")
        if given is not None and REQUEST_ID.fullmatch(given):
            return given.decode()
        return self._ids.make("req_")
