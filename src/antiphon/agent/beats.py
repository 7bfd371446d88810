"""What a node says of itself: that it is there, every second; what it serves, at first and again from time to time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from antiphon import __version__
from antiphon.agent.benchmark import Speed
from antiphon.agent.local_engine import LocalEngine
from antiphon.link.connection import Connection
from antiphon.link.frames import Frame, Goodbye, Heartbeat, Hello, NodeModel, encode
from antiphon.link.responder import Responder
from antiphon.link.subjects import heartbeat
from antiphon.nodes.registry import BEAT_S, HELLO_EVERY

HELLOS_FIRST = 3  # one after the other, should one be lost


class Beats:
    """Tells of one node under one lease."""

    def __init__(
        self,
        connection: Connection,
        responder: Responder,
        engine: LocalEngine,
        *,
        name: str,
        epoch: int,
        speed: Callable[[], Speed],
        hardware: str,
        seal_key: bytes = b"",
        seal_signature: str = "",
    ) -> None:
        self._connection = connection
        self._responder = responder
        self._engine = engine
        self._subject = heartbeat(name).encode()
        self._epoch = epoch
        self._speed = speed
        self._hardware = hardware
        self._seal_key = seal_key
        self._seal_signature = seal_signature
        self._left = False
        self._told: Hello | None = None
        self._since = 0  # beats since the last hello that was a repetition
        connection.watch(self._reached)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_S)

    def beat(self) -> None:
        """Tell of it now."""
        if self._left:
            return
        hello = self._hello()
        if hello != self._told:
            self._told, self._since = hello, 0
        if self._since < HELLOS_FIRST or self._since % HELLO_EVERY == 0:
            self._send(hello)
        self._since += 1
        self._send(self._heartbeat())

    def leave(self) -> None:
        """Say that the node is gone, and nothing after that."""
        self._send(Goodbye(self._epoch))
        self._left = True

    def _reached(self, up: bool) -> None:
        """The broker is back, and nobody knows what was said meanwhile."""
        if up:
            self._since = 0
            self.beat()

    def _hello(self) -> Hello:
        engine = self._engine
        models = tuple(NodeModel(facts, loaded=live) for facts, live in engine.served())
        return Hello(
            self._epoch,
            version=__version__,
            slots=self._responder.slots,
            models=models,
            takes_grammar=engine.takes_grammar,
            stops_plain=engine.stops_plain,
            continues=engine.continues,
            hardware=self._hardware,
            seal_key=self._seal_key,
            seal_signature=self._seal_signature,
        )

    def _heartbeat(self) -> Heartbeat:
        speed = self._speed()
        live = tuple(facts.name for facts, live in self._engine.served() if live)
        return Heartbeat(
            self._epoch,
            slots=self._responder.slots,
            in_flight=self._responder.in_flight,
            loaded=live,
            prefill_speed=speed.prefill,
            decode_speed=speed.decode,
            prefixes=self._engine.prefixes.take(),
            draining=self._responder.draining or not live,
        )

    def _send(self, frame: Frame) -> None:
        self._connection.send(self._subject, encode(frame))
