"""The checks as a whole: each tells what it asks, and the page of them is complete."""

from __future__ import annotations

import re

import pytest

from antiphon.conformance.suite import AREAS, CHECKS, chosen
from antiphon.errors import ConfigError
from tests.docs.pages import DOCS, read, table_rows

SOURCES = {"OpenAI", "Dria", "DMind", "Nugen", "Adaptive", "Antiphon"}
SENTENCE = re.compile(r"[A-Z`].*\.")


def test_every_check_tells_what_it_asks() -> None:
    """By a name of its own, a sentence, and whose promise it is."""
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert SENTENCE.fullmatch(check.what), check.id
        assert set(check.source.split(", ")) <= SOURCES, check.id


def test_what_is_our_own_page_only_is_mandatory_where_it_is_stored() -> None:
    """A promise that no other API makes stands against a server only where it is about what was stored."""
    own = {check.area for check in CHECKS if check.source == "Antiphon" and check.mandatory}
    assert own <= {"interactions", "sessions", "truncation"}


def test_checks_are_chosen() -> None:
    """By area, door and patience."""
    assert {check.area for check in chosen(areas=("tools", "n"))} == {"tools", "n"}
    assert {check.door for check in chosen(door="nugen")} == {"nugen"}
    assert {check.id for check in chosen(slow=True)} - {check.id for check in chosen()} == {
        "heartbeats.plain",
        "heartbeats.streamed",
    }
    with pytest.raises(ConfigError, match="no area 'cheese'; there are plain, stream"):
        chosen(areas=("cheese",))


def test_the_page_lists_every_area() -> None:
    """With the number of its checks, and of those that are mandatory."""
    rows = {row[0].strip("`"): row[1:3] for row in table_rows(read(DOCS / "conformance.md"), "area")}
    counted = {
        area: [
            str(sum(check.area == area for check in CHECKS)),
            str(sum(check.area == area and check.mandatory for check in CHECKS)),
        ]
        for area in AREAS
    }
    assert rows == counted
