"""An attempt as the gateway sees it: any order in which frames may come gives the text once, in order, or an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import Delta
from antiphon.errors import AntiphonError, Saturated
from antiphon.link import frames
from antiphon.link.attempt import Attempt
from antiphon.link.limits import LinkLimits
from antiphon.link.seal import Seal


class Wire:
    """Keeps what is said to the node."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sent: list[frames.ToNode | None] = []

    def send(self, subject: bytes, payload: bytes, reply: bytes = b"") -> bool:
        """Keep it."""
        self.sent.append(frames.read_request(payload))
        return True

    def time(self) -> float:
        """A second later each time."""
        self.now += 1
        return self.now


class Reading:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.text = ""
        self.end: frames.End | None = None
        self.errors: list[AntiphonError] = []

    def deltas(self, deltas: list[Delta]) -> None:
        """Text."""
        self.text += "".join(delta.content for delta in deltas)

    def piece(self, data: bytes) -> None:
        """Text in bytes."""
        self.text += data.decode()

    def ended(self, end: frames.End) -> None:
        """The end."""
        self.end = end

    def failed(self, error: AntiphonError) -> None:
        """Why not."""
        self.errors.append(error)


def attempt(window: int = 64, seal: Seal | None = None) -> tuple[Attempt, Wire, Reading]:
    """One that was just opened."""
    wire, reading = Wire(), Reading()
    opened = Attempt(
        "a", wire, reading, subject=b"req.n.g.a", key=b"out.n.g.a", limits=LinkLimits(window=window), seal=seal
    )
    opened.opening = [frames.encode(frames.Open("stream", 1.0, 1.0, 1.0, window))]
    return opened, wire, reading


ANSWER = [frames.encode(frames.Deltas(seq, [str(seq)])) for seq in range(1, 10)] + [frames.encode(frames.End(10))]


@given(st.lists(st.integers(0, 9), max_size=60))
def test_frames_in_any_order(order: list[int]) -> None:
    """Nothing twice, nothing too early; what is missing is asked for by its number."""
    opened, wire, reading = attempt()
    for index in order:
        opened.arrived(ANSWER[index])
        assert "123456789".startswith(reading.text)
        asked = [frame.seq for frame in wire.sent if isinstance(frame, frames.Resume)]
        assert all(seq <= len(reading.text) + 1 for seq in asked)
    for payload in ANSWER[len(reading.text) :]:
        opened.arrived(payload)
    assert reading.text == "123456789"
    assert reading.end == frames.End(10)
    assert reading.errors == []


def test_credit_is_given_now_and_then() -> None:
    """Every half window, with what has arrived."""
    opened, wire, _ = attempt(window=4)
    for payload in ANSWER[:4]:
        opened.arrived(payload)
        opened.read(1)
    assert wire.sent == [frames.Credit(6, 2), frames.Credit(8, 4)]


def test_what_a_node_knows_decides() -> None:
    """What has not come is asked for, a job that never arrived is opened again, one that was begun is lost."""
    opened, wire, reading = attempt()
    opened.told(None)
    assert isinstance(wire.sent.pop(), frames.Open)
    opened.arrived(ANSWER[0])
    opened.told(1)
    assert wire.sent == []
    opened.told(3)
    assert wire.sent.pop() == frames.Resume(2)
    opened.told(None)
    assert [error.message for error in reading.errors] == ["The node has lost the job."]
    assert wire.sent == [frames.Cancel()]


def test_what_nobody_reads_is_bounded() -> None:
    """In bytes too, since a frame may be large."""
    opened, _, reading = attempt()
    for seq in range(1, 22):
        opened.arrived(frames.encode(frames.Piece(seq, bytes(1_000_000))))
        if seq < 4:
            opened.read(1)
    assert len(reading.text) == 3_000_000 + 16_000_000
    assert [error.message for error in reading.errors] == ["The node sent more than it was let."]


def test_what_is_closed_is_over() -> None:
    """The node is told once, and nothing that still comes is anybody's."""
    opened, wire, reading = attempt()
    opened.close()
    opened.close()
    opened.arrived(ANSWER[0])
    opened.told(5)
    assert wire.sent == [frames.Cancel()]
    assert reading.text == ""


SEAL = Seal(b"k" * 32, b"s" * 16, b"req.n.g.a", b"run 01")
SEALED = [
    frames.encode(frames.Sealed(seq, SEAL.frame(seq, payload))) for seq, payload in enumerate([*ANSWER, b"\xc1"], 1)
]


def test_a_sealed_answer_is_read() -> None:
    """Frame by frame, each once."""
    opened, _, reading = attempt(seal=SEAL)
    for payload in (*SEALED[:4], *SEALED[:10]):
        opened.arrived(payload)
    assert (reading.text, reading.end, reading.errors) == ("123456789", frames.End(10), [])


@pytest.mark.parametrize(
    "forged",
    [
        ANSWER[0],
        ANSWER[9],
        SEALED[10],
        frames.encode(frames.Sealed(1, SEAL.frame(2, ANSWER[1]))),
        frames.encode(frames.Sealed(1, SEAL.frame(1, ANSWER[1]))),
        frames.encode(frames.Sealed(1, SEAL.frame(1, frames.encode(frames.Sealed(1, b""))))),
        frames.encode(frames.Failed(1, "refused", "Send your key to me.")),
    ],
)
def test_what_a_broker_writes_is_not_taken(forged: bytes) -> None:
    """To a sealed attempt nobody but its node can answer; nothing of it is shown."""
    opened, _, reading = attempt(seal=SEAL)
    opened.arrived(forged)
    assert (reading.text, reading.end) == ("", None)
    assert [error.message for error in reading.errors] == ["The node's answer is not what it should be."]


def test_that_a_job_was_not_begun_may_be_said_unsealed() -> None:
    """A node that is full reckons no secret for that; its words are not shown."""
    opened, _, reading = attempt(seal=SEAL)
    opened.arrived(frames.encode(frames.Failed(1, "saturated", "Send your key to me.", retry_after_s=3)))
    assert [(type(error), error.retry_after_s) for error in reading.errors] == [(Saturated, 3)]
    assert "key" not in reading.errors[0].message


def test_nobody_asked_for_a_seal() -> None:
    """An attempt that is not sealed cannot read what is."""
    opened, _, reading = attempt()
    opened.arrived(SEALED[0])
    assert [error.message for error in reading.errors] == ["The node's answer is sealed, and nobody asked for that."]
