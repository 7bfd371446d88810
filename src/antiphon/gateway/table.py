"""The one table of routes: what is served where, and everything that the OpenAPI document says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from antiphon.errors import MethodNotAllowed, NotFound
from antiphon.http.exchange import Exchange

Handler = Callable[[Exchange], Awaitable[None]]


class Route(Struct, frozen=True):
    """A method and a path. A path that ends in `{name}` takes the rest of the address, slashes included.

    `request`, `response` and `query` are the structs whose JSON schemas the document shows; `success` is the status of
    a good answer, `statuses` are the documented refusals besides the ones that every route has.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    key: bool = True
    request: type | None = None
    response: type | None = None
    query: type | None = None
    media_type: str = "application/json"
    success: int = 200
    statuses: tuple[int, ...] = ()
    streams: bool = False

    @property
    def parameter(self) -> str | None:
        """The name of the path's parameter."""
        return self.path[self.path.index("{") + 1 : -1] if self.path.endswith("}") else None


class Table:
    """Finds a route by method and path."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self.routes = routes
        self._exact = {(route.method, route.path): route for route in routes if route.parameter is None}
        self._prefixes = tuple((route.path[: route.path.index("{")], route) for route in routes if route.parameter)

    def find(self, method: str, path: str) -> tuple[Route, str | None]:
        """The route and the value of its parameter; NotFound, or MethodNotAllowed with the methods that are."""
        route = self._exact.get((method, path))
        if route is not None:
            return route, None
        for prefix, candidate in self._prefixes:
            if candidate.method == method and path.startswith(prefix) and len(path) > len(prefix):
                return candidate, path[len(prefix) :]
        allow = self._allowed(path)
        if allow:
            raise MethodNotAllowed(f"This address takes {', '.join(allow)}.", allow=allow)
        raise NotFound("There is nothing at this address. GET /openapi.json lists what there is.")

    def _allowed(self, path: str) -> tuple[str, ...]:
        methods = {route.method for route in self.routes if route.path == path}
        methods |= {route.method for prefix, route in self._prefixes if path.startswith(prefix) and path != prefix}
        return tuple(sorted(methods))
