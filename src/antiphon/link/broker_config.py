"""The configuration of a NATS server that lets in whom the operator vouches for: of our own, or of a cluster. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

MAX_PAYLOAD_BYTES = 4 * 1024 * 1024
# Reads of a gateway that is slow for a moment are kept for it; one that is slower is cut off, and resumes.
MAX_PENDING_BYTES = 64 * 1024 * 1024
WRITE_DEADLINE_S = 3
PING_S = 5


class Cluster(Struct, frozen=True):
    """The servers that a server shares its work with: where it listens for them, and where they do."""

    name: str
    listen: str
    routes: tuple[str, ...] = ()


class BrokerOptions(Struct, frozen=True, kw_only=True):
    """Where a broker listens, and with which certificate. `folder` is its own."""

    folder: Path
    host: str = "127.0.0.1"
    port: int
    certificate: Path | None = None
    certificate_key: Path | None = None
    cluster: Cluster | None = None


def render(
    options: BrokerOptions, *, operator_token: str, system_account: str, account_tokens: Mapping[str, str]
) -> str:
    """The text of the configuration file. Names of files may hold anything that a path can."""
    lines = [
        f"listen: {_text(f'{options.host}:{options.port}')}",
        f"operator: {operator_token}",
        f"system_account: {system_account}",
        # The full resolver alone takes new claims from a client, and servers of a cluster share theirs.
        f"resolver: {{ type: full, dir: {_text(str(options.folder / 'accounts'))}, interval: '2m', timeout: '500ms' }}",
        f"max_payload: {MAX_PAYLOAD_BYTES}",
        f"max_pending: {MAX_PENDING_BYTES}",
        f"write_deadline: {_text(f'{WRITE_DEADLINE_S}s')}",
        f"ping_interval: {_text(f'{PING_S}s')}",
        "ping_max: 2",
        "resolver_preload: {",
        *(f"  {account}: {token}" for account, token in account_tokens.items()),
        "}",
    ]
    if options.certificate is not None and options.certificate_key is not None:
        files = f"cert_file: {_text(str(options.certificate))}, key_file: {_text(str(options.certificate_key))}"
        lines.append(f"tls: {{ {files} }}")
    if options.cluster is not None:
        routes = ", ".join(_text(route) for route in options.cluster.routes)
        name, listen = _text(options.cluster.name), _text(options.cluster.listen)
        lines.append(f"cluster: {{ name: {name}, listen: {listen}, routes: [{routes}] }}")
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    return json.dumps(value)
