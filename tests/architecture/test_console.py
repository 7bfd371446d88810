"""The console's files: text stays text, nothing stands inline, nothing comes from elsewhere, and none is long."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .tree import PACKAGE

STATIC = PACKAGE / "console" / "static"
LINES_MAX = 300
MODULES = sorted(STATIC.rglob("*.js"))
FILES = sorted(path for path in STATIC.rglob("*") if path.suffix in {".js", ".css", ".html"})
# What would parse a text as markup or as a program.
PARSERS = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|DOMParser|srcdoc|eval|Function)\b"
    r"|document\.write|setAttribute\(\"(?:style|on)"
)
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\s(?:style|on[a-z]+)\s*=\s*\"")
ELSEWHERE = re.compile(r"[\"'`(](?:https?:|wss?:)?//[a-z0-9]", re.IGNORECASE)
NAMESPACE = "http://www.w3.org/2000/svg"  # a name, which nothing ever asks for


def name(path: Path) -> str:
    """How a test is called."""
    return path.relative_to(STATIC).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_module_parses_text(path: Path) -> None:
    """What a model, a user or another account wrote can never become an element or a program."""
    assert not PARSERS.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_is_asked_of_others(path: Path) -> None:
    """Every address is one of the gateway's own."""
    text = path.read_text(encoding="utf-8").replace(NAMESPACE, "")
    assert not ELSEWHERE.findall(text)


def test_the_page_has_nothing_inline() -> None:
    """Its policy would refuse it."""
    assert not INLINE.findall((STATIC / "index.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_file_is_long(path: Path) -> None:
    """One idea a file."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_MAX


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """In a sentence at its head."""
    assert path.read_text(encoding="utf-8").startswith("// ")
