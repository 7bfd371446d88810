"""Where traces and metrics are sent to, as who, and which requests are traced. Values only."""

from __future__ import annotations

from msgspec import Struct


class Sampling(Struct, frozen=True):
    """Which requests are traced: as the client says, where that is heeded, else this share of all."""

    share: float = 1.0
    heeds_clients: bool = True


class Target(Struct, frozen=True):
    """A collector, and what it is told of who sends. `instance` tells processes of one service apart."""

    endpoint: str
    service: str
    version: str
    instance: str
    headers: tuple[tuple[str, str], ...] = ()
    traces: bool = True
    metrics: bool = True
    interval_s: float = 10.0
