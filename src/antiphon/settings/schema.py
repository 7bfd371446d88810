"""What settings exist: a walk over the structs that gives each setting's path, type, default and description.

Pure; values are checked in `check.py`, and `reference.py` prints what is found here.
"""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct, inspect

from antiphon.settings.paths import EVERY, SettingPath, general
from antiphon.settings.secret import Secret

TYPE_NAMES: Mapping[type[inspect.Type], str] = MappingProxyType(
    {
        inspect.StructType: "section",
        inspect.IntType: "integer",
        inspect.FloatType: "number",
        inspect.BoolType: "true or false",
        inspect.StrType: "text",
    }
)


class Setting(Struct, frozen=True):
    """One field of a section. `annotation` is what `msgspec.convert` takes, `default` may be `msgspec.NODEFAULT`."""

    path: SettingPath
    type: inspect.Type
    annotation: object
    default: object
    description: str


class Schema:
    """All settings under one struct, found by path; a list's items have `[]` in theirs."""

    def __init__(self, root: type[Struct]) -> None:
        self.root = struct_type(root)
        self.settings = tuple(_walk(self.root, ()))
        self._by_path = {setting.path: setting for setting in self.settings}

    def find(self, path: SettingPath) -> Setting | None:
        """The setting at a path, whichever indices it has; None for sections, structs and what does not exist."""
        wanted = general(path)
        found = self._by_path.get(wanted)
        if found is None and wanted[-1] == EVERY and (whole := self._by_path.get(wanted[:-1])) is not None:
            kind = bare(whole.type)
            if isinstance(kind, inspect.VarTupleType) and item_struct(kind) is None:
                return msgspec.structs.replace(whole, path=wanted, type=kind.item_type)
        return found

    def nearest(self, path: SettingPath) -> SettingPath | None:
        """The setting that was most likely meant by a path that does not exist."""
        names = {_flat(setting.path): setting.path for setting in self.settings}
        last_names = {str(setting.path[-1]): setting.path for setting in reversed(self.settings)}
        wanted, last = _flat(path), str(path[-1])
        if close := difflib.get_close_matches(wanted, names, n=1, cutoff=0.85):
            return names[close[0]]
        if close := difflib.get_close_matches(last, last_names, n=1, cutoff=0.75):
            return last_names[close[0]]
        return next((names[name] for name in difflib.get_close_matches(wanted, names, n=1)), None)


def struct_type(kind: type[Struct]) -> inspect.StructType:
    """The fields of a struct as msgspec sees them."""
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    return described


def struct_fields(struct: inspect.StructType) -> Iterator[Setting]:
    """The fields of one struct, each with its path inside the struct."""
    hints = typing.get_type_hints(struct.cls, include_extras=True)
    for field in struct.fields:
        extra = field.type.extra_json_schema if isinstance(field.type, inspect.Metadata) else None
        description = str((extra or {}).get("description", ""))
        yield Setting((field.name,), field.type, hints[field.name], field.default, description)


def bare(kind: inspect.Type) -> inspect.Type:
    """The type without its description and without `None`."""
    if isinstance(kind, inspect.Metadata):
        return bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        return bare(next(item for item in kind.types if not isinstance(item, inspect.NoneType)))
    return kind


def optional(kind: inspect.Type) -> bool:
    """Whether the setting may be absent, which is `None`."""
    if isinstance(kind, inspect.Metadata):
        return optional(kind.type)
    return isinstance(kind, inspect.UnionType) and any(isinstance(item, inspect.NoneType) for item in kind.types)


def title(kind: inspect.Type) -> str | None:
    """The words that stand for the type's pattern, None where it has none."""
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            own = (extra or {}).get("title")
            return own if isinstance(own, str) else title(inner)
        case inspect.UnionType(types=types):
            return next((found for item in types if (found := title(item))), None)
        case inspect.VarTupleType(item_type=item):
            return title(item)
    return None


def item_struct(kind: inspect.Type) -> inspect.StructType | None:
    """The struct that a list setting holds, None for lists of plain values and for what is no list."""
    kind = bare(kind)
    if isinstance(kind, inspect.VarTupleType):
        item = bare(kind.item_type)
        return item if isinstance(item, inspect.StructType) else None
    return None


def type_name(kind: inspect.Type) -> str:
    """A word or two for people: `integer`, `list of text`, `auto or json`."""
    kind = bare(kind)
    match kind:
        case inspect.LiteralType(values=values):
            return " or ".join(f"`{value}`" for value in values)
        case inspect.VarTupleType(item_type=item):
            return f"list of {type_name(item)}"
        case inspect.CustomType(cls=cls):
            return "secret" if cls is Secret else "path"
    return TYPE_NAMES[type(kind)]


def _flat(path: SettingPath) -> str:
    return "_".join(str(segment) for segment in general(path) if segment != EVERY).replace("-", "_").lower()


def _walk(struct: inspect.StructType, above: SettingPath) -> Iterator[Setting]:
    for field in struct_fields(struct):
        path = (*above, *field.path)
        inner = bare(field.type)
        if isinstance(inner, inspect.StructType):
            yield from _walk(inner, path)
            continue
        yield msgspec.structs.replace(field, path=path)
        if (item := item_struct(field.type)) is not None:
            yield from _walk(item, (*path, EVERY))
