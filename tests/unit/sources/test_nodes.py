"""Nodes in the catalogue, as the registry tells of them."""

from __future__ import annotations

import asyncio
import io

import pytest
from msgspec.structs import replace

from antiphon.engines import ModelFacts
from antiphon.errors import Unavailable
from antiphon.link.frames import Heartbeat, Hello, NodeModel
from antiphon.models.catalogue import Catalogue
from antiphon.models.load import NodeLoad
from antiphon.nodes.model import Node
from antiphon.nodes.registry import Live
from antiphon.observe.logs import Log
from antiphon.settings.model import EMBEDDED_DEFAULT
from antiphon.settings.serving import Prices, UpstreamModel
from antiphon.sources.nodes import NodeEngine, NodesSource
from tests.unit.completions.scripted import ScriptedEngine

NODE = Node("node_1", "attic", "0x", "U", created_at_ms=5_000)
HELLO = Hello(1, slots=2, models=(NodeModel(ModelFacts("m", 4096)), NodeModel(ModelFacts("n"))))
LIVE = Live(NODE, HELLO, Heartbeat(1, slots=2), 0.0)


class Remote(ScriptedEngine):
    """An engine that is told how its node is."""

    def __init__(self, name: str, lease: str, hello: Hello) -> None:
        super().__init__(name)
        self.lease = lease
        self.hello = hello
        self.down = False
        self.rtt_s: float | None = 0.25
        self.closed = asyncio.Event()

    def unavailable(self) -> int | None:
        """As it was told."""
        return 2 if self.down else None

    async def close(self) -> None:
        """Note it."""
        self.closed.set()


class Joined:
    """A source with all that it made and told."""

    def __init__(self, *models: UpstreamModel) -> None:
        self.catalogue = Catalogue()
        self.engines: list[Remote] = []
        self.observed: list[tuple[str, NodeLoad]] = []
        self.source = NodesSource(
            self.catalogue,
            models=models or None,
            connect=self._connect,
            observe=lambda name, told: self.observed.append((name, told)),
            log=Log(form="json", level="error", access=False, stream=io.StringIO()),
        )

    def _connect(self, name: str, lease: str, hello: Hello) -> NodeEngine:
        self.engines.append(Remote(name, lease, hello))
        return self.engines[-1]

    @property
    def offered(self) -> dict[str, int]:
        """How many engines there are for each model that can be asked now."""
        return {model.id: len(model.live) for model in self.catalogue.list()}


async def test_a_node_brings_its_models() -> None:
    """All of them, each with the slots of the node."""
    joined = Joined()
    joined.source.changed("node_1", LIVE)
    assert joined.offered == {"m": 1, "n": 1}
    (model, _) = joined.catalogue.list()
    assert (model.context_length, model.owned_by, model.offers[0].slots, model.created) == (4096, "nodes", 2, 5)
    assert (joined.engines[0].name, joined.engines[0].lease) == ("node_1", "node_1-1")


async def test_a_node_that_is_gone_is_still_known() -> None:
    """Its models cannot be asked now; they can be when it is back, through the same engine."""
    joined = Joined()
    for live, left in ((LIVE, 1), (replace(LIVE, gone=True), 0), (LIVE, 1)):
        joined.source.changed("node_1", live)
        assert joined.offered == {"m": left, "n": left}
    assert len(joined.engines) == 1


async def test_a_node_that_is_not_to_be_known() -> None:
    """Its models go, and what it was doing fails."""
    joined = Joined()
    joined.source.changed("node_1", LIVE)
    joined.source.changed("node_1", None)
    joined.source.changed("node_2", None)
    assert joined.offered == {}
    await joined.engines[0].closed.wait()


async def test_a_new_lease_has_a_new_engine() -> None:
    """What the older lease was doing fails: nobody hears the end of it."""
    joined = Joined()
    joined.source.changed("node_1", LIVE)
    joined.source.changed("node_1", replace(LIVE, hello=replace(HELLO, epoch=2, models=HELLO.models[:1])))
    assert [engine.lease for engine in joined.engines] == ["node_1-1", "node_1-2"]
    await joined.engines[0].closed.wait()
    assert joined.offered == {"m": 1}
    await joined.source.close()
    assert joined.engines[1].closed.is_set()


async def test_settings_say_which_models_are_taken() -> None:
    """Under their own names and at their prices; what no setting names is not offered."""
    joined = Joined(UpstreamModel(name="chat", upstream_name="m", prices=Prices(prompt=7)), UpstreamModel(name="x"))
    joined.source.changed("node_1", LIVE)
    (model,) = joined.catalogue.list()
    assert (model.id, model.offers[0].upstream_name, model.prices.prompt) == ("chat", "m", 7)


async def test_a_model_may_ask_for_tags() -> None:
    """It is taken only from nodes that have all of them, as soon as they do; its offers have the node's."""
    joined = Joined(UpstreamModel(name="m"), UpstreamModel(name="n", node_tags=("eu", "gpu")))
    for tags, offered in (("eu", {"m": 1}), ("eu gpu new", {"m": 1, "n": 1}), ("gpu", {"m": 1})):
        joined.source.changed("node_1", replace(LIVE, node=replace(NODE, tags=frozenset(tags.split()))))
        assert joined.offered == offered
        assert joined.catalogue.find("m").offers[0].tags == set(tags.split())


async def test_the_smallest_model_has_an_end() -> None:
    """It is offered as it is where a gateway runs it."""
    joined = Joined()
    small = replace(HELLO, models=(NodeModel(ModelFacts(EMBEDDED_DEFAULT.name)),))
    joined.source.changed("node_1", replace(LIVE, hello=small))
    (model,) = joined.catalogue.list()
    assert model.defaults.max_tokens == EMBEDDED_DEFAULT.defaults.max_tokens


async def test_placement_is_told_how_a_node_is() -> None:
    """Once it has joined."""
    joined = Joined()
    busy = replace(
        LIVE,
        beat=Heartbeat(
            1, slots=3, in_flight=2, queued=1, loaded=("m",), prefill_speed=90.0, prefixes=bytes(7) + b"\x05\x01"
        ),
    )
    joined.source.heard(busy)
    joined.source.changed("node_1", LIVE)
    joined.source.heard(busy)
    told = NodeLoad(
        slots=3, busy=2, queued=1, prefill_tokens_per_s=90.0, rtt_s=0.25, warm=frozenset({"m"}), prefixes=(5,)
    )  # fmt: skip
    assert joined.observed == [("node_1", told)]


async def test_a_node_that_was_not_heard_yet() -> None:
    """Its models are known, cannot be asked, and are awaited until they can be, whoever serves them."""
    joined = Joined()
    unheard = replace(LIVE, heard_at_s=None, gone=True)
    joined.source.changed("node_1", unheard)
    assert (joined.offered, joined.source.awaits) == ({"m": 0, "n": 0}, True)
    with pytest.raises(Unavailable) as caught:
        joined.catalogue.find("m").require_live()
    assert caught.value.retry_after_s == 2
    joined.source.changed("node_2", replace(LIVE, node=replace(NODE, id="node_2")))
    assert (joined.offered, joined.source.awaits) == ({"m": 1, "n": 1}, False)
    joined.source.changed("node_1", LIVE)
    assert joined.offered == {"m": 2, "n": 2}
    assert [engine.lease for engine in joined.engines] == ["node_2-1", "node_1-1"]


@pytest.mark.parametrize("after", [None, replace(LIVE, node=replace(NODE, state="drained"), heard_at_s=None)])
async def test_nobody_waits_for_a_node_that_may_not_serve(after: Live | None) -> None:
    """One that is removed, banned or drained before it was heard."""
    joined = Joined()
    joined.source.changed("node_1", replace(LIVE, heard_at_s=None, gone=True))
    joined.source.changed("node_1", after)
    assert not joined.source.awaits
