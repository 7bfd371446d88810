"""Which nodes are there now, by their heartbeats: leases with epochs, in memory, told of the time. Pure.

A node's newest lease is the one with the highest epoch: what an older one says is not heard. A node that misses three
heartbeats is gone until it is heard again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from antiphon.link.frames import Beat, Goodbye, Heartbeat, Hello, NodeModel
from antiphon.nodes.enrolment import has_signed, seal_text
from antiphon.nodes.model import Node

BEAT_S = 1.0
MISSED_MAX = 3  # a node that has missed so many is gone
GONE_S = BEAT_S * MISSED_MAX + 0.5
HELLO_EVERY = 5  # beats, so that a gateway that has just started soon knows what a node serves
MODELS_MAX = 64
SLOTS_MAX = 100_000
CONTEXT_MAX = 1 << 24
NAME_CHARACTERS_MAX = 200
NONE_KNOWN: Mapping[str, Hello] = MappingProxyType({})


class Live(Struct, frozen=True):
    """A node that is known, and what it said last. `gone`: it is not heard any more, or has said goodbye.

    `heard_at_s` is None while what it serves is only known from before, by what another gateway or run wrote down.
    """

    node: Node
    hello: Hello
    beat: Heartbeat
    heard_at_s: float | None
    gone: bool = False

    @property
    def epoch(self) -> int:
        """Its lease."""
        return self.hello.epoch

    @property
    def willing(self) -> bool:
        """Whether it can be given work: it is there, it wants to, and its operator lets it."""
        return not self.gone and not self.beat.draining and self.node.state == "active"


# A node that may look different now; one that is not to be known any more has `None`.
OnChange = Callable[[str, Live | None], None]


class Registry:
    """Beats in, changes out. `now_s` is the event loop's time.

    `on_change` hears of a node whenever it comes, goes, serves something else or is put into another state; `on_beat`
    of every heartbeat that counts. Where `sealed` is set, nodes that seal nothing are not heard.
    """

    def __init__(self, *, on_change: OnChange, on_beat: Callable[[Live], None], sealed: bool = False) -> None:
        self._sealed = sealed
        self._on_change = on_change
        self._on_beat = on_beat
        self._nodes: dict[str, Node] = {}
        self._live: dict[str, Live] = {}

    def list(self) -> tuple[Live, ...]:
        """All that were heard and are known."""
        return tuple(self._live.values())

    def get(self, node_id: str) -> Live | None:
        """What a node said last; None for one that was never heard here."""
        return self._live.get(node_id)

    def knows(self, node_id: str) -> bool:
        """Whether the node is one of ours."""
        return node_id in self._nodes

    def set_nodes(self, nodes: Iterable[Node], hellos: Mapping[str, Hello] = NONE_KNOWN) -> None:
        """The nodes as they are kept now: those that are banned or not kept any more are not heard from now on.

        `hellos` tells of what they served before; whoever was heard knows better.
        """
        self._nodes = {node.id: node for node in nodes if node.state != "banned"}
        for node_id, live in list(self._live.items()):
            node = self._nodes.get(node_id)
            if node is None:
                del self._live[node_id]
                self._on_change(node_id, None)
            elif (node.state, node.name, node.tags) != (live.node.state, live.node.name, live.node.tags):
                self._put(replace(live, node=node))
        for node_id, hello in hellos.items():
            node = self._nodes.get(node_id)
            if node is not None and node_id not in self._live:
                self._put(Live(node, hello, Heartbeat(hello.epoch, slots=hello.slots), None, gone=True))

    def heard(self, node_id: str, beat: Beat, now_s: float) -> bool:
        """Take what a node says; False when it does not count: of nobody known, or of an older lease.

        Before a node's first hello nothing is known of it but that it is there.
        """
        node = self._nodes.get(node_id)
        before = self._live.get(node_id)
        if node is None or beat.epoch < node.epoch or (before is not None and beat.epoch < before.epoch):
            return False
        if isinstance(beat, Hello):
            return self._greeted(node, before, beat, now_s)
        if before is None or beat.epoch != before.epoch:
            return False
        if isinstance(beat, Goodbye):
            self._put(replace(before, heard_at_s=now_s, gone=True))
            return True
        live = self._live[node_id] = replace(before, beat=_bounded(beat), heard_at_s=now_s, gone=False)
        if live.willing != before.willing:
            self._on_change(node_id, live)
        self._on_beat(live)
        return True

    def sweep(self, now_s: float) -> None:
        """Let go of whoever has not been heard for too long."""
        for live in list(self._live.values()):
            if not live.gone and live.heard_at_s is not None and now_s - live.heard_at_s > GONE_S:
                self._put(replace(live, gone=True))

    def _greeted(self, node: Node, before: Live | None, hello: Hello, now_s: float) -> bool:
        if not _sane(hello) or not self._well_sealed(node, before, hello):
            return False
        same_lease = before is not None and before.epoch == hello.epoch
        beat = before.beat if before is not None and same_lease else Heartbeat(hello.epoch, slots=hello.slots)
        live = self._live[node.id] = Live(node, hello, beat, now_s)
        if before is None or before.gone or before.hello != hello:
            self._on_change(node.id, live)
        return True

    def _well_sealed(self, node: Node, before: Live | None, hello: Hello) -> bool:
        """Whether jobs for it can be sealed as the settings ask, by a key that is its own.

        A lease is one start of a node: whoever could seal then still can, and somebody has taken the key out.
        """
        if not hello.seal_key:
            could = before is not None and before.epoch == hello.epoch and before.hello.seal_key
            return not (self._sealed or could)
        if before is not None and before.heard_at_s is not None and _same_seal(before.hello, hello):
            return True
        text = seal_text(node.id, hello.epoch, hello.seal_key)
        return has_signed(text, hello.seal_signature, node.owner)

    def _put(self, live: Live) -> None:
        self._live[live.node.id] = live
        self._on_change(live.node.id, live)


def _same_seal(one: Hello, other: Hello) -> bool:
    told = (one.epoch, one.seal_key, one.seal_signature)
    return told == (other.epoch, other.seal_key, other.seal_signature)


def _sane(hello: Hello) -> bool:
    """Whether a node is described as a node may be: strangers write it."""
    return 0 < hello.slots <= SLOTS_MAX and len(hello.models) <= MODELS_MAX and all(map(_sane_model, hello.models))


def _sane_model(model: NodeModel) -> bool:
    name, context = model.facts.name, model.facts.context_length
    fits = 0 < len(name) <= NAME_CHARACTERS_MAX and name.isprintable()
    return fits and (context is None or 0 < context <= CONTEXT_MAX) and len(model.facts.modalities) <= 8


def _bounded(beat: Heartbeat) -> Heartbeat:
    """The heartbeat with numbers that can be reckoned with."""
    return replace(
        beat,
        slots=min(SLOTS_MAX, max(0, beat.slots)),
        in_flight=min(SLOTS_MAX, max(0, beat.in_flight)),
        queued=min(SLOTS_MAX, max(0, beat.queued)),
        loaded=beat.loaded[:MODELS_MAX],
        prefill_speed=_speed(beat.prefill_speed),
        decode_speed=_speed(beat.decode_speed),
    )


def _speed(told: float | None) -> float | None:
    """Tokens a second; None for what is no speed."""
    return told if told is not None and 0 < told < 1e9 else None
