"""Defaults that pages tell beside a setting's name are those of the settings."""

from __future__ import annotations

import re

from antiphon.settings.model import Settings
from antiphon.settings.paths import path_text
from antiphon.settings.schema import Schema

from .pages import DOCS, read

TOLD = re.compile(r"`([a-z_]+(?:\.[a-z_]+)+)`, (\d[\d,]*(?:\.\d+)?) ?(s\b|KiB|MiB|%|)")
SCALES = {"s": 1.0, "": 1.0, "%": 0.01, "KiB": 1024.0, "MiB": 1024.0**2}
ROUNDING = 1e-9


def test_defaults_in_pages_are_true() -> None:
    """`server.drain_s`, 30 s: the number behind a name is what the setting is when nobody sets it."""
    defaults = {path_text(setting.path): setting.default for setting in Schema(Settings).settings}
    wrong, told = [], 0
    for page in sorted(DOCS.glob("*.md")):
        for name, number, unit in TOLD.findall(read(page)):
            default = defaults.get(name)
            if isinstance(default, int | float):
                told += 1
                if abs(float(number.replace(",", "")) * SCALES[unit] - default) > ROUNDING:
                    wrong.append(f"{page.name}: {name} is {default}, not {number} {unit}")
    assert wrong == []
    assert told > 15
