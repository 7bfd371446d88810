"""The answer of one attempt as its node sends it: numbered, no further than there is credit, kept until it was seen."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from antiphon.chat import Delta, Usage
from antiphon.engines.receipt import SignedReceipt
from antiphon.errors import EngineFailed
from antiphon.link.frames import Deltas, End, Failed, FailureKind, Frame, Piece, Sealed, encode
from antiphon.link.seal import Seal

DELTAS_MAX = 64  # in one frame, so that none is too large for a message
FRAME_BYTES_MAX = 768 * 1024


class Sender(Protocol):
    """What can send."""

    def send(self, subject: bytes, payload: bytes, reply: bytes = b"") -> bool:
        """Send at once or not at all."""
        ...


class Outbox:
    """Frames to one gateway about one attempt; `upto` is the number of the last one that may be sent."""

    __slots__ = ("_connection", "_first", "_kept", "_seal", "_subject", "_waiter", "closed", "failure", "seq", "upto")

    def __init__(self, connection: Sender, subject: bytes, window: int, seal: Seal | None = None) -> None:
        self.seq = 0
        self.upto = window
        self.closed = False
        self.failure: FailureKind | None = None
        self._connection = connection
        self._subject = subject
        self._seal = seal
        self._kept: deque[bytes] = deque()
        self._first = 1  # the number of the first one kept
        self._waiter: asyncio.Future[None] | None = None

    @property
    def open(self) -> bool:
        """Whether one more frame may be sent."""
        return self.seq < self.upto

    def deltas(self, deltas: list[Delta]) -> None:
        """Send deltas that came together, in a frame or a few."""
        for at in range(0, len(deltas), DELTAS_MAX):
            part = deltas[at : at + DELTAS_MAX]
            texts = _texts(part)
            seq = self.seq + 1
            self._send(Deltas(seq, texts) if texts else Deltas(seq, [], part))

    def piece(self, data: bytes) -> None:
        """Send a piece of a whole answer."""
        self._send(Piece(self.seq + 1, data))

    def end(self, usage: Usage | None, receipt: SignedReceipt | None) -> None:
        """Say that the answer is complete."""
        self.closed = True
        self._send(End(self.seq + 1, usage, receipt))

    def fail(self, frame: Failed) -> None:
        """Say that there is no more of it. `frame` has the number of `seq` and one more."""
        self.closed = True
        self.failure = frame.kind
        self._send(frame)

    def _send(self, frame: Frame) -> None:
        payload = encode(frame)
        if len(payload) > FRAME_BYTES_MAX:
            raise EngineFailed("A part of the answer is too large to be sent.")
        self.seq += 1
        if self._seal is not None:
            payload = encode(Sealed(self.seq, self._seal.frame(self.seq, payload)))
        self._kept.append(payload)
        self._connection.send(self._subject, payload)

    def credit(self, upto: int, seen: int) -> None:
        """Take more credit; forget what was seen."""
        while self._kept and self._first <= seen:
            self._kept.popleft()
            self._first += 1
        if upto > self.upto:
            self.upto = upto
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)

    def resume(self, seq: int) -> None:
        """Send again what is kept from that number on."""
        for number, payload in enumerate(self._kept, self._first):
            if number >= seq:
                self._connection.send(self._subject, payload)

    async def wait_open(self) -> None:
        """Wait until one more frame may be sent."""
        while not self.open:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter


def _texts(deltas: list[Delta]) -> list[str]:
    """The texts of deltas that are nothing else; [] where one is more."""
    texts = []
    for delta in deltas:
        if delta.finish_reason is not None or delta.reasoning or delta.tool_calls or delta.logprobs:
            return []
        texts.append(delta.content)
    return texts
