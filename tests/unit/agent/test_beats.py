"""What a node says of itself, and when."""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from antiphon.agent.beats import Beats
from antiphon.agent.benchmark import Speed
from antiphon.agent.local_engine import ByModel, LocalEngine
from antiphon.clock import SystemClock
from antiphon.link.connection import Connection
from antiphon.link.credentials import Credentials
from antiphon.link.frames import Beat, Goodbye, Heartbeat, Hello, read_beat
from antiphon.link.responder import Responder
from antiphon.link.served import Duty
from antiphon.models.catalogue import Catalogue, Model, Offer
from tests.unit.completions.scripted import ScriptedEngine


class Recording(Connection):
    """Keeps what is sent."""

    def __init__(self) -> None:
        super().__init__([], lambda: Credentials("", ""), name="n", random=Random(1))
        self.said: list[tuple[str, Beat]] = []

    def send(self, subject: bytes, payload: bytes, reply: bytes = b"") -> bool:
        """Keep it."""
        del reply
        beat = read_beat(payload)
        assert beat is not None
        self.said.append((subject.decode(), beat))
        return True


class Said:
    """A node that says what it is."""

    def __init__(self) -> None:
        self.engine = ScriptedEngine("e")
        self.catalogue = Catalogue()
        self.catalogue.replace("here", (Model("m", (Offer(self.engine, "m"),)),))
        self.connection = Recording()
        clock, engine = SystemClock(), LocalEngine("node", self.catalogue)
        self.responder = Responder(
            self.connection, Duty("node_1-2", ByModel(engine), epoch=2, clock=clock), slots=5, clock=clock
        )
        self.beats = Beats(
            self.connection,
            self.responder,
            engine,
            name="node_1-2",
            epoch=2,
            speed=lambda: Speed(100.0, 10.0),
            hardware="2 processors",
            seal_key=b"k" * 32,
            seal_signature="0x00",
        )

    def beat(self, times: int = 1) -> list[Beat]:
        """What is said in so many seconds."""
        self.connection.said.clear()
        for _ in range(times):
            self.beats.beat()
        return [beat for _, beat in self.connection.said]


async def test_a_node_says_what_it_serves_and_how_it_is() -> None:
    """On its own subject, under its lease."""
    said = Said()
    hello, beat = said.beat()
    assert {subject for subject, _ in said.connection.said} == {"hb.node_1-2"}
    assert isinstance(hello, Hello)
    assert (hello.epoch, hello.slots, hello.hardware, hello.models[0].facts.name) == (2, 5, "2 processors", "m")
    assert (hello.seal_key, hello.seal_signature) == (b"k" * 32, "0x00")
    assert beat == Heartbeat(2, slots=5, loaded=("m",), prefill_speed=100.0, decode_speed=10.0)


async def test_what_it_serves_is_said_again() -> None:
    """At first each time, then now and then, and at once when it changes."""
    said = Said()
    assert [isinstance(beat, Hello) for beat in said.beat(3)].count(True) == 3
    assert [isinstance(beat, Hello) for beat in said.beat(10)].count(True) == 2
    said.catalogue.replace("more", (Model("n", (Offer(said.engine, "n"),)),))
    hello = said.beat()[0]
    assert isinstance(hello, Hello)
    assert [model.facts.name for model in hello.models] == ["m", "n"]


async def test_a_node_that_leaves_says_so_last() -> None:
    """It takes no more first; after its goodbye it says nothing."""
    said = Said()
    said.responder.draining = True
    beat = said.beat()[-1]
    assert isinstance(beat, Heartbeat)
    assert beat.draining
    said.beats.leave()
    assert said.connection.said[-1][1] == Goodbye(2)
    assert said.beat(3) == []


async def test_an_engine_that_is_down_takes_nothing() -> None:
    """A node whose engine cannot be asked is as one that drains."""
    said = Said()
    said.catalogue.replace("here", (Model("m", (Offer(ScriptedEngine("e", wait_s=3), "m"),)),))
    hello, beat = said.beat()
    assert isinstance(hello, Hello)
    assert isinstance(beat, Heartbeat)
    assert (hello.models[0].loaded, beat.loaded, beat.draining) == (False, (), True)
    assert replace(beat, draining=False).slots == 5
