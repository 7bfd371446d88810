"""Where the nodes' broker is. Values only, so that a gateway without nodes loads nothing of what reaches one."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct


class Place(Struct, frozen=True, kw_only=True):
    """Where the broker is. `servers` of a cluster, or none: one of our own. `told`: its address as nodes reach it."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    servers: tuple[str, ...] = ()
    told: str | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    seeds: tuple[str, str, str] | None = None  # of the operator, of its system account, of that of gateways and nodes
    lease_s: float = 86_400.0
