"""Where an engine listens, read from a URL."""

from __future__ import annotations

import pytest

from antiphon.errors import ConfigError
from antiphon.http.origin import Broken, ClientError, ConnectFailed, Origin


@pytest.mark.parametrize(
    ("url", "origin", "authority"),
    [
        ("http://host", Origin("host"), "host"),
        ("http://host:8080/", Origin("host", 8080), "host:8080"),
        ("https://host/api/", Origin("host", 443, tls=True, prefix="/api"), "host"),
        ("https://host:80", Origin("host", 80, tls=True), "host:80"),
        ("http://[::1]:9000/a/b", Origin("::1", 9000, prefix="/a/b"), "[::1]:9000"),
        ("unix:/run/engine.sock", Origin("localhost", unix_path="/run/engine.sock"), "localhost"),
    ],
)
def test_origins_are_read_from_urls(url: str, origin: Origin, authority: str) -> None:
    """Each kind of URL gives its parts and the Host header's value."""
    assert Origin.parse(url) == origin
    assert Origin.parse(url).authority == authority


@pytest.mark.parametrize(
    "url", ["", "host:80", "ftp://host", "http://", "http://h:99999", "http://h:port", "http://[::1"]
)
def test_other_urls_are_refused(url: str) -> None:
    """What is no http, https or unix URL is a ConfigError, whatever is wrong with it."""
    with pytest.raises(ConfigError):
        Origin.parse(url)


def test_both_failures_are_client_errors() -> None:
    """Whoever catches ClientError catches both."""
    assert issubclass(ConnectFailed, ClientError)
    assert issubclass(Broken, ClientError)
