"""The one table of routes: what is served where, and everything that the OpenAPI document says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from antiphon.errors import MethodNotAllowed, NotFound
from antiphon.http.exchange import Exchange
from antiphon.key import Scope

NOTHING_HERE = "There is nothing at this address. GET /openapi.json lists what there is."

Handler = Callable[[Exchange], Awaitable[None]]


class Route(Struct, frozen=True):
    """A method and a path. A path that ends in `{name}` takes the rest of the address, slashes included.

    In the middle of a path `{name}` stands for one part of it. `scope` is what the key must have, None: nothing.
    `request`, `response` and `query` are the structs whose JSON schemas the document shows; `success` is the status of
    a good answer, which is of `media_type`, or of those in `also` where a request asks for that; `statuses` are the
    documented refusals besides the ones that every route has, and `offer` the struct of a 402 that says what would pay
    here, in place of an error. `keyed` says that an Idempotency-Key makes the request safe to send again. `id_header`
    tells the request's id once more, under a vendor's name.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    key: bool = True
    scope: Scope | None = "inference"
    request: type | None = None
    response: type | None = None
    query: type | None = None
    media_type: str = "application/json"
    also: tuple[str, ...] = ()
    success: int = 200
    statuses: tuple[int, ...] = ()
    streams: bool = False
    keyed: bool = False
    offer: type | None = None
    id_header: bytes = b""

    @property
    def parameter(self) -> str | None:
        """The name of the path's parameter."""
        return self.path[self.path.index("{") + 1 : self.path.index("}")] if "{" in self.path else None

    def match(self, path: str) -> str | None:
        """The value of the path's parameter; None when it is another path, or holds what no database stores."""
        before, after = self.path[: self.path.index("{")], self.path[self.path.index("}") + 1 :]
        value = path[len(before) : len(path) - len(after)]
        fits = path.startswith(before) and path.endswith(after) and bool(value)
        return value if fits and not (after and "/" in value) and "\0" not in value else None


class Table:
    """Finds a route by method and path. An address belongs to one path of the table, whatever the method.

    That is the path that is written out in full, else the one that fixes the most: its end, then its beginning.
    """

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self.routes = routes
        self._exact = {(route.method, route.path): route for route in routes if route.parameter is None}
        self._paths: dict[str, dict[str, Route]] = {}
        for route in routes:
            self._paths.setdefault(route.path, {})[route.method] = route
        parametric = [route for route in routes if route.parameter is not None]
        self._parametric = tuple(sorted({route.path: route for route in parametric}.values(), key=_looseness))

    def find(self, method: str, path: str) -> tuple[Route, str | None]:
        """The route and the value of its parameter; NotFound, or MethodNotAllowed with the methods that are."""
        route = self._exact.get((method, path))
        if route is not None:
            return route, None
        methods, value = self._place(path)
        route = methods.get(method)
        if route is not None:
            return route, value
        if methods:
            allow = tuple(sorted(methods))
            raise MethodNotAllowed(f"This address takes {', '.join(allow)}.", allow=allow)
        raise NotFound(NOTHING_HERE)

    def _place(self, path: str) -> tuple[dict[str, Route], str | None]:
        """The routes of the path that this address belongs to, by method, and the value of its parameter."""
        methods = self._paths.get(path)
        if methods is not None and "{" not in path:
            return methods, None
        for candidate in self._parametric:
            value = candidate.match(path)
            if value is not None:
                return self._paths[candidate.path], value
        return {}, None


def _looseness(route: Route) -> tuple[bool, int]:
    """Whether the rest of an address would be swallowed, then how little is fixed before the parameter."""
    return route.path.endswith("}"), -route.path.index("{")
