"""Tests of the console's files as they are read."""

from __future__ import annotations

import gzip
from pathlib import Path

from antiphon.console import assets

WORDS = b"let words = 1;\n" * 100


def test_files_are_read_by_their_paths(tmp_path: Path) -> None:
    """Those that browsers are given, compressed where that saves something."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "live.js").write_bytes(WORDS)
    (tmp_path / "short.css").write_bytes(b"a{}")
    (tmp_path / "picture.png").write_bytes(bytes(1_000))
    (tmp_path / "notes.md").write_text("not for browsers", encoding="utf-8")
    found = assets.read(tmp_path)
    assert list(found) == ["pages/live.js", "picture.png", "short.css"]
    script = found["pages/live.js"]
    assert script.media_type == b"text/javascript; charset=utf-8"
    assert script.gzipped is not None
    assert gzip.decompress(script.gzipped) == script.body == WORDS
    assert found["short.css"].gzipped is None
    assert found["picture.png"].gzipped is None


def test_a_file_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    """The same bytes have the same ETag, at every start and every gateway."""
    (tmp_path / "a.js").write_bytes(WORDS)
    (tmp_path / "b.js").write_bytes(WORDS)
    (tmp_path / "c.js").write_bytes(WORDS + b"\n")
    found = assets.read(tmp_path)
    assert found["a.js"] == found["b.js"] == assets.read(tmp_path)["a.js"]
    assert found["a.js"].etag != found["c.js"].etag


def test_the_package_has_a_page() -> None:
    """The one that everything begins with."""
    assert b"<!doctype html>" in assets.read()["index.html"].body.lower()
