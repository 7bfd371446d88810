"""Paths of settings: `models[0].name` as text, `("models", 0, "name")` inside; `models[].name` means every item."""

from __future__ import annotations

import re

from antiphon.errors import ConfigError

EVERY = "[]"  # the segment that stands for all items of a list
Segment = str | int
SettingPath = tuple[Segment, ...]
PART = re.compile(r"([A-Za-z0-9_]{1,64})((?:\[[0-9]{0,6}\])?)")


def path_text(path: SettingPath) -> str:
    """The path as people write it."""
    text = ""
    for segment in path:
        if isinstance(segment, int):
            text += f"[{segment}]"
        elif segment == EVERY:
            text += EVERY
        else:
            text += f".{segment}" if text else segment
    return text


def parse_path(text: str) -> SettingPath:
    """The reverse of `path_text`; text that is no path raises ConfigError."""
    path: list[Segment] = []
    for part in text.split("."):
        match = PART.fullmatch(part)
        if match is None:
            raise ConfigError(f"`{text}` is not the path of a setting, such as `server.port`.", param=text)
        name, index = match.groups()
        path.append(name)
        if index:
            path.append(EVERY if index == EVERY else int(index[1:-1]))
    return tuple(path)


def general(path: SettingPath) -> SettingPath:
    """The path with `[]` in place of each index."""
    return tuple(EVERY if isinstance(segment, int) else segment for segment in path)
