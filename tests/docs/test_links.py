"""Links lead somewhere, and every page can be reached from the first one."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from .pages import DOCS, REPOSITORY, pages, prose, read

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
ELSEWHERE = ("https://keepachangelog.com/", "https://semver.org/")
SVG = "{http://www.w3.org/2000/svg}"


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures."""
    return LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in links."""
    plain = (re.sub(r"[`*\[\]]|\([^)]*\)", "", heading).lower() for heading in HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_resolve(page: Path) -> None:
    """Each target is a file of the repository, and its heading is there."""
    broken = []
    for link in links(page):
        if link.startswith(ELSEWHERE):
            continue
        target, _, anchor = link.partition("#")
        found = (page.parent / target).resolve() if target else page
        inside = found.is_relative_to(REPOSITORY)
        if not (inside and found.is_file()) or (anchor and anchor not in anchors(found)):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached() -> None:
    """By links, from README.md: a page that nobody finds is not written."""
    start = REPOSITORY / "README.md"
    seen, waiting = {start}, [start]
    while waiting:
        page = waiting.pop()
        for link in links(page):
            found = (page.parent / link.partition("#")[0]).resolve()
            if found.suffix == ".md" and found.is_file() and found not in seen:
                seen.add(found)
                waiting.append(found)
    assert {str(page) for page in pages()} - {str(page) for page in seen} == set()


def test_every_decision_is_listed() -> None:
    """In the order of its number, once."""
    folder = DOCS / "decisions"
    written = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [link for link in links(folder / "README.md") if link[0].isdigit()] == written
    assert len({name[:4] for name in written}) == len(written)


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.svg")), ids=lambda path: str(path.name))
def test_drawings_stand_alone(path: Path) -> None:
    """Well-formed, with words for those who cannot see them, light and dark, without scripts or outside parts."""
    text = read(path)
    root = ET.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title") is not None or root.get("aria-label")
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"<script|href=|@import|url\(h", text)
