"""The one table of routes: what is served where, and everything that the OpenAPI document says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from antiphon.errors import MethodNotAllowed, NotFound
from antiphon.http.exchange import Exchange
from antiphon.key import Scope

Handler = Callable[[Exchange], Awaitable[None]]


class Route(Struct, frozen=True):
    """A method and a path. A path that ends in `{name}` takes the rest of the address, slashes included.

    In the middle of a path `{name}` stands for one part of it. `scope` is what the key must have, None: nothing.
    `request`, `response` and `query` are the structs whose JSON schemas the document shows; `success` is the status of
    a good answer, `statuses` are the documented refusals besides the ones that every route has.
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
    success: int = 200
    statuses: tuple[int, ...] = ()
    streams: bool = False

    @property
    def parameter(self) -> str | None:
        """The name of the path's parameter."""
        return self.path[self.path.index("{") + 1 : self.path.index("}")] if "{" in self.path else None

    def match(self, path: str) -> str | None:
        """The value of the path's parameter; None when it is another path."""
        before, after = self.path[: self.path.index("{")], self.path[self.path.index("}") + 1 :]
        value = path[len(before) : len(path) - len(after)]
        fits = path.startswith(before) and path.endswith(after) and bool(value)
        return value if fits and not (after and "/" in value) else None


class Table:
    """Finds a route by method and path."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self.routes = routes
        self._exact = {(route.method, route.path): route for route in routes if route.parameter is None}
        parametric = [route for route in routes if route.parameter is not None]
        # What ends in a fixed word is looked at first: otherwise the rest of an address would swallow it.
        self._parametric = tuple(sorted(parametric, key=lambda route: route.path.endswith("}")))

    def find(self, method: str, path: str) -> tuple[Route, str | None]:
        """The route and the value of its parameter; NotFound, or MethodNotAllowed with the methods that are."""
        route = self._exact.get((method, path))
        if route is not None:
            return route, None
        for candidate in self._parametric:
            if candidate.method == method and (value := candidate.match(path)) is not None:
                return candidate, value
        allow = self._allowed(path)
        if allow:
            raise MethodNotAllowed(f"This address takes {', '.join(allow)}.", allow=allow)
        raise NotFound("There is nothing at this address. GET /openapi.json lists what there is.")

    def _allowed(self, path: str) -> tuple[str, ...]:
        methods = {route.method for route in self.routes if route.path == path}
        methods |= {route.method for route in self._parametric if route.match(path) is not None}
        return tuple(sorted(methods))
