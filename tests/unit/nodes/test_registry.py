"""Which nodes are there: leases, missed heartbeats, what strangers may say."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.engines import ModelFacts
from antiphon.link.frames import Goodbye, Heartbeat, Hello, NodeModel
from antiphon.nodes.enrolment import seal_text
from antiphon.nodes.model import Node
from antiphon.nodes.registry import GONE_S, Live, Registry
from tests.unit.accounts.wallets import SECRET, address_of, signed

from .membership import nkey

NODE = Node("node_1", "attic", "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A", nkey())
MODEL = NodeModel(ModelFacts("m", 4096))
HELLO = Hello(1, slots=2, models=(MODEL,))


class Heard:
    """A registry and all that it told."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, bool | None]] = []
        self.beats: list[Heartbeat] = []
        self.registry = Registry(on_change=self._changed, on_beat=lambda live: self.beats.append(live.beat))
        self.registry.set_nodes([NODE])

    def _changed(self, node_id: str, live: Live | None) -> None:
        self.changes.append((node_id, None if live is None else live.willing))

    def take(self) -> list[bool | None]:
        """Whether the node was willing at each change since the last call; None: it is not known any more."""
        taken, self.changes = self.changes, []
        return [willing for _, willing in taken]


def test_a_node_comes_and_goes() -> None:
    """It is there from its hello on, gone after three missed heartbeats, and back with the next."""
    heard = Heard()
    assert not heard.registry.heard("node_1", Heartbeat(1), 0.0)  # what it serves is not known yet
    assert heard.registry.heard("node_1", HELLO, 0.0)
    assert heard.take() == [True]
    for second in range(1, 4):
        assert heard.registry.heard("node_1", Heartbeat(1, in_flight=second), float(second))
        heard.registry.sweep(float(second))
    assert (heard.take(), [beat.in_flight for beat in heard.beats]) == ([], [1, 2, 3])
    heard.registry.sweep(3.0 + GONE_S)
    assert heard.take() == []
    heard.registry.sweep(3.1 + GONE_S)
    heard.registry.sweep(3.2 + GONE_S)
    assert heard.take() == [False]
    assert heard.registry.heard("node_1", Heartbeat(1), 10.0)
    assert heard.take() == [True]


def test_hellos_say_it_again() -> None:
    """The same hello is no change, another one is."""
    heard = Heard()
    for hello in (HELLO, HELLO, replace(HELLO, models=(MODEL, NodeModel(ModelFacts("n"))))):
        assert heard.registry.heard("node_1", hello, 0.0)
    assert heard.take() == [True, True]


def test_the_newest_lease_is_heard() -> None:
    """What an agent with an older lease says does not count, however lively it is."""
    heard = Heard()
    heard.registry.heard("node_1", HELLO, 0.0)
    assert heard.registry.heard("node_1", replace(HELLO, epoch=2, slots=7), 1.0)
    for old in (HELLO, Heartbeat(1), Goodbye(1)):
        assert not heard.registry.heard("node_1", old, 2.0)
    live = heard.registry.get("node_1")
    assert live is not None
    assert (live.epoch, live.hello.slots, live.gone) == (2, 7, False)
    heard.registry.set_nodes([replace(NODE, name="loft", epoch=3)])
    assert not heard.registry.heard("node_1", Heartbeat(2), 3.0)


def test_a_node_says_goodbye() -> None:
    """It drains first, then it is gone at once."""
    heard = Heard()
    heard.registry.heard("node_1", HELLO, 0.0)
    heard.registry.heard("node_1", Heartbeat(1, draining=True), 1.0)
    heard.registry.heard("node_1", Goodbye(1), 2.0)
    assert heard.take() == [True, False, False]
    assert [live.gone for live in heard.registry.list()] == [True]


def test_the_operator_decides() -> None:
    """A drained node is not willing, one that is banned or removed is not known."""
    heard = Heard()
    heard.registry.heard("node_1", HELLO, 0.0)
    heard.registry.set_nodes([replace(NODE, state="drained")])
    heard.registry.set_nodes([NODE])
    heard.registry.set_nodes([NODE])
    heard.registry.set_nodes([replace(NODE, state="banned")])
    assert heard.take() == [True, False, True, None]
    assert not heard.registry.knows("node_1")
    assert not heard.registry.heard("node_1", HELLO, 1.0)
    assert heard.registry.get("node_1") is None


@pytest.mark.parametrize(
    "hello",
    [
        replace(HELLO, slots=0),
        replace(HELLO, slots=1 << 40),
        replace(HELLO, models=(MODEL,) * 65),
        replace(HELLO, models=(NodeModel(ModelFacts("")),)),
        replace(HELLO, models=(NodeModel(ModelFacts("a\nb")),)),
        replace(HELLO, models=(NodeModel(ModelFacts("m", context_length=0)),)),
        replace(HELLO, models=(NodeModel(ModelFacts("m", modalities=("text",) * 9)),)),
    ],
)
def test_nonsense_is_not_heard(hello: Hello) -> None:
    """A node is described as a node may be, or not at all."""
    assert not Heard().registry.heard("node_1", hello, 0.0)


def test_numbers_are_bounded() -> None:
    """No heartbeat holds a number that placement could not reckon with."""
    heard = Heard()
    heard.registry.heard("node_1", HELLO, 0.0)
    wild = Heartbeat(
        1, slots=-1, in_flight=1 << 50, queued=-9, prefill_speed=float("nan"), decode_speed=float("-inf")
    )  # fmt: skip
    assert heard.registry.heard("node_1", wild, 1.0)
    assert heard.beats == [Heartbeat(1, slots=0, in_flight=100_000)]


def test_what_is_known_from_before() -> None:
    """A node that was not heard yet is known by what it served, and gone; its first heartbeat brings it back."""
    heard = Heard()
    heard.registry.set_nodes([NODE], {"node_1": HELLO, "node_2": HELLO})
    assert heard.take() == [False]
    (live,) = heard.registry.list()
    assert (live.hello, live.heard_at_s, live.gone) == (HELLO, None, True)
    heard.registry.sweep(100.0)
    heard.registry.set_nodes([NODE], {"node_1": replace(HELLO, slots=9)})
    assert heard.take() == []
    assert heard.registry.heard("node_1", Heartbeat(1), 101.0)
    assert heard.take() == [True]
    heard.registry.set_nodes([NODE], {"node_1": replace(HELLO, slots=9)})
    assert heard.take() == []  # whoever was heard knows better


def test_a_seal_is_its_own_node_s() -> None:
    """Its wallet signs the key, for this node and this lease: else the hello is not heard."""
    node, key = replace(NODE, owner=address_of(SECRET)), b"k" * 32
    signature = signed(seal_text("node_1", 1, key), SECRET)
    sealing = replace(HELLO, seal_key=key, seal_signature=signature)
    heard = Heard()
    heard.registry.set_nodes([node])
    for forged in (
        replace(sealing, seal_key=b"x" * 32),
        replace(sealing, seal_signature=""),
        replace(sealing, epoch=2),
    ):
        assert not heard.registry.heard("node_1", forged, 0.0)
    assert heard.registry.heard("node_1", sealing, 0.0)
    assert heard.registry.heard("node_1", sealing, 1.0)
    assert not heard.registry.heard("node_1", replace(sealing, seal_key=b"x" * 32), 2.0)
    assert not heard.registry.heard("node_1", HELLO, 2.0)  # by the broker, which would like to read
    assert heard.registry.heard("node_1", replace(HELLO, epoch=2), 2.0)  # it started anew, as an older version


def test_nodes_without_a_seal_may_be_left_out() -> None:
    """As the settings say; by default they are heard, since they may be of an older version."""
    registry = Registry(on_change=lambda _node, _live: None, on_beat=lambda _live: None, sealed=True)
    registry.set_nodes([NODE])
    assert not registry.heard("node_1", HELLO, 0.0)
    assert Heard().registry.heard("node_1", HELLO, 0.0)


def test_other_tags_are_a_change() -> None:
    """What the node offers is asked for by them."""
    heard = Heard()
    heard.registry.heard("node_1", HELLO, 0.0)
    heard.take()
    heard.registry.set_nodes([replace(NODE, tags=frozenset({"eu"}))])
    assert heard.take() == [True]
    live = heard.registry.get("node_1")
    assert live is not None
    assert live.node.tags == {"eu"}
