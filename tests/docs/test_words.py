"""The pages read well unbuilt: short lines, one title, no places that only we can reach, no words of a brochure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .pages import DOCS, REPOSITORY, pages, prose, read

LINE_CHARACTERS_MAX = 120
DECISION_LINES_MAX = 60
# Package registries, and places of one machine.
REGISTRIES = ("pypi.org", "pythonhosted", "npmjs", "registry.", "index-url", "deb.debian.org")
PLACES = re.compile(r"(?<![\w.~/])/(work|root|home|tmp|Users)/\w")
BROCHURE = re.compile(
    r"\b(blazing\w*|seamless\w*|effortless\w*|cutting[- ]edge|world[- ]class|revolution\w*|powerful|robust|"
    r"leverage[sd]?|simply|game[- ]chang\w*|state[- ]of[- ]the[- ]art|supercharge\w*|unleash\w*)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_page_reads_well(page: Path) -> None:
    """One title, lines that fit a screen, nothing that only our machines know."""
    text = read(page)
    assert re.match(r"# \S", text), "a page begins with its title"
    assert len(re.findall(r"^# ", prose(page), re.MULTILINE)) == 1
    assert text.endswith("\n")
    long = [
        line
        for line in prose(page).splitlines()
        if len(line) > LINE_CHARACTERS_MAX and not line.startswith(("|", "!["))
    ]
    assert long == []
    assert [word for word in REGISTRIES if word in text] == []
    assert PLACES.findall(text) == []
    assert BROCHURE.findall(prose(page)) == []


@pytest.mark.parametrize("path", sorted((DOCS / "decisions").glob("[0-9]*.md")), ids=lambda path: str(path.name))
def test_decisions_are_short(path: Path) -> None:
    """Under sixty lines, with what was chosen and what it costs."""
    assert len(read(path).splitlines()) < DECISION_LINES_MAX
