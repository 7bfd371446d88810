"""Where an engine listens, how much its answers may hold, and what can go wrong on the way there. Values only."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from msgspec import Struct

from antiphon.errors import ConfigError


class ClientError(Exception):
    """The exchange with the origin failed; the message says how, for logs."""


class ConnectFailed(ClientError):
    """No connection could be made: the request was certainly not sent."""


class Broken(ClientError):
    """The connection or the answer broke before its end."""


class Origin(Struct, frozen=True):
    """Where an engine listens: host and port, or the path of a unix socket; `prefix` goes before each path."""

    host: str
    port: int = 80
    tls: bool = False
    unix_path: str | None = None
    prefix: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `http://host:port/prefix`, `https://...` or `unix:/path`; ConfigError when it is none of them."""
        if url.startswith("unix:"):
            return cls(host="localhost", unix_path=url.removeprefix("unix:"))
        try:
            parts = urlsplit(url)
            host, given_port = parts.hostname, parts.port
        except ValueError as error:
            raise ConfigError(f"{url!r} is not a URL: {error}") from None
        if parts.scheme not in ("http", "https") or not host:
            raise ConfigError(f"{url!r} is not an http:// or https:// URL")
        tls = parts.scheme == "https"
        port = given_port or (443 if tls else 80)
        return cls(host=host, port=port, tls=tls, prefix=parts.path.rstrip("/"))

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


class ClientLimits(Struct, frozen=True):
    """Bounds of one pool: seconds, bytes, connections."""

    connect_s: float = 5.0
    idle_s: float = 4.0  # shorter than the keep-alive of common servers (uvicorn: 5 s), so few go stale
    connections_max: int = 4096
    body_bytes_max: int = 64 * 1024 * 1024
