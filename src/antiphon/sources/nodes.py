"""Nodes that have joined: each serves its models through an engine of its own, as long as its lease is the newest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from antiphon.engines import Engine, ModelFacts
from antiphon.link.frames import Hello
from antiphon.models.catalogue import Catalogue, Model
from antiphon.models.fingerprint import DIGEST_BYTES
from antiphon.models.load import NodeLoad
from antiphon.nodes.model import lease_name
from antiphon.nodes.registry import Live
from antiphon.observe.logs import Log
from antiphon.settings.model import EMBEDDED_DEFAULT
from antiphon.settings.serving import UpstreamModel
from antiphon.sources.described import described
from antiphon.sources.unheard import UnheardEngine

OWNED_BY = "nodes"
PREFIXES_MAX = 64  # in one heartbeat


class NodeEngine(Engine, Protocol):
    """An engine that is told how its node is."""

    hello: Hello
    down: bool

    @property
    def rtt_s(self) -> float | None:
        """How long a message takes to the node and back."""
        ...


# An engine of that name, at the node that goes by the second name at the broker.
Connect = Callable[[str, str, Hello], NodeEngine]


class Joined(Struct):
    """A node that has joined, under its latest lease."""

    epoch: int
    engine: NodeEngine


class NodesSource:
    """Keeps the catalogue true by what the registry tells. `models`: those taken from nodes, None: all.

    A node that is gone stays in the catalogue as one that cannot be asked now, so that its models are known; one that
    is banned or removed does not, and what it was doing fails, so that it is done elsewhere. One that is known from
    before and was not heard yet is there with what it served then.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        models: tuple[UpstreamModel, ...] | None,
        connect: Connect,
        observe: Callable[[str, NodeLoad], None],
        log: Log,
    ) -> None:
        self._catalogue = catalogue
        self._models = models
        self._connect = connect
        self._observe = observe
        self._log = log
        self._joined: dict[str, Joined] = {}
        self._unheard: set[str] = set()
        self._closing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled: all is done when the registry tells of it."""
        await asyncio.Event().wait()

    @property
    def awaits(self) -> bool:
        """Whether a model cannot be served now that could be once a node is heard which has not been yet."""
        if not self._unheard:
            return False
        waiting = (model for model in self._catalogue.list() if not model.live)
        return any(offer.engine.name in self._unheard for model in waiting for offer in model.offers)

    def changed(self, node_id: str, live: Live | None) -> None:
        """A node looks different, or is not to be known any more."""
        self._unheard.discard(node_id)
        known = self._joined.get(node_id)
        if live is None:
            if known is not None:
                del self._joined[node_id]
                self._let_go(known.engine)
                self._log.info("a node is banned or removed", node=node_id)
            self._catalogue.replace(f"node:{node_id}", ())
            return
        if live.heard_at_s is None:
            if live.node.state == "active":
                self._unheard.add(node_id)
            self._catalogue.replace(f"node:{node_id}", self._offered(live, UnheardEngine(node_id)))
            return
        if known is None or known.epoch != live.epoch:
            if known is not None:
                self._let_go(known.engine)
            engine = self._connect(node_id, lease_name(node_id, live.epoch), live.hello)
            known = self._joined[node_id] = Joined(live.epoch, engine)
            self._log.info("a node has joined", node=node_id, name=live.node.name, epoch=live.epoch)
        elif known.engine.down and live.willing:
            self._log.info("a node is back", node=node_id)
        elif not known.engine.down and not live.willing:
            self._log.info("a node takes no more", node=node_id)
        known.engine.hello = live.hello
        known.engine.down = not live.willing
        self._catalogue.replace(f"node:{node_id}", self._offered(live, known.engine))

    def heard(self, live: Live) -> None:
        """A node says how it is."""
        known = self._joined.get(live.node.id)
        if known is None:
            return
        beat = live.beat
        told = NodeLoad(
            slots=beat.slots or None,
            busy=beat.in_flight,
            queued=beat.queued,
            prefill_tokens_per_s=beat.prefill_speed,
            rtt_s=known.engine.rtt_s,
            warm=frozenset(beat.loaded) if beat.loaded else None,
            prefixes=_numbers(beat.prefixes),
        )
        self._observe(live.node.id, told)

    def _offered(self, live: Live, engine: Engine) -> tuple[Model, ...]:
        told = {model.facts.name: model.facts for model in live.hello.models}
        wanted = tuple(map(_as_it_is, told)) if self._models is None else self._models
        return tuple(
            self._model(model, told[name], live, engine)
            for model in wanted
            if (name := model.upstream_name or model.name) in told and live.node.tags.issuperset(model.node_tags)
        )

    def _model(self, model: UpstreamModel, facts: ModelFacts, live: Live, engine: Engine) -> Model:
        return described(
            model,
            facts,
            engine,
            upstream_name=facts.name,
            created=live.node.created_at_ms // 1000,
            owned_by=OWNED_BY,
            slots=live.hello.slots,
            tags=live.node.tags,
        )

    def _let_go(self, engine: Engine) -> None:
        task = asyncio.get_running_loop().create_task(engine.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Let go of all nodes; they go on for other gateways."""
        for joined in self._joined.values():
            await joined.engine.close()
        if self._closing:
            await asyncio.wait(self._closing)


def _as_it_is(name: str) -> UpstreamModel:
    """A model that no setting tells of. The smallest may repeat itself without end, so it has one here as elsewhere."""
    if name == EMBEDDED_DEFAULT.name:
        return UpstreamModel(name=name, defaults=EMBEDDED_DEFAULT.defaults)
    return UpstreamModel(name=name)


def _numbers(packed: bytes) -> tuple[int, ...]:
    """The fingerprints of a heartbeat, and no more than a node may tell."""
    ends = range(DIGEST_BYTES, min(len(packed), PREFIXES_MAX * DIGEST_BYTES) + 1, DIGEST_BYTES)
    return tuple(int.from_bytes(packed[end - DIGEST_BYTES : end]) for end in ends)
