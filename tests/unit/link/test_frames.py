"""Frames: what is written is read again, and what another version sends is understood or left alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from antiphon.chat import Delta, Usage
from antiphon.engines import ModelFacts
from antiphon.engines.receipt import NodeReceipt, SignedReceipt
from antiphon.link import frames

SIGNED = SignedReceipt(NodeReceipt("att_1", "node-a", "m", "aa", "bb", 12, 34, 1_000, 1_100, 2_000, 7), "0xab")
TO_NODE = [
    frames.Open("stream", 30.0, 1_700_000_030.0, 12.5, 64, body=frames.encode({"model": "m"})),
    frames.Open("embed", 30.0, 1_700_000_030.0, 12.5, 64, pieces=3, seal_key=b"k" * 32, salt=b"s" * 16),
    frames.Piece(1, b"\x00abc"),
    frames.Credit(96, seen=40),
    frames.Cancel(),
    frames.Resume(17),
    frames.Pulse(3, 12.5, {"att_1": 0}),
]
TO_GATEWAY = [
    frames.Deltas(1, texts=["Hel", "lo"]),
    frames.Deltas(2, deltas=[Delta(reasoning="hm"), Delta(finish_reason="stop")]),
    frames.Piece(3, b"{}"),
    frames.End(4, Usage(3, 5), SIGNED),
    frames.Failed(5, "saturated", retry_after_s=2),
    frames.Sealed(6, b"\x00sealed"),
    frames.Pulse(0, 0.0),
]
BEATS = [
    frames.Hello(7, slots=4, models=(frames.NodeModel(ModelFacts("m", 4096), frames.NodePrices(10, 20)),)),
    frames.Heartbeat(7, 4, 2, loaded=("m",), prefill_speed=900.5, decode_speed=40.0, prefixes=b"\x01", draining=True),
    frames.Goodbye(7),
]


@pytest.mark.parametrize("frame", TO_NODE)
def test_what_a_gateway_says_is_read(frame: frames.ToNode) -> None:
    """Each of its frames comes back as it was, a body byte for byte."""
    read = frames.read_request(frames.encode(frame))
    assert type(read) is type(frame)
    assert frames.encode(read) == frames.encode(frame)


@pytest.mark.parametrize("frame", TO_GATEWAY)
def test_what_a_node_answers_is_read(frame: frames.ToGateway) -> None:
    """Each of its frames comes back as it was."""
    assert frames.read_answer(frames.encode(frame)) == frame


@pytest.mark.parametrize("frame", BEATS)
def test_what_a_node_is_can_be_read(frame: frames.Beat) -> None:
    """Each of its frames comes back as it was."""
    assert frames.read_beat(frames.encode(frame)) == frame


def test_fields_of_a_later_version_are_left_alone() -> None:
    """A node of the next version sends more; a node of the last one sends less."""
    later = {"type": "heartbeat", "epoch": 7, "slots": 2, "temperature": {"gpu": [71]}}
    assert frames.read_beat(frames.encode(later)) == frames.Heartbeat(7, slots=2)
    assert frames.read_beat(frames.encode({"type": "hello", "epoch": 7})) == frames.Hello(7)


def test_frames_of_a_later_version_are_left_alone() -> None:
    """What this version knows nothing of is no fault of anybody's."""
    assert frames.read_request(frames.encode({"type": "migrate", "to": "node-b"})) is None
    assert frames.read_beat(frames.encode({"type": "mood"})) is None


@pytest.mark.parametrize("data", [b"", b"\xc1", b"GET / HTTP/1.1", b"\x81\xa4type", frames.encode(["open"])])
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    """Whatever bytes come, only msgspec's own errors do."""
    for read in (frames.read_request, frames.read_answer, frames.read_beat):
        with pytest.raises(msgspec.DecodeError):
            read(data)


def test_a_frame_with_a_wrong_field_is_refused() -> None:
    """A known frame must be what it says."""
    with pytest.raises(msgspec.ValidationError):
        frames.read_request(frames.encode({"type": "credit", "upto": "many"}))


def test_a_token_of_text_is_a_few_bytes() -> None:
    """What is sent for every token has no field that it does not need."""
    assert len(frames.encode(frames.Deltas(300, texts=[" word"]))) < 40


def test_the_page_names_every_field() -> None:
    """Whoever writes a node in another language reads `docs/link.md`: each frame and each field stands there."""
    page = (Path(__file__).parents[3] / "docs" / "link.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(\w+)`", page))
    kinds = {type(frame) for frame in (*TO_NODE, *TO_GATEWAY, *BEATS)}
    named = {kind.__struct_config__.tag for kind in kinds} | {name for kind in kinds for name in kind.__struct_fields__}
    assert named <= told
    assert set(get_args(frames.Kind)) | set(get_args(frames.FailureKind)) <= told
