"""What is known of an engine's work: what a node tells of itself, what this gateway has given it. Values only."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from antiphon.models.ask import Ask
from antiphon.models.catalogue import Offer


class NodeLoad(Struct, frozen=True):
    """What a node says of itself in a heartbeat; None where it does not say.

    `busy` and `queued` count the requests of all gateways. `prefixes` are fingerprints of what it has in its cache,
    the latest last, as they came with jobs (`Ask.prefix`). `cache_tokens` is how many tokens it can keep.
    """

    slots: int | None = None
    busy: int = 0
    queued: int = 0
    prefill_tokens_per_s: float | None = None
    rtt_s: float | None = None
    warm: frozenset[str] | None = None  # the names, as offers have them, of the models in its memory
    prefixes: tuple[int, ...] = ()
    cache_tokens: int | None = None


class Load(Struct):
    """Requests that one engine is busy with; by account where its slots are known."""

    in_flight: int = 0
    by_account: dict[str, int] = msgspec.field(default_factory=dict)


class Place(Struct, eq=False):
    """One attempt on one engine, from `Placement.take` until `Placement.give_back`."""

    offer: Offer
    load: Load
    ask: Ask
    taken_at: float
    retry: bool = False
    begun: bool = False  # its first token has come
    over: bool = False
