"""Paths of settings, as text and inside."""

from __future__ import annotations

import pytest

from antiphon.errors import ConfigError
from antiphon.settings.paths import EVERY, SettingPath, general, parse_path, path_text

PATHS: list[tuple[str, SettingPath]] = [
    ("data_dir", ("data_dir",)),
    ("server.port", ("server", "port")),
    ("models[0].name", ("models", 0, "name")),
    ("models[].parallel", ("models", EVERY, "parallel")),
    ("upstreams[1].models[20].name", ("upstreams", 1, "models", 20, "name")),
]


@pytest.mark.parametrize(("text", "path"), PATHS)
def test_a_path_reads_and_writes(text: str, path: SettingPath) -> None:
    """Text and path are each other's reverse."""
    assert parse_path(text) == path
    assert path_text(path) == text


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "[0]", "a[0][1]", "a b", "a[1234567]", "ä"]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    """The error names the text."""
    with pytest.raises(ConfigError, match="is not the path of a setting"):
        parse_path(text)


def test_the_general_path_has_no_indices() -> None:
    """Each index becomes the sign for every item."""
    assert path_text(general(("models", 3, "name"))) == "models[].name"
