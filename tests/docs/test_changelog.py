"""The list of changes says of each version what it breaks."""

from __future__ import annotations

import re

from antiphon import __version__

from .pages import REPOSITORY, read

VERSION = re.compile(r"^## (?P<name>Unreleased|\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\))\n\n(?P<first>.+)$", re.MULTILINE)


def test_each_version_begins_with_what_it_breaks() -> None:
    """Also when that is nothing; the newest is either being made or the code's own."""
    text = read(REPOSITORY / "CHANGELOG.md")
    versions = [(match["name"], match["first"]) for match in VERSION.finditer(text)]
    assert len(versions) == len(re.findall(r"^## ", text, re.MULTILINE)) > 0
    assert {first for _, first in versions} == {"### Breaking"}
    assert versions[0][0] == "Unreleased" or versions[0][0].startswith(f"{__version__} ")
