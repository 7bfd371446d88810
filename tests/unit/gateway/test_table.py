"""Tests of the table of routes: what is found, and what is said of the rest."""

from __future__ import annotations

import pytest

from antiphon.errors import MethodNotAllowed, NotFound
from antiphon.gateway.table import Route, Table
from antiphon.http.exchange import Exchange


async def answer(exchange: Exchange) -> None:
    """Answer with nothing."""
    exchange.respond(204, b"")


def route(method: str, path: str) -> Route:
    """A route that answers with nothing."""
    return Route(method, path, answer, "A route.", "tests")


def table() -> Table:
    """A small table with an exact path, the same with two methods, a parameter at the end and one in the middle."""
    return Table(
        (
            route("GET", "/models"),
            route("POST", "/chat"),
            route("GET", "/chat"),
            route("GET", "/models/{model}"),
            route("GET", "/keys/{key}"),
            route("GET", "/keys/{key}/use"),
            route("DELETE", "/keys/{key}"),
            route("POST", "/keys/{key}/rotate"),
            route("GET", "/keys/{key}/rotate/last"),
            route("GET", "/keys/lost/{word}"),
            route("DELETE", "/keys/lost"),
        )
    )


@pytest.mark.parametrize(
    ("method", "path", "template", "parameter"),
    [
        ("GET", "/models", "/models", None),
        ("POST", "/chat", "/chat", None),
        ("GET", "/models/llama", "/models/{model}", "llama"),
        ("GET", "/models/org/llama:8b", "/models/{model}", "org/llama:8b"),
        ("GET", "/keys/a", "/keys/{key}", "a"),
        ("GET", "/keys/a/use", "/keys/{key}/use", "a"),
        ("GET", "/keys/a/b/use", "/keys/{key}", "a/b/use"),
        ("GET", "/keys/use", "/keys/{key}", "use"),
        ("GET", "/keys//use", "/keys/{key}", "/use"),
        ("DELETE", "/keys/a/b", "/keys/{key}", "a/b"),
        ("POST", "/keys/a/rotate", "/keys/{key}/rotate", "a"),
        ("GET", "/keys/a/rotate/last", "/keys/{key}/rotate/last", "a"),
        ("GET", "/keys/lost/a", "/keys/lost/{word}", "a"),
        ("GET", "/keys/lost/use", "/keys/{key}/use", "lost"),
        ("DELETE", "/keys/lost", "/keys/lost", None),
        ("GET", "/keys/{key}", "/keys/{key}", "{key}"),
    ],
)
def test_routes_are_found(method: str, path: str, template: str, parameter: str | None) -> None:
    """An exact path has no parameter; one at the end takes the rest, slashes included, one in the middle a part."""
    found, value = table().find(method, path)
    assert (found.method, found.path, value) == (method, template, parameter)


@pytest.mark.parametrize("path", ["/", "", "/model", "/models/", "/chat/", "/CHAT", "/chat/completions", "/keys/a\0"])
def test_unknown_addresses_are_not_found(path: str) -> None:
    """Nothing is guessed: no closing slash, no other case, no empty parameter, none that no database stores."""
    with pytest.raises(NotFound):
        table().find("GET", path)


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/chat", ("GET", "POST")),
        ("/models", ("GET",)),
        ("/models/llama", ("GET",)),
        ("/keys/a", ("DELETE", "GET")),
        ("/keys/a/b", ("DELETE", "GET")),
        ("/keys/a/rotate", ("POST",)),
        ("/keys/a/use", ("GET",)),
        ("/keys/lost", ("DELETE",)),
        ("/keys/lost/a", ("GET",)),
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "get", ""])
def test_other_methods_are_refused_with_those_that_are(method: str, path: str, allow: tuple[str, ...]) -> None:
    """The refusal names every method of the address, in order, and no method of another one that is less exact."""
    with pytest.raises(MethodNotAllowed) as caught:
        table().find(method, path)
    assert caught.value.allow == allow
    assert caught.value.message == f"This address takes {', '.join(allow)}."


@pytest.mark.parametrize("method", ["DELETE", "GET"])
def test_an_address_belongs_to_one_path_whatever_the_method(method: str) -> None:
    """Nothing is deleted by a name that swallowed the end of another address."""
    with pytest.raises(MethodNotAllowed) as caught:
        table().find(method, "/keys/a/rotate")
    assert caught.value.allow == ("POST",)


@pytest.mark.parametrize(
    ("path", "name"), [("/models/{model}", "model"), ("/keys/{key}/use", "key"), ("/models", None)]
)
def test_a_route_knows_its_parameter(path: str, name: str | None) -> None:
    """It is what stands between the braces."""
    assert route("GET", path).parameter == name
