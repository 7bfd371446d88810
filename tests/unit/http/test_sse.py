"""Server-sent events: the same payloads however the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.http.origin import Broken
from antiphon.http.sse import DONE, HEARTBEAT, LINE_BYTES_MAX, EventReader, event

line_text = st.text(st.characters(exclude_characters="\r\n", categories=None, exclude_categories=["Cs"]), max_size=40)
payloads = st.lists(line_text.map(lambda text: text.strip().encode().strip()).filter(bool), max_size=12)
noise = st.sampled_from(
    [b": heartbeat\n\n", b"event: x\n", b"id: 7\n", b"retry: 100\n", b"\n", b"data:\n\n", b": \xff\n"]
)


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    """`data` cut at these places."""
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


@given(payloads, st.lists(noise, min_size=1, max_size=4), st.lists(st.integers(0, 10_000), max_size=12), st.booleans())
def test_any_cut_gives_the_same_events(
    sent: list[bytes], between: list[bytes], cuts: list[int], carriage_returns: bool
) -> None:
    """Comments, other fields and line ends change nothing; neither does where the network cuts."""
    data = b"".join(between[i % len(between)] + event(payload) for i, payload in enumerate(sent))
    if carriage_returns:
        data = data.replace(b"\n", b"\r\n")
    reader = EventReader()
    received = [payload for piece in pieces_of(data, cuts) for payload in reader.feed(piece)]
    assert received == sent


def test_every_byte_apart() -> None:
    """A stream that comes byte by byte gives its events as soon as each line ends."""
    reader = EventReader()
    received = [reader.feed(bytes([byte])) for byte in b'data: {"a":1}\n\ndata:[DONE]\n\n']
    assert [payload for payloads in received for payload in payloads] == [b'{"a":1}', b"[DONE]"]
    assert received[13] == [b'{"a":1}']


def test_an_unfinished_event_is_held_back() -> None:
    """What has no line end yet is no event."""
    reader = EventReader()
    assert reader.feed(b"data: half") == []
    assert reader.feed(b" a line\n") == [b"half a line"]


def test_a_line_without_end_is_broken() -> None:
    """A line longer than the bound is refused as soon as that is known."""
    reader = EventReader()
    reader.feed(b"data: " + b"x" * (LINE_BYTES_MAX - 6))
    with pytest.raises(Broken):
        reader.feed(b"x")


def test_what_is_written() -> None:
    """Events, the closing mark and the heartbeat have exactly these bytes."""
    assert event(b"{}") == b"data: {}\n\n"
    assert DONE == b"data: [DONE]\n\n"
    assert HEARTBEAT == b": heartbeat\n\n"
    reader = EventReader()
    assert reader.feed(HEARTBEAT + event(b"{}") + DONE) == [b"{}", b"[DONE]"]
