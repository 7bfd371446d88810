"""Which gateway a command talks to, and with which key: what was asked for, else the environment, else our own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from antiphon.accounts.development import FILE_NAME
from antiphon.settings.environment import CLIENT_KEY_VARIABLE
from antiphon.settings.load import load
from antiphon.settings.model import Settings
from antiphon.settings.rules import loopback

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to


class Endpoint(Struct, frozen=True):
    """An OpenAI-compatible base URL, without a closing slash, and the key for it."""

    base_url: str
    key: str | None

    @property
    def root(self) -> str:
        """The address without `/v1`, where health and metrics are."""
        return self.base_url.removesuffix("/v1")


def endpoint(
    *,
    base_url: str | None,
    key: str | None,
    variables: Mapping[str, str],
    folder: Path,
    config: Path | None = None,
) -> Endpoint:
    """The endpoint for a command's flags. The development key only ever goes to our own gateway's machine."""
    given = key or variables.get(CLIENT_KEY_VARIABLE)
    shared = variables.get("OPENAI_API_KEY")
    address = base_url or variables.get("OPENAI_BASE_URL")
    if not address:
        settings = load(config=config, variables=variables, folder=folder).settings
        return Endpoint(own_address(settings), given or _own_key(settings) or shared)
    if urlsplit(address).path in {"", "/"}:
        address = base_url_of(address)
    # OPENAI_API_KEY belongs to OPENAI_BASE_URL; with `--base-url` it may well be another service's key.
    given = given or (None if base_url else shared)
    if given is None and loopback(urlsplit(address).hostname or ""):
        given = _own_key(load(config=config, variables=variables, folder=folder).settings)
    return Endpoint(address.rstrip("/"), given or shared)


def own_address(settings: Settings) -> str:
    """The base URL of a gateway on this machine with these settings."""
    server = settings.server
    if server.base_url is not None:
        return base_url_of(server.base_url)
    host = ANY_ADDRESS.get(server.host, server.host)
    scheme = "https" if server.tls_certificate else "http"
    return base_url_of(f"{scheme}://{f'[{host}]' if ':' in host else host}:{server.port}")


def base_url_of(address: str) -> str:
    """The address as SDKs want it: with `/v1` at its end, whether it was there or not."""
    return address.rstrip("/").removesuffix("/v1") + "/v1"


def development_key(data_dir: Path) -> str | None:
    """The development key that a gateway here made, None when there is none."""
    try:
        return (data_dir / FILE_NAME).read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _own_key(settings: Settings) -> str | None:
    return development_key(settings.data_dir) if settings.development_key else None
