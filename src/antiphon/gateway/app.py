"""The application: route, key, limits, handler, and the one place where an error becomes a response."""

from __future__ import annotations

import asyncio
import re
from typing import Literal

from antiphon.accounts.authenticate import bearer
from antiphon.accounts.keyring import Keyring
from antiphon.accounts.limits import Admission, Limiter
from antiphon.accounts.running import Running
from antiphon.clock import SystemClock
from antiphon.console.same_origin import MARK
from antiphon.console.visitors import Visitors
from antiphon.errors import AntiphonError, PermissionDenied, Unavailable
from antiphon.gateway.cors import CrossOrigin
from antiphon.gateway.load_watch import WORK, LoadWatch
from antiphon.gateway.table import Route, Table
from antiphon.http import errors as wire_errors
from antiphon.http.errors import ErrorShape
from antiphon.http.exchange import ClientGone, Exchange
from antiphon.ids import Ids
from antiphon.key import Key
from antiphon.observe.following import Following
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
CLIENT_GONE_STATUS = 499  # never sent; what logs and metrics show


class Application:
    """Serves one table of routes. Make it within a running event loop.

    `shapes` says which errors stand below which addresses; OpenAI's stand everywhere else. `following` makes the course
    of a request that engines are to generate for, where somebody wants to know, and of each of the console's own.
    """

    def __init__(
        self,
        table: Table,
        keyring: Keyring,
        *,
        limits: Limiter,
        metrics: Metrics,
        log: Log,
        ids: Ids,
        cross_origin: CrossOrigin | None = None,
        errors: Literal["auto", "text", "json"] = "auto",
        shapes: tuple[tuple[str, ErrorShape], ...] = (),
        in_flight_max: int = 4096,
        running: Running | None = None,
        load: LoadWatch | None = None,
        visitors: Visitors | None = None,
        following: Following | None = None,
    ) -> None:
        self._table = table
        self._keyring = keyring
        self._limits = limits
        self._running = running or Running()
        self._load = load
        self._visitors = visitors
        self._following = following or Following(clock=SystemClock(), ids=ids)
        self._metrics = metrics
        self._log = log
        self._ids = ids
        self._errors = errors
        self._shapes = shapes
        self._in_flight_max = in_flight_max
        self._cross_origin = cross_origin
        self._loop = asyncio.get_running_loop()

    @property
    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return self._table.routes

    async def __call__(self, exchange: Exchange) -> None:
        """Serve one request. The order of checks: address, load, key, scope, limits; the handler does the rest."""
        begun_at = self._loop.time()
        entered: Key | None = None
        metrics = self._metrics
        metrics.in_flight += 1
        given = exchange.headers.get(b"x-request-id")
        exchange.request_id = self._ids.make("req_") if given is None else self._request_id(given)
        try:
            if self._cross_origin is not None and self._cross_origin.handle(exchange):
                return
            route, parameter = self._table.find(exchange.method, exchange.path)
            exchange.route = route.path
            if route.id_header:
                exchange.always = b"%b: %b\r\n" % (route.id_header, exchange.request_id.encode())
            follow = self._following.follow
            if follow is not None and route.tag in WORK:
                exchange.course = follow(exchange, begun_at)
            if self._load is not None and self._load.sheds:
                self._load.admit(route.tag)
            if route.key:
                key = exchange.key = (
                    self._keyring.find(bearer(exchange.headers), begun_at) if MARK not in exchange.headers else None
                ) or await self._looked_up(exchange, route, begun_at)
                self._check(route, key)
                if key.allowances:
                    limits = self._limits
                    self._admit(exchange, limits.admit_now(key, begun_at) or await limits.admit(key, begun_at))
                entered = self._enter(exchange, key)
            if parameter is not None:
                exchange.parameter = parameter
            await route.handler(exchange)
        except AntiphonError as error:
            self._refuse(exchange, error)
        except ClientGone:
            exchange.status = CLIENT_GONE_STATUS
        except asyncio.CancelledError:
            if not self._concluded(exchange):
                raise
        except Exception:  # noqa: BLE001 - the outermost loop of a request: whatever it was, the client gets an answer
            self._log.exception("unhandled error", request_id=exchange.request_id)
            self._refuse(exchange, AntiphonError("Something went wrong here."))
        finally:
            if not exchange.responded:
                exchange.break_off()
            metrics.in_flight -= 1
            self._leave(exchange, entered, begun_at)

    def _concluded(self, exchange: Exchange) -> bool:
        """Whether a request whose task was cancelled needs no more: somebody ended it, or its client left."""
        if exchange.ended_by is not None:
            self._refuse(exchange, exchange.ended_by)
        elif exchange.gone:
            exchange.status = CLIENT_GONE_STATUS
        else:
            return False
        return True

    async def _looked_up(self, exchange: Exchange, route: Route, begun_at: float) -> Key:
        """The key of who asks: the one that they show, or the one that they signed in with at the console."""
        if self._visitors is None or not self._visitors.comes(exchange):
            token = bearer(exchange.headers)
            return self._keyring.find(token, begun_at) or await self._keyring.look_up(token)
        if exchange.course is None and route.tag in WORK:
            exchange.course = self._following.course(exchange, begun_at)
        return await self._visitors.key(exchange)

    def _check(self, route: Route, key: Key) -> None:
        """Refuse what the key may not do, and what is too much for the gateway."""
        if route.scope is not None and route.scope not in key.scopes:
            raise PermissionDenied(f"This takes a key with the scope `{route.scope}`.")
        if self._metrics.in_flight > self._in_flight_max:
            raise Unavailable("The gateway is at its limit of requests.", retry_after_s=1)

    def _admit(self, exchange: Exchange, admission: Admission) -> None:
        """Tell what is left of the key's limits, and refuse the request where they have no room for it."""
        exchange.always += admission.lines  # what is left, in refusals too
        if admission.refusal is not None:
            raise admission.refusal

    def _enter(self, exchange: Exchange, key: Key) -> Key:
        """The request has been let in; its key."""
        if key.id:
            self._running.begin(exchange)
        return key

    def _leave(self, exchange: Exchange, key: Key | None, begun_at: float) -> None:
        """The request has ended, one of that key if it was let in; whoever keeps account of that is told."""
        if key is not None:
            if key.allowances:
                self._limits.leave(key)
            if key.id:
                self._running.end(exchange)
        if exchange.course is not None:
            exchange.course.ended(exchange.status, self._loop.time())
        self._metrics.responded(exchange.route, exchange.status)
        if self._log.accesses:
            self._log.access(exchange, self._loop.time() - begun_at)

    def _request_id(self, given: bytes) -> str:
        """The client's own, where it is one that can be shown everywhere."""
        return given.decode() if REQUEST_ID.fullmatch(given) else self._ids.make("req_")

    def _refuse(self, exchange: Exchange, error: AntiphonError) -> None:
        """The error as a response, or as the end of one that has begun."""
        if exchange.course is not None:
            exchange.course.refused(error, exchange.key)
        shape = self._shape(exchange.path)
        if exchange.started:
            last = wire_errors.last_piece(error, shape, exchange.media_type)
            exchange.keep_alive = False
            if last is not None and not exchange.responded:
                exchange.fail(last)
            else:
                exchange.break_off()
            return
        accept, authorization = exchange.header(b"accept"), exchange.header(b"authorization")
        as_form = wire_errors.form(accept, authorization, self._errors, exchange.path)
        content_type, body = wire_errors.body(error, as_form, shape)
        exchange.respond(wire_errors.status(error, shape), body, content_type, *wire_errors.headers(error))

    def _shape(self, path: str) -> ErrorShape:
        """How the door at this address shows errors."""
        for prefix, shape in self._shapes:
            if path.startswith(prefix):
                return shape
        return "openai"
