"""Messages as they are kept: nothing is lost but images, which leave a digest."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import Image, Message, Text, ToolCall
from antiphon.interactions.messages import decode, encode, kept, placeholder, prompt_hash

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
PARTS = st.lists(st.builds(Text, TEXTS) | st.builds(Image, TEXTS.map(lambda text: "https://" + text)), min_size=1)
MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=st.none() | TEXTS | PARTS.map(tuple),
    name=st.none() | TEXTS,
    tool_calls=st.lists(st.builds(ToolCall, TEXTS, TEXTS, TEXTS), max_size=2).map(tuple),
    tool_call_id=st.none() | TEXTS,
    reasoning=st.none() | TEXTS,
    completion_id=st.none() | TEXTS,
    metadata=st.none() | st.dictionaries(TEXTS, st.integers(-(2**53), 2**53), max_size=2),
)
PIXELS = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400
DATA_URL = "data:image/png;base64," + base64.b64encode(PIXELS).decode()


@given(st.lists(MESSAGES, max_size=4).map(tuple))
def test_messages_come_back(messages: tuple[Message, ...]) -> None:
    """Whatever a turn holds, it is read as it was written."""
    assert decode(encode(messages)) == messages


def test_an_image_leaves_its_digest() -> None:
    """The placeholder has the digest and the size of the file, so that anybody who has it can recognise it."""
    digest = hashlib.sha256(PIXELS).hexdigest()
    expected = f"stored-image:image/png;bytes={len(PIXELS)};sha256={digest}"
    messages = kept((Message("user", (Text("What is it?"), Image(DATA_URL))),))
    assert messages == (Message("user", (Text("What is it?"), Image(expected))),)
    assert kept(messages) == messages
    assert len(encode(messages)) < 300


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a.png", "https://example.com/a.png"),
        ("data:image/svg+xml;base64,AAAA", "stored-image:image;bytes=3;sha256="),
        ("DATA:IMAGE/PNG;base64,AAAA", "stored-image:image/png;bytes=3;sha256="),
        ("data:image/png;base64,AA\nAA", "stored-image:image/png;characters=5;sha256="),
        ("data:image/png,%89PNG", "stored-image:image/png;characters=6;sha256="),
        ("https://example.com/" + "a" * 3000, "stored-image:address;sha256="),
    ],
)
def test_odd_images_leave_something_too(url: str, expected: str) -> None:
    """An address is kept, data that is no plain base64 is told by its text."""
    assert placeholder(url).startswith(expected)
    assert len(placeholder(url)) < 160


def test_equal_prompts_have_equal_hashes() -> None:
    """Notes, ids of completions and earlier thoughts are no part of what a model reads."""
    plain = (Message("user", "Hello"), Message("assistant", "Hi"), Message("user", "Well?"))
    noted = (
        Message("user", "Hello", metadata={"from": "form"}),
        Message("assistant", "Hi", completion_id="c", reasoning="hm"),
        Message("user", "Well?"),
    )
    assert prompt_hash(plain) == prompt_hash(noted)
    assert len(prompt_hash(plain)) == 64


@pytest.mark.parametrize(
    "other",
    [
        (Message("user", "a"), Message("user", "b")),
        (Message("user", "ab"),),
        (Message("user", "a", name="b"),),
        (Message("system", "a"),),
        (Message("user", (Text("a"),)),),
        (Message("tool", "a", tool_call_id="1"),),
        (),
    ],
)
def test_other_prompts_have_other_hashes(other: tuple[Message, ...]) -> None:
    """Roles, names, texts and their borders count."""
    assert prompt_hash(other) != prompt_hash((Message("user", "a"),))
