"""One place for each reference: the same again next time, and none that two references share."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.modelfiles import places
from antiphon.modelfiles.builtin import BUILTINS
from antiphon.modelfiles.reference import HubReference, URLReference, parse
from antiphon.modelfiles.store import Store
from tests.unit.modelfiles.gguf_files import write

HUB = (
    "hf:o/r:Q4_0",
    "hf:o/r@dev",
    "hf:o/r@a/b",
    "hf:o/r@v1.0",
    "hf:o/r2",
    "hf:o2/r",
)
WEB = (
    "https://a.example/m.gguf",
    "https://a.example/m.gguf?v=2",
    "https://b.example/m.gguf",
    "https://a.example/n.gguf",
)


def test_places_lie_below_the_folder(tmp_path: Path) -> None:
    """Each kind of reference has a part of it."""
    store = Store(tmp_path)
    builtin = BUILTINS["smollm2:135m"]
    assert places.of_builtin(store, builtin) == tmp_path / "builtin" / builtin.file
    assert places.of_repository(store, HubReference("o/r", None, None, "main")) == tmp_path / "hub" / "o" / "r" / "main"
    web = places.of_url(store, URLReference("https://a.example/m.gguf", "m.gguf", None))
    assert (web.parent.parent, web.name) == (tmp_path / "url", "m.gguf")


def test_different_references_have_different_places(tmp_path: Path) -> None:
    """A revision with a slash is one folder; files of one name from two addresses do not meet."""
    store = Store(tmp_path)
    hub = {places.of_repository(store, as_hub(text)) for text in HUB}
    web = {places.of_url(store, as_url(text)) for text in WEB}
    assert (len(hub), len(web)) == (len(HUB), len(WEB))
    assert all(len(place.relative_to(tmp_path / "hub").parts) == 3 for place in hub)
    assert web == {places.of_url(Store(tmp_path), as_url(text)) for text in WEB}


def test_a_digest_moves_no_file(tmp_path: Path) -> None:
    """It says what to expect at an address, not where to keep it."""
    store = Store(tmp_path)
    plain, checked = as_url(WEB[0]), as_url(f"{WEB[0]}#sha256={'a' * 64}")
    assert places.of_url(store, plain) == places.of_url(store, checked)


def as_hub(text: str) -> HubReference:
    """A hub reference."""
    reference = parse(text, names=frozenset())
    assert isinstance(reference, HubReference)
    return reference


def as_url(text: str) -> URLReference:
    """A web reference."""
    reference = parse(text, names=frozenset())
    assert isinstance(reference, URLReference)
    return reference


def test_the_usual_file_is_remembered(tmp_path: Path) -> None:
    """The last choice counts."""
    assert places.usual(tmp_path) is None
    for name in ("m.Q4_0.gguf", "sub/ü.gguf"):
        places.remember_usual(tmp_path, name)
        assert places.usual(tmp_path) == name


@pytest.mark.parametrize("kept", [b"", b" \n", b"\xff\xfe"])
def test_a_choice_that_cannot_be_read_is_none(tmp_path: Path, kept: bytes) -> None:
    """Then it is made again."""
    write(tmp_path / "usual.txt", kept)
    assert places.usual(tmp_path) is None


def test_a_choice_is_not_read_without_end(tmp_path: Path) -> None:
    """A file that grew is no reason to fill memory with a name."""
    write(tmp_path / "usual.txt", b"a" * 100_000)
    assert places.usual(tmp_path) == "a" * places.NAME_CHARACTERS_MAX
