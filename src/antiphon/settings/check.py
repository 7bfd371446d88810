"""Checks plain values against the schema: every unknown key and every wrong value, each with its path and rule.

Pure. What spans several settings is in `rules.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from antiphon.settings.layers import Problem, Provenance, Tree
from antiphon.settings.model import Settings
from antiphon.settings.paths import SettingPath, path_text
from antiphon.settings.schema import Schema, Setting, bare, item_struct, struct_fields, title, type_name
from antiphon.settings.secret import Secret

SECRET_CHARACTERS_MAX = 4096
INNER_PLACE = re.compile(r" - at `\$(.*)`$")


def problems(tree: Tree, schema: Schema, provenance: Provenance) -> Iterator[Problem]:
    """All that is wrong with the tree by itself."""
    for path, rule in _section(tree, schema.root, (), schema):
        yield Problem(path_text(path), provenance.source(path), rule)


def convert(tree: Tree) -> Settings:
    """The settings of a tree without problems."""
    return msgspec.convert(tree, Settings, dec_hook=decode)


def decode(kind: type, value: Any) -> Any:  # Any: msgspec's own signature of this hook
    """Builds the types that msgspec does not know: secrets and paths."""
    if not isinstance(value, str):
        raise ValueError(f"Expected text, got `{type(value).__name__}`")  # noqa: TRY004 - msgspec wraps ValueError
    if not 1 <= len(value) <= SECRET_CHARACTERS_MAX:
        raise ValueError(f"Expected text of 1 to {SECRET_CHARACTERS_MAX} characters")
    return Secret(value) if kind is Secret else Path(value).expanduser()


Found = Iterator[tuple[SettingPath, str]]


def _section(values: object, struct: inspect.StructType, path: SettingPath, schema: Schema) -> Found:
    if not isinstance(values, dict):
        yield path, f"Expected a mapping of settings, got `{type(values).__name__}`"
        return
    fields = {str(field.path[0]): field for field in struct_fields(struct)}
    for name in values:
        if name not in fields:
            yield (*path, str(name)), _unknown((*path, str(name)), list(fields), schema)
    for name, field in fields.items():
        if name in values:
            yield from _field(values[name], field, (*path, name), schema)
        elif field.default is msgspec.NODEFAULT:
            yield (*path, name), f"Missing: {field.description}"


def _field(value: object, field: Setting, path: SettingPath, schema: Schema) -> Found:
    kind = bare(field.type)
    if isinstance(kind, inspect.StructType):
        yield from _section(value, kind, path, schema)
        return
    item = item_struct(field.type)
    if item is not None and isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _section(entry, item, (*path, index), schema)
        return
    try:
        msgspec.convert(value, field.annotation, dec_hook=decode)
    except msgspec.ValidationError as error:
        yield path, _rule(str(error), field)


def _rule(message: str, field: Setting) -> str:
    place = INNER_PLACE.search(message)
    rule = INNER_PLACE.sub("", message)
    if "matching regex" in rule and (words := title(field.type)):
        rule = f"Expected {words}"
    if "Invalid enum value" in rule:
        rule = f"Expected {type_name(field.type)}"
    return f"{rule} (item {place.group(1)})" if place and place.group(1) else rule


def _unknown(path: SettingPath, siblings: list[str], schema: Schema) -> str:
    near = schema.nearest(path)
    hint = f"did you mean `{path_text(near)}`?" if near else f"here are: {', '.join(siblings)}"
    return f"There is no such setting; {hint}"
