"""The configuration file is found, read and parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.errors import ConfigError
from antiphon.settings.file import DEPTH_MAX, NAMES, SIZE_BYTES_MAX, find_file, read_file


def test_yaml_and_toml_say_the_same(tmp_path: Path) -> None:
    """The ending decides how it is read."""
    (tmp_path / "a.yaml").write_text("server:\n  port: 9\nkeys:\n  - name: a\n")
    (tmp_path / "a.toml").write_text('[server]\nport = 9\n[[keys]]\nname = "a"\n')
    expected = {"server": {"port": 9}, "keys": [{"name": "a"}]}
    assert read_file(tmp_path / "a.yaml") == read_file(tmp_path / "a.toml") == expected


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    """It is as good as none."""
    (tmp_path / "a.yaml").write_text("# only a comment\n")
    assert read_file(tmp_path / "a.yaml") == {}


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.yaml", "a: 1\nserver: [1", "not well-formed YAML in line 2"),
        ("a.yaml", "a: 1\nb: 2\na: 3\n", "line 3: the key `a` stands twice"),
        ("a.yaml", "? [1, 2]\n: 3\n", "stands twice or is no plain text"),
        ("a.yaml", "a: !!python/object/apply:os.system [id]", "not well-formed YAML in line 1"),
        ("a.yaml", "- 1\n", "must hold a mapping"),
        ("a.yaml", "[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1), "must hold a mapping"),
        ("a.yaml", "a: " + "[" * DEPTH_MAX + "]" * DEPTH_MAX, "deeper than"),
        ("a.yaml", "a: " + "[" * 20_000, "not well-formed YAML"),
        ("a.yaml", "a: " + "x" * SIZE_BYTES_MAX, "larger than"),
        ("a.toml", "server = \n", "not well-formed TOML"),
        ("a.yaml", "a: \xff", "not UTF-8"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, name: str, content: str, rule: str) -> None:
    """The error says what is wrong, and in which line where that is known."""
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError, match=rule):
        read_file(tmp_path / name)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    """A file that was asked for must be there."""
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_file(tmp_path / "a.yaml")


def test_the_file_asked_for_comes_first(tmp_path: Path) -> None:
    """Then the variable, then the folder, then none."""
    variables = {"ANTIPHON_CONFIG": str(tmp_path / "variable.yaml")}
    assert find_file(None, {}, tmp_path) is None
    (tmp_path / NAMES[0]).touch()
    assert find_file(None, {}, tmp_path) == tmp_path / NAMES[0]
    assert find_file(None, variables, tmp_path) == tmp_path / "variable.yaml"
    assert find_file(Path("flag.yaml"), variables, tmp_path) == Path("flag.yaml")


@pytest.mark.parametrize("name", NAMES)
def test_each_usual_name_is_found(tmp_path: Path, name: str) -> None:
    """In the current folder."""
    (tmp_path / name).touch()
    assert find_file(None, {}, tmp_path) == tmp_path / name
