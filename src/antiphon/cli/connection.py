"""The flags of commands that talk to a gateway, and the client that they lead to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from antiphon.cli.client import Client
    from antiphon.cli.endpoint import Endpoint


@dataclass(frozen=True, kw_only=True)
class ConnectionFlags:
    """Which gateway, and with which key."""

    base_url: str | None = None
    """Base URL of the gateway; otherwise OPENAI_BASE_URL, then our own gateway on this machine."""
    key: str | None = None
    """Key; otherwise ANTIPHON_CLIENT_KEY, the development key for our own gateway, then OPENAI_API_KEY."""
    config: Path | None = None
    """Configuration file that tells where our own gateway listens."""


def find_endpoint(flags: ConnectionFlags) -> Endpoint:
    """The endpoint that the flags and the environment name."""
    from antiphon.cli.endpoint import endpoint

    return endpoint(
        base_url=flags.base_url, key=flags.key, variables=os.environ, folder=Path.cwd(), config=flags.config
    )


def connect(flags: ConnectionFlags) -> Client:
    """A client for that endpoint."""
    from antiphon.cli.client import Client

    return Client(find_endpoint(flags))
