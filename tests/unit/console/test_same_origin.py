"""Tests of what is taken for a request of the console."""

from __future__ import annotations

import pytest

from antiphon.console.same_origin import MARK, require_same_origin
from antiphon.errors import PermissionDenied

HOSTS = frozenset({"gw.example"})
MARKED = {MARK: b"1", b"host": b"inside:8000"}


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {b"sec-fetch-site": b"same-origin"}),
        ("POST", {b"sec-fetch-site": b"same-origin", b"origin": b"https://gw.example"}),
        ("POST", {b"origin": b"https://gw.example"}),  # by its public address, behind a proxy
        ("DELETE", {b"origin": b"http://inside:8000"}),  # by the address that it was called by
        ("GET", {}),  # plain HTTP, where browsers say nothing
    ],
)
def test_the_console_is_let_in(method: str, headers: dict[bytes, bytes]) -> None:
    """As browsers send its requests, over TLS and without."""
    require_same_origin(method, MARKED | headers, HOSTS)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {b"sec-fetch-site": b"cross-site"}),
        ("POST", {b"sec-fetch-site": b"same-site", b"origin": b"https://gw.example"}),
        ("GET", {b"sec-fetch-site": b"none"}),
        ("POST", {b"origin": b"https://evil.example"}),
        ("POST", {b"origin": b"null"}),
        ("POST", {b"origin": b"null", b"host": b""}),  # nobody is not the same as nobody
        ("POST", {b"origin": b"http://[broken"}),
        ("GET", {b"origin": b"https://evil.example"}),
        ("POST", {}),  # a browser would say where a change comes from
    ],
)
def test_other_sites_are_not(method: str, headers: dict[bytes, bytes]) -> None:
    """Even if one of them could send the header."""
    with pytest.raises(PermissionDenied) as refusal:
        require_same_origin(method, MARKED | headers, HOSTS)
    assert refusal.value.code == "cross_site_request"


def test_what_a_form_can_send_is_not_enough() -> None:
    """The header is asked for whatever else is right."""
    with pytest.raises(PermissionDenied, match="x-antiphon-console"):
        require_same_origin("POST", {b"sec-fetch-site": b"same-origin"}, HOSTS)
