"""What is known of an engine's work: what a node tells of itself, what this gateway has given it. Values only."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from antiphon.models.ask import Ask
from antiphon.models.catalogue import Offer
from antiphon.models.health import Health
from antiphon.models.prediction import Speed


class NodeLoad(Struct, frozen=True):
    """What a node says of itself in a heartbeat; None where it does not say.

    `busy` and `queued` count the requests of all gateways. `prefixes` are fingerprints of what it has in its cache,
    the latest last, as they came with jobs (`Ask.prefix`).
    """

    slots: int | None = None
    busy: int = 0
    queued: int = 0
    prefill_tokens_per_s: float | None = None
    rtt_s: float | None = None
    warm: frozenset[str] | None = None  # the names, as offers have them, of the models in its memory
    prefixes: tuple[int, ...] = ()


UNTOLD = NodeLoad()


class Load(Struct, eq=False):
    """Requests that one engine is busy with; by account where its slots are known.

    `others` are the requests of other gateways, `unread` the tokens of prompts whose first token has not come, and
    `silent` the attempts that wait for it, the oldest first.
    """

    in_flight: int = 0
    by_account: dict[str, int] = msgspec.field(default_factory=dict)
    others: int = 0
    others_before: int = 0  # as the heartbeat before said
    unread: int = 0
    silent: dict[int, Place] = msgspec.field(default_factory=dict)
    standing: float = 1.0
    health: Health = msgspec.field(default_factory=Health)
    told: NodeLoad = UNTOLD
    candidates: list[Candidate] = msgspec.field(default_factory=list)

    def hear(self, told: NodeLoad) -> NodeLoad:
        """Take what the node says of itself; gives what it said before."""
        before, self.told = self.told, told
        others = max(0, told.busy + told.queued - self.in_flight)
        self.others = min(others, self.others_before)  # what was ours a moment ago is nobody else's
        self.others_before = others
        return before


class Candidate(Struct, eq=False):
    """An offer of the model `model` with all that speaks for and against it. `at` is where it stands in its pool.

    `keeps` is how far it has in its cache what it was thought to have, from 0 to 1, where it `tells` that.
    """

    model: str
    offer: Offer
    load: Load
    speed: Speed
    at: int
    keeps: float = 1.0
    tells: bool = False
    cold: bool = False  # the model is not in its engine's memory

    @property
    def slots(self) -> int | None:
        """How many requests its engine generates at once, as far as anybody says."""
        return self.load.told.slots if self.offer.slots is None else self.offer.slots

    @property
    def full(self) -> bool:
        """Whether its engine generates as many as it can."""
        slots, load = self.slots, self.load
        return slots is not None and load.in_flight + load.others >= slots


def is_cold(offer: Offer, load: Load) -> bool:
    """Whether its engine says which models it has in memory, and does not name this one."""
    return load.told.warm is not None and offer.upstream_name not in load.told.warm


class Place(Struct, eq=False):
    """One attempt on one engine, from `Placement.take` until `Placement.give_back`.

    What was predicted, and from what, is there where there was a choice.
    """

    offer: Offer
    load: Load
    ask: Ask
    taken_at: float
    retry: bool = False
    probe: bool = False
    begun: bool = False  # its first token has come
    judged: bool = False  # by how late that was
    over: bool = False
    candidate: Candidate | None = None
    served: int = 0  # others that the engine was busy with
    unread: int = 0  # tokens to be read before its first one, those of others included
    own_unread: int = 0
    thought_cached: int = 0  # tokens that the engine has read before
    cached: int = 0  # as far as it keeps what it has read
    predicted_s: float | None = None
