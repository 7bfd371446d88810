"""One attempt as the gateway sees it: its frames in order, none twice, none missing; credit for more of them."""

from __future__ import annotations

from typing import Protocol

import msgspec

from antiphon.chat import Delta
from antiphon.errors import AntiphonError, EngineFailed, EngineLost, Unavailable
from antiphon.link.frames import (
    Cancel,
    Credit,
    Deltas,
    End,
    Failed,
    Piece,
    Pulse,
    Resume,
    Sealed,
    ToGateway,
    encode,
    read_answer,
)
from antiphon.link.limits import LinkLimits
from antiphon.link.refusals import NEVER_BEGAN, to_error
from antiphon.link.seal import Seal, SealBroken

REOPENED_MAX = 40
CANCEL = encode(Cancel())
UNREAD_BYTES_MAX = 16 * 1024 * 1024


class Reader(Protocol):
    """Who wants the answer. One of `ended` and `failed` is the last that is called."""

    def deltas(self, deltas: list[Delta]) -> None:
        """A frame of deltas came."""
        ...

    def piece(self, data: bytes) -> None:
        """A piece of a whole answer came."""
        ...

    def ended(self, end: End) -> None:
        """The answer is complete."""
        ...

    def failed(self, error: AntiphonError) -> None:
        """There is no more of it."""
        ...


class Wire(Protocol):
    """What an attempt needs of the link."""

    def send(self, subject: bytes, payload: bytes, reply: bytes = b"") -> bool:
        """Send at once or not at all."""
        ...

    def time(self) -> float:
        """The event loop's time."""
        ...


class Attempt:
    """What was opened at a node. `key` is the subject of its answers, `opening` what opened it until it answers.

    The node may be `window` frames ahead of what was read. `pulse` is the number of the last pulse before it.
    """

    __slots__ = (
        "_expected", "_granted", "_read", "_reader", "_resume_s", "_resumed_at", "_seal", "_subject", "_unread_bytes",
        "_window", "_wire",
        "done", "id", "key", "opening", "pulse", "reopened",
    )  # fmt: skip

    def __init__(
        self,
        attempt: str,
        wire: Wire,
        reader: Reader,
        *,
        subject: bytes,
        key: bytes,
        limits: LinkLimits,
        seal: Seal | None = None,
    ) -> None:
        self.id = attempt
        self.key = key
        self.opening: list[bytes] = []
        self.pulse = 0
        self.reopened = 0
        self.done = False
        self._wire = wire
        self._reader = reader
        self._subject = subject
        self._seal = seal
        self._window = limits.window
        self._resume_s = limits.resume_s
        self._expected = 1
        self._read = 0
        self._unread_bytes = 0
        self._granted = 0
        self._resumed_at = -limits.resume_s

    @property
    def upto(self) -> int:
        """The number of the last frame that the node may send."""
        return self._read + self._window

    def arrived(self, data: bytes | None) -> None:
        """A message of the node's about this attempt; None: nobody listens at the node's subject."""
        if self.done:
            return
        if data is None:
            self.fail(Unavailable("The node that serves this model cannot be reached.", retry_after_s=1))
            return
        try:
            frame = read_answer(data)
            if self._seal is not None:
                frame = unsealed(self._seal, frame)
        except (msgspec.DecodeError, RecursionError, SealBroken):
            self.fail(EngineFailed("The node's answer is not what it should be."))
            return
        if isinstance(frame, Pulse):
            return
        self._unread_bytes += len(data)
        if self._unread_bytes > UNREAD_BYTES_MAX:
            self.fail(EngineFailed("The node sent more than it was let."))
            return
        if frame.seq != self._expected:
            if frame.seq > self._expected:
                self.resume()
            return
        self._expected += 1
        if self.opening:
            self.opening = []
        if isinstance(frame, Deltas):
            if frame.seq > self._read + 2 * self._window:  # deltas that come together may be a few frames more
                self.fail(EngineFailed("The node sent more than it was let."))
            else:
                self._reader.deltas([Delta(0, text) for text in frame.texts] if frame.texts else frame.deltas)
        else:
            self._rare(frame)

    def _rare(self, frame: Piece | End | Failed | Sealed) -> None:
        if isinstance(frame, Piece):
            self._reader.piece(frame.data)
        elif isinstance(frame, End):
            self.done = True
            self._reader.ended(frame)
        elif isinstance(frame, Failed):
            self.fail(to_error(frame))
        else:
            self.fail(EngineFailed("The node's answer is sealed, and nobody asked for that."))

    def read(self, frames: int) -> None:
        """So many frames have been handed on: the node may send as many more, and is told now and then."""
        self._read += frames
        if self._read == self._expected - 1:
            self._unread_bytes = 0
        if 2 * (self._read - self._granted) >= self._window and not self.done:
            self._granted = self._read
            self._wire.send(self._subject, encode(Credit(self.upto, self._expected - 1)))

    def told(self, sent: int | None) -> None:
        """What the node knows of the attempt: the number of the last frame that it sent, None if nothing."""
        if self.done:
            return
        if sent is not None:
            if sent >= self._expected:
                self.resume()
        elif self.opening and self.reopened < REOPENED_MAX:
            self.reopen()
        else:
            self.fail(EngineLost("The node has lost the job."))

    def resume(self) -> None:
        """Ask for what is missing, not too often."""
        now = self._wire.time()
        if now - self._resumed_at >= self._resume_s and self._wire.send(self._subject, encode(Resume(self._expected))):
            self._resumed_at = now

    def reopen(self) -> None:
        """Open it once more, since the node has not heard of it: one that has opens it no second time."""
        self.reopened += 1
        reply = self.key
        for payload in self.opening:
            self._wire.send(self._subject, payload, reply)
            reply = b""

    def fail(self, error: AntiphonError) -> None:
        """Let the reader know that there is no more."""
        if not self.done:
            self._wire.send(self._subject, CANCEL)
            self.done = True
            self._reader.failed(error)

    def close(self) -> None:
        """Nobody reads it any more; a node that has not finished stops."""
        if not self.done:
            self.done = True
            self._wire.send(self._subject, CANCEL)


def unsealed(seal: Seal, frame: ToGateway) -> ToGateway:
    """What a sealed frame holds; SealBroken for one that anybody could have written.

    That a job was not begun may be said by anybody: a broker can keep a job from its node in other ways too.
    """
    if isinstance(frame, Sealed):
        held = read_answer(seal.frame_of(frame.seq, frame.data))
        if not isinstance(held, Pulse | Sealed) and held.seq == frame.seq:
            return held
    elif isinstance(frame, Pulse):
        return frame
    elif isinstance(frame, Failed) and frame.kind in NEVER_BEGAN:
        return Failed(frame.seq, frame.kind, retry_after_s=frame.retry_after_s)
    raise SealBroken("it is not sealed")
