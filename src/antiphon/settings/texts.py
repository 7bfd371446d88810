"""Values that come as text (environment, flags, `${VARIABLE}` in a file), read by the type of their setting.

Pure: the environment is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml
from msgspec import inspect

from antiphon.errors import ConfigError
from antiphon.settings.paths import SettingPath
from antiphon.settings.schema import Schema, Setting, bare, item_struct, optional

VARIABLE = re.compile(r"\$(?:\$(?=\{)|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})")
TEXT_CHARACTERS_MAX = 65_536


def from_text(text: str, setting: Setting | None) -> object:
    """The value that a text means for a setting: itself where text is wanted, else YAML, lists also `a, b`."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise ConfigError(f"the value is longer than {TEXT_CHARACTERS_MAX} characters")
    if setting is None:
        return _yaml(text)
    if text == "null" and optional(setting.type):
        return None
    kind = bare(setting.type)
    if isinstance(kind, inspect.StrType | inspect.CustomType | inspect.LiteralType):
        return text
    if isinstance(kind, inspect.VarTupleType) and item_struct(kind) is None and not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    return _yaml(text)


def _yaml(text: str) -> object:
    try:
        value: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError("the value is neither plain text nor well-formed JSON or YAML") from error
    return value


def substitute(value: object, setting_path: SettingPath, schema: Schema, environment: Mapping[str, str]) -> object:
    """The value with each `${NAME}` and `${NAME:-default}` filled in, inside lists and mappings too; `$${` is `${`.

    A variable that is not set and has no default raises ConfigError with `param` naming it.
    """
    if isinstance(value, list):
        return [substitute(item, (*setting_path, index), schema, environment) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {name: substitute(item, (*setting_path, str(name)), schema, environment) for name, item in value.items()}
    if not isinstance(value, str) or not VARIABLE.search(value):
        return value
    return from_text(fill(value, environment), schema.find(setting_path))


def fill(text: str, environment: Mapping[str, str]) -> str:
    """The text with its variables filled in."""

    def replacement(match: re.Match[str]) -> str:
        name, default = match.groups()
        if name is None:
            return "$"
        if found := environment.get(name):
            return found
        if default is None:
            raise ConfigError(f"the environment variable {name} is not set; `${{{name}:-…}}` gives a default")
        return str(default)

    return VARIABLE.sub(replacement, text)
