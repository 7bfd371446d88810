"""Settings as an operator may see them: each with its value, its default and what it means, secrets left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, inspect

from antiphon.settings.model import Settings
from antiphon.settings.paths import SettingPath, path_text
from antiphon.settings.schema import Schema, bare, type_name
from antiphon.settings.secret import Secret

SET = "set"


class Shown(Struct, frozen=True):
    """One setting; the value of a secret is `set`, or None where it is not."""

    name: str
    value: Any  # Any: a setting is whatever its type says
    default: Any
    type: str
    description: str
    secret: bool

    @property
    def changed(self) -> bool:
        """Whether it is not what it would be by itself."""
        return bool(self.value != self.default)


def shown(settings: Settings) -> Iterator[Shown]:
    """All of them, in the order of the reference; a list of sections shows what is in each of its items."""
    schema = Schema(Settings)
    for path, value in _values(settings, ()):
        setting = schema.find(path)
        assert setting is not None, "a field of a section is a setting"
        default = None if setting.default is msgspec.NODEFAULT else setting.default
        kind = bare(setting.type)
        secret = isinstance(kind, inspect.CustomType) and kind.cls is Secret
        yield Shown(
            path_text(path), _plain(value), _plain(default), type_name(setting.type), setting.description, secret
        )  # fmt: skip


def _values(section: Struct, above: SettingPath) -> Iterator[tuple[SettingPath, object]]:
    for field in msgspec.structs.fields(section):
        path, value = (*above, field.name), getattr(section, field.name)
        if isinstance(value, Struct):
            yield from _values(value, path)
        elif isinstance(value, tuple) and value and isinstance(value[0], Struct):
            for index, item in enumerate(value):
                yield from _values(item, (*path, index))
        else:
            yield path, value


def _plain(value: object) -> Any:  # Any: as the wire takes it
    return msgspec.to_builtins(value, enc_hook=_encoded)


def _encoded(value: object) -> object:
    if isinstance(value, Secret):
        return SET
    assert isinstance(value, Path), "settings hold nothing else that is not plain"
    return str(value)
