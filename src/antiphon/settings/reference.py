"""The configuration reference, made from the settings themselves: `python -m antiphon.settings.reference FILE`.

A test fails when the file in `docs/` is not what this module writes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import inspect

from antiphon.markdown import table
from antiphon.settings.environment import variable_name
from antiphon.settings.model import Settings
from antiphon.settings.paths import EVERY, SettingPath, path_text
from antiphon.settings.schema import Schema, Setting, bare, item_struct, struct_fields, struct_type, title, type_name

INTRODUCTION = """\
# Configuration reference

<!-- Made by `make docs` from src/antiphon/settings; do not edit. -->

Settings come from four places; a later one wins: the defaults below, a file, the environment, flags.
`antiphon config` shows every value with the place that it came from, `antiphon config check` finds mistakes.

- **File.** The one given by `--config` or `ANTIPHON_CONFIG`, else `antiphon.yaml`, `antiphon.yml` or
  `antiphon.toml` in the current folder. `${NAME}` in a text is replaced by that environment variable,
  `${NAME:-text}` has a default, `$${` stands for `${`.
- **Environment.** The variable in the table. Lists are JSON or YAML, lists of texts also `a, b`. `N` is the number
  of a list's item, from 0. An empty variable counts as absent.
- **Flags.** `antiphon serve --help` lists them; `--set path=value` reaches every setting, as in
  `--set timeouts.first_token_s=20` or `--set models[0].parallel=2`; `models[].parallel` means every model.

A list replaces the list of an earlier place as a whole.
Paths are relative to the current folder; `~` is the home folder.
"""


def markdown() -> str:
    """The whole reference."""
    schema = Schema(Settings)
    top = [setting for setting in schema.settings if len(setting.path) == 1]
    parts = [INTRODUCTION, "## Top level\n", _table(one for one in top if item_struct(one.type) is None)]
    for path, struct in _sections(schema.root, ()):
        inside = [setting for setting in schema.settings if setting.path[:-1] == path]
        parts += [f"## `{path_text(path)}`\n", _docstring(struct) + "\n", _table(inside)]
    return "\n".join(parts)


def bounds(kind: inspect.Type) -> str:
    """The rule for a value in a few words: `1 to 8`, `above 0, at most 86400`."""
    if words := title(kind):
        return words
    match bare(kind):
        case inspect.IntType(gt=above, ge=least, le=most) | inspect.FloatType(gt=above, ge=least, le=most):
            if above is not None:
                return f"above {above:g}, at most {_number(most)}"
            return f"{_number(least)} to {_number(most)}"
        case inspect.StrType(min_length=int(least), max_length=int(most)):
            return f"{least:,} to {most:,} characters"
        case inspect.VarTupleType(item_type=item):
            return bounds(item)
    return ""


def _number(value: float | None) -> str:
    """A whole number as one, whatever its type: Python takes one `Annotated[...]` for another with equal bounds."""
    return f"{int(value) if value is not None and value == int(value) else value:,}"


def shown_default(setting: Setting) -> str:
    """The default as a file would have it."""
    match setting.default:
        case msgspec.NODEFAULT:
            return "required"
        case None:
            return "none"
        case Path() as path:
            return f"`{path}`"
    return f"`{json.dumps(setting.default)}`"


def _sections(struct: inspect.StructType, above: SettingPath) -> Iterator[tuple[SettingPath, inspect.StructType]]:
    for field in struct_fields(struct):
        path = (*above, *field.path)
        kind, item = bare(field.type), item_struct(field.type)
        inner = kind if isinstance(kind, inspect.StructType) else item
        if inner is not None:
            inner_path = (*path, EVERY) if item is not None else path
            yield inner_path, struct_type(inner.cls)
            yield from _sections(inner, inner_path)


def _docstring(struct: inspect.StructType) -> str:
    return " ".join((struct.cls.__doc__ or "").split())


def _table(settings: Iterable[Setting]) -> str:
    return table([("setting", "type", "default", "bounds", "variable", "meaning"), *map(_row, settings)])


def _row(setting: Setting) -> tuple[str, ...]:
    return (
        f"`{path_text(setting.path)}`",
        type_name(setting.type),
        shown_default(setting),
        bounds(setting.type),
        f"`{variable_name(setting.path)}`",
        setting.description,
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8")
