"""What travels between gateways and nodes: frames in MessagePack, each a map with its `type`. Pure.

A reader ignores fields and whole frames that it does not know, and takes the default of a field that is not there: both
sides may be of different versions. What would be misunderstood raises `PROTOCOL`. Which attempt a frame is about, and
who sent it, is told by its subject.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from antiphon.chat import Delta, Usage
from antiphon.engines import ModelFacts
from antiphon.engines.receipt import SignedReceipt

PROTOCOL = 1
Kind = Literal["stream", "complete", "count", "embed", "models"]
FailureKind = Literal["saturated", "draining", "late", "unavailable", "refused", "failed", "deadline"]


class Frame(Struct, frozen=True, omit_defaults=True, tag_field="type", tag=lambda name: name.lower()):
    """One message."""


class NodePrices(Struct, frozen=True, omit_defaults=True):
    """What a node asks, in whole micro-USDC for 1,000,000 tokens."""

    prompt: int = 0
    completion: int = 0


class NodeModel(Struct, frozen=True, omit_defaults=True):
    """A model that a node serves. `digest`: of its file; `loaded`: whether it need not be loaded first."""

    facts: ModelFacts
    prices: NodePrices | None = None
    digest: str = ""
    loaded: bool = True


class Hello(Frame, frozen=True):
    """What a node is, sent when it has connected and whenever that changes. A higher `epoch` replaces a lower one.

    Jobs and answers are sealed with `seal_key`, which its wallet has signed; without one they are not.
    """

    epoch: int
    protocol: int = PROTOCOL
    version: str = ""
    slots: int = 1
    models: tuple[NodeModel, ...] = ()
    takes_grammar: bool = False
    stops_plain: bool = False
    continues: bool = False
    hardware: str = ""
    seal_key: bytes = b""
    seal_signature: str = ""


class Heartbeat(Frame, frozen=True):
    """How a node is. Speeds are tokens a second; `prefixes` is a digest of the prompts that it has in memory."""

    epoch: int
    slots: int = 1
    in_flight: int = 0
    queued: int = 0
    loaded: tuple[str, ...] = ()
    prefill_speed: float | None = None
    decode_speed: float | None = None
    prefixes: bytes = b""
    draining: bool = False


class Goodbye(Frame, frozen=True):
    """A node leaves; what it was asked for is finished."""

    epoch: int


class Open(Frame, frozen=True):
    """Begin an attempt. What is asked for is in `body`, or follows in so many `pieces`.

    `remaining_s` is how long anybody waits for the answer, `deadline` the same in seconds since 1970, `sent_s` the
    time of the gateway's monotonic clock. The node may send frames up to number `window` before it has more credit.
    With a `seal_key`, the gateway's, what is asked for is sealed, and so is to be what is answered.
    """

    kind: Kind
    remaining_s: float
    deadline: float
    sent_s: float
    window: int
    protocol: int = PROTOCOL
    body: bytes = b""
    pieces: int = 0
    seal_key: bytes = b""
    salt: bytes = b""


class Piece(Frame, frozen=True):
    """Piece `seq` of something that is too large for one message, counted from 1."""

    seq: int
    data: bytes


class Credit(Frame, frozen=True):
    """The node may send frames up to this number; those up to `seen` have arrived and need not be kept."""

    upto: int
    seen: int = 0


class Cancel(Frame, frozen=True):
    """Nobody waits for the answer any more."""


class Resume(Frame, frozen=True):
    """Send again what was sent from frame `seq` on."""

    seq: int


class Pulse(Frame, frozen=True):
    """Asked by a gateway about once a second, answered by the node: both name the attempts that they know of.

    With each stands the number of the last frame that the node may send, in the answer of the last that it sent. The
    answer repeats `number` and `sent_s` of the question; the number is 0 where nobody asked.
    """

    number: int
    sent_s: float
    attempts: dict[str, int] = {}


class Deltas(Frame, frozen=True):
    """Deltas that arrived together: only their `texts` where they are nothing but text, else whole."""

    seq: int
    texts: list[str] = []
    deltas: list[Delta] = []


class End(Frame, frozen=True):
    """The answer is complete. `receipt` is what the node says it did, where it signs that."""

    seq: int
    usage: Usage | None = None
    receipt: SignedReceipt | None = None


class Failed(Frame, frozen=True):
    """There is no more of the answer. `saturated`, `draining`, `late`: the node never began, and nothing is wrong."""

    seq: int
    kind: FailureKind
    message: str = ""
    param: str | None = None
    code: str | None = None
    retry_after_s: int | None = None


class Sealed(Frame, frozen=True):
    """A frame of that number, which none but the gateway that has opened the attempt can read."""

    seq: int
    data: bytes


ToNode = Open | Piece | Credit | Cancel | Resume | Pulse
ToGateway = Deltas | Piece | End | Failed | Sealed | Pulse
Beat = Hello | Heartbeat | Goodbye

_encoder = msgspec.msgpack.Encoder()
_to_node: msgspec.msgpack.Decoder[ToNode] = msgspec.msgpack.Decoder(ToNode)
_to_gateway: msgspec.msgpack.Decoder[ToGateway] = msgspec.msgpack.Decoder(ToGateway)
_beat: msgspec.msgpack.Decoder[Beat] = msgspec.msgpack.Decoder(Beat)
_any = msgspec.msgpack.Decoder(dict[str, Any])  # Any: a frame of a later version may hold anything
_known = frozenset({"hello", "heartbeat", "goodbye", "open", "piece", "credit", "cancel", "resume", "pulse"})

encode = _encoder.encode
read_answer = _to_gateway.decode  # ValidationError and DecodeError are msgspec's; the hot path has one call
T = TypeVar("T")


def read_request(data: bytes) -> ToNode | None:
    """A frame from a gateway; None for one that this version does not know, DecodeError for what is no frame."""
    return _read(_to_node, data)


def read_beat(data: bytes) -> Beat | None:
    """A frame about a node's state; None for one that this version does not know, DecodeError for what is no frame."""
    return _read(_beat, data)


def _read(decoder: msgspec.msgpack.Decoder[T], data: bytes) -> T | None:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError:
        if _any.decode(data).get("type") in _known:
            raise
        return None
