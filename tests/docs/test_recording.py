"""The recording of the first minute: what a terminal was sent becomes an asciicast and a drawing."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

from .pages import DOCS, REPOSITORY, read

CAST = DOCS / "images" / "first-minute.cast"
DRAWING = DOCS / "images" / "first-minute.svg"
BYTES_MAX = 64 * 1024


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("recording_script", REPOSITORY / "scripts" / "recording.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_long_pauses_are_cut(script: ModuleType) -> None:
    """Whoever looks does not wait for a slow machine."""
    tape = script.Tape()
    tape.add("a", 0.25)
    tape.add("b", 60)
    assert [event.at for event in tape.events] == [0.75, 0.75 + script.PAUSE_S_MAX]


def test_lines_end_where_the_terminal_does(script: ModuleType) -> None:
    """A text that is too long goes on in the next row; bold is a look, and no text."""
    long = "x" * (script.WIDTH + 2)
    pieces = script.laid_out([script.Event(1, f"\x1b[1mab\x1b[0m\r\n{long}")])
    assert [(piece.row, piece.column, len(piece.text), piece.look) for piece in pieces] == [
        (0, 0, 2, "bold"),
        (1, 0, script.WIDTH, ""),
        (2, 0, 2, ""),
    ]


def test_what_follows_the_kill_looks_otherwise(script: ModuleType) -> None:
    """Up to the next prompt; the kill itself is no text."""
    events = [(1, "a", False), (2, "kill -9", True), (3, "b\r\n", False), (4, "c", False), (5, "$ ", False)]
    pieces = script.laid_out([script.Event(*event) for event in events])
    assert [(piece.text, piece.look) for piece in pieces] == [("a", ""), ("b", "after"), ("c", "after"), ("$ ", "")]


def test_the_recording_is_whole() -> None:
    """An asciicast of the second version, in the order of time, with the kill, and nothing of the machine."""
    head, *events = map(json.loads, read(CAST).splitlines())
    assert (head["version"], head["width"] > 0) == (2, True)
    times = [at for at, _, _ in events]
    assert times == sorted(times)
    assert times[-1] < 45
    assert [kind for _, kind, _ in events].count("m") == 1
    said = "".join(text for _, kind, text in events if kind == "o")
    assert "antiphon serve" in said
    assert "Ready." in said
    assert "/.venv/" not in said + read(DRAWING)


def test_the_drawing_is_of_the_recording(script: ModuleType) -> None:
    """Made by the script from the same events, and small."""
    events = [script.Event(at, text, kind == "m") for at, kind, text in map(json.loads, read(CAST).splitlines()[1:])]
    assert read(DRAWING) == script.drawing(events)
    assert DRAWING.stat().st_size < BYTES_MAX
    assert ET.fromstring(read(DRAWING)).tag.endswith("svg")
