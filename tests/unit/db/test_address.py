"""URLs of databases: what they name, and what is refused without repeating it."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.db.address import fault, file_path, of_server


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///a.db", Path("a.db")),
        ("sqlite:///data/a.db", Path("data/a.db")),
        ("sqlite:////var/lib/a.db", Path("/var/lib/a.db")),
        ("sqlite:///~/a.db", Path.home() / "a.db"),
        ("sqlite:///with%20space%3F.db", Path("with space?.db")),
    ],
)
def test_files(url: str, path: Path) -> None:
    """Three slashes are followed by the path, which begins with a fourth where it is absolute."""
    assert fault(url) is None
    assert not of_server(url)
    assert file_path(url) == path


@pytest.mark.parametrize("url", ["postgresql://u:p@host:5432/name", "postgres:///name?host=%2Frun", "postgresql://"])
def test_servers(url: str) -> None:
    """What stands behind the scheme is for the server's own library to judge."""
    assert fault(url) is None
    assert of_server(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.db",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite://host/a.db",
        "sqlite:///a.db?mode=ro",
        "sqlite:///a.db#b",
        "mysql://u:secret@host/name",
        "postgresql+psycopg://u:secret@host/name",
        "http://[secret",
    ],
)
def test_others(url: str) -> None:
    """Anything else is refused, in words that hold nothing of it."""
    found = fault(url)
    assert found is not None
    assert "secret" not in found
