"""The child's side of the pipe: one line is read, anything else ends it with a sentence."""

from __future__ import annotations

import os
import threading

import msgspec
import pytest

from antiphon.engines.embedded.child import DOCUMENT_BYTES_MAX, read_document
from antiphon.engines.embedded.options import ChildDocument, EngineOptions

DOCUMENT = ChildDocument(
    options=EngineOptions(model_name="m", model_path="/m.gguf"), socket_path="/s", api_key="k", parent_pid=1
)


def read(*pieces: bytes, close: bool = True) -> ChildDocument:
    """What a child reads when these bytes are written to it."""
    reader, writer = os.pipe()

    def write() -> None:
        with open(writer, "wb", buffering=0, closefd=close) as pipe:
            pipe.writelines(pieces)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        return read_document(reader)
    finally:
        os.close(reader)
        thread.join(5)
        if not close:
            os.close(writer)


def test_a_line_in_pieces() -> None:
    """The document may come in pieces; the pipe stays open after it."""
    line = msgspec.json.encode(DOCUMENT) + b"\n"
    assert read(line[:10], line[10:40], line[40:], close=False) == DOCUMENT


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is no JSON document"),
        (b"{}", "is no JSON document"),  # the line has no end
        (b"{}\n", "missing required field"),
        (b"[]\n", "is not valid"),
        (b'{"options":{}}\n', "missing required field"),
    ],
)
def test_bad_documents(data: bytes, words: str) -> None:
    """The sentence says what is wrong."""
    with pytest.raises(SystemExit, match=words):
        read(data)


def test_an_endless_line(capfd: pytest.CaptureFixture[str]) -> None:
    """More than 64 KiB without an end of line are not read on."""
    with pytest.raises(SystemExit, match="is no JSON document"):
        read(b"x" * DOCUMENT_BYTES_MAX, b"x" * 10)
