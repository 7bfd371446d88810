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
    """A small table with an exact path, the same with two methods, and a parameter."""
    return Table(
        (route("GET", "/models"), route("POST", "/chat"), route("GET", "/chat"), route("GET", "/models/{model}"))
    )


@pytest.mark.parametrize(
    ("method", "path", "template", "parameter"),
    [
        ("GET", "/models", "/models", None),
        ("POST", "/chat", "/chat", None),
        ("GET", "/models/llama", "/models/{model}", "llama"),
        ("GET", "/models/org/llama:8b", "/models/{model}", "org/llama:8b"),
    ],
)
def test_routes_are_found(method: str, path: str, template: str, parameter: str | None) -> None:
    """An exact path has no parameter; a parameter takes the rest, slashes included."""
    found, value = table().find(method, path)
    assert (found.method, found.path, value) == (method, template, parameter)


@pytest.mark.parametrize("path", ["/", "", "/model", "/models/", "/chat/", "/CHAT", "/chat/completions"])
def test_unknown_addresses_are_not_found(path: str) -> None:
    """Nothing is guessed: no closing slash, no other case, no empty parameter."""
    with pytest.raises(NotFound):
        table().find("GET", path)


@pytest.mark.parametrize(
    ("path", "allow"), [("/chat", ("GET", "POST")), ("/models", ("GET",)), ("/models/llama", ("GET",))]
)
def test_other_methods_are_refused_with_those_that_are(path: str, allow: tuple[str, ...]) -> None:
    """The refusal names every method of the address, in order."""
    with pytest.raises(MethodNotAllowed) as caught:
        table().find("DELETE", path)
    assert caught.value.allow == allow
    assert caught.value.message == f"This address takes {', '.join(allow)}."


@pytest.mark.parametrize(("path", "name"), [("/models/{model}", "model"), ("/models", None)])
def test_a_route_knows_its_parameter(path: str, name: str | None) -> None:
    """It is what stands between the braces at the end."""
    assert route("GET", path).parameter == name
