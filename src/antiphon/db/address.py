"""What a database's URL says: a file of SQLite, or a database of a PostgreSQL server. Pure."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

POSTGRES = ("postgresql", "postgres")
EXPECTED = "Expected `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`"


def fault(url: str) -> str | None:
    """The rule that the URL breaks; it may hold a password, so no part of it is repeated."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return EXPECTED
    if parts.scheme in POSTGRES:
        return None
    unwanted = parts.netloc or parts.query or parts.fragment
    return None if parts.scheme == "sqlite" and parts.path.strip("/") and not unwanted else EXPECTED


def of_server(url: str) -> bool:
    """Whether a good URL names a database of a PostgreSQL server."""
    return urlsplit(url).scheme in POSTGRES


def file_path(url: str) -> Path:
    """The file that a good URL names: `sqlite:///a.db` is in the working directory, `sqlite:////var/a.db` anywhere."""
    return Path(unquote(urlsplit(url).path.removeprefix("/"))).expanduser()
