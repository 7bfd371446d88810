"""Flags that describe a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.cli.project_flags import EMPTY, ProjectFlags, body
from antiphon.errors import ConfigError
from antiphon.projects.wire import ProjectChangeBody


def test_each_flag_is_a_field() -> None:
    """In the form that the gateway takes."""
    flags = ProjectFlags(
        name="N",
        description="D",
        default_model="m",
        model=("m", "n"),
        system_prompt="{{a}} {{b}}",
        argument=("a", "b=x=y", "c="),
        tool_provider=("search",),
        default=("temperature=0.5", "max_tokens=9"),
        store="no",
        node=("node-1",),
    )
    assert body(flags) == {
        "name": "N",
        "description": "D",
        "default_model": "m",
        "models": ["m", "n"],
        "system_prompt": "{{a}} {{b}}",
        "arguments": [{"name": "a"}, {"name": "b", "default": "x=y"}, {"name": "c", "default": ""}],
        "tool_providers": ["search"],
        "defaults": {"temperature": 0.5, "max_tokens": 9},
        "store": False,
        "nodes": ["node-1"],
    }


def test_no_flag_is_no_field() -> None:
    """So that a change touches nothing by mistake; an empty text is a flag."""
    assert body(ProjectFlags()) == {}
    assert body(ProjectFlags(description="", store="yes")) == {"description": "", "store": True}


def test_fields_can_be_emptied() -> None:
    """All but those that a project must have."""
    assert body(ProjectFlags(), ("models", "store")) == {"models": [], "store": None}
    assert set(EMPTY) == set(ProjectChangeBody.__struct_fields__) - {"name", "updated_at_ms"}


def test_a_prompt_may_be_in_a_file(tmp_path: Path) -> None:
    """Without its last line end."""
    file = tmp_path / "prompt.txt"
    file.write_text("Be\nkind.\n", encoding="utf-8")
    assert body(ProjectFlags(system_prompt=f"@{file}")) == {"system_prompt": "Be\nkind."}
    file.write_bytes(b"\xff")
    for path in (file, tmp_path / "absent"):
        with pytest.raises(ConfigError, match=path.name):
            body(ProjectFlags(system_prompt=f"@{path}"))


@pytest.mark.parametrize("given", ["temperature", "temperature=", "temperature=warm", "=="])
def test_a_default_is_a_number(given: str) -> None:
    """Or the flag is wrong."""
    with pytest.raises(ConfigError, match="NAME=NUMBER"):
        body(ProjectFlags(default=(given,)))
