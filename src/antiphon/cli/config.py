"""`antiphon config`: every setting with the place that it came from, the mistakes, the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from antiphon.cli.flags import SettingFlags, assignments
from antiphon.cli.output import Output

if TYPE_CHECKING:
    from antiphon.settings.load import Loaded
    from antiphon.settings.paths import SettingPath

Flags = Annotated[SettingFlags, Parameter(name="*")]


def show(*, flags: Flags = SettingFlags(), changed: bool = False, json: bool = False) -> int:
    """Show each setting, its value and the place that it came from; secrets are hidden.

    Parameters
    ----------
    changed
        Only settings that are not at their default.
    json
        Print JSON.
    flags
        What to set.

    """
    from antiphon.settings.load import load

    output = Output(as_json=json)
    loaded = load(config=flags.config, variables=os.environ, flags=assignments(flags), folder=Path.cwd())
    rows = [row for row in _rows(loaded) if not changed or row[2] != "default"]
    if json:
        settings = [{"path": path, "value": value, "source": source} for path, value, source in rows]
        output.json({"file": str(loaded.file) if loaded.file else None, "settings": settings})
    else:
        import json as encoder

        texts = [(path, encoder.dumps(value, ensure_ascii=False), source) for path, value, source in rows]
        output.table([("SETTING", "VALUE", "SOURCE"), *texts])
    return 0


def check(*, flags: Flags = SettingFlags(), json: bool = False) -> int:
    """Find all mistakes in the configuration; the exit code is 1 when there is one.

    Parameters
    ----------
    json
        Print JSON.
    flags
        What to set.

    """
    from antiphon.settings.load import examine

    output = Output(as_json=json)
    examined = examine(config=flags.config, variables=os.environ, flags=assignments(flags), folder=Path.cwd())
    if json:
        problems = [{"path": one.path, "source": one.source, "rule": one.rule} for one in examined.problems]
        output.json({"ok": not problems, "problems": problems})
    for problem in () if json else examined.problems:
        output.line(str(problem))
    if not examined.problems:
        file = examined.loaded.file if examined.loaded else None
        output.note(f"{file or 'The configuration'} is good.")
    return 1 if examined.problems else 0


def path(*, config: Path | None = None) -> int:
    """Print the configuration file that is read; the exit code is 1 when there is none.

    Parameters
    ----------
    config
        The file asked for.

    """
    from antiphon.settings.file import NAMES, find_file

    output = Output()
    found = find_file(config, os.environ, Path.cwd())
    if found is None:
        output.note(f"There is no configuration file: no --config, no ANTIPHON_CONFIG, no {', '.join(NAMES)} here.")
        return 1
    output.line(str(found))
    return 0


def _rows(loaded: Loaded) -> Iterator[tuple[str, object, str]]:
    from antiphon.settings.paths import path_text

    for found, value in _values(loaded.settings, ()):
        yield path_text(found), value, loaded.provenance.source(found)


def _values(value: object, above: SettingPath) -> Iterator[tuple[SettingPath, object]]:
    """Each value with its path; in the items of lists only what is set, to keep the list short."""
    import msgspec

    if isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            inner = getattr(value, field.name)
            inside_item = any(isinstance(segment, int) for segment in above)
            if not inside_item or inner != field.default:
                yield from _values(inner, (*above, field.name))
    elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        for index, item in enumerate(value):
            yield from _values(item, (*above, index))
    elif value is None or isinstance(value, str | int | float | bool):
        yield above, value
    elif isinstance(value, tuple):
        yield above, list(value)
    else:
        yield above, str(value)
