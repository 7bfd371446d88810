"""The configuration file: found, read and parsed into plain values. YAML or TOML, by its ending."""

from __future__ import annotations

import tomllib
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from antiphon.errors import ConfigError

NAMES = ("antiphon.yaml", "antiphon.yml", "antiphon.toml")
VARIABLE = "ANTIPHON_CONFIG"
SIZE_BYTES_MAX = 1 << 20
DEPTH_MAX = 16


def find_file(given: Path | None, environment: Mapping[str, str], folder: Path) -> Path | None:
    """The file to read: the one given, the one that ANTIPHON_CONFIG names, or one of NAMES in `folder`."""
    named = given or (Path(environment[VARIABLE]) if environment.get(VARIABLE) else None)
    if named is not None:
        return named.expanduser()
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def read_file(path: Path) -> dict[str, Any]:  # Any: values as written, checked later
    """The file's values. What cannot be read or parsed raises ConfigError with the line where it is known."""
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_BYTES_MAX + 1)
        text = content.decode()
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError("the file is not UTF-8 text") from error
    if len(content) > SIZE_BYTES_MAX:
        raise ConfigError(f"the file is larger than {SIZE_BYTES_MAX} bytes")
    values = _parse_toml(text) if path.suffix.lower() == ".toml" else _parse_yaml(text)
    if not isinstance(values, dict):
        raise ConfigError("the file must hold a mapping of settings")
    _check_depth(values, DEPTH_MAX)
    return values


def _parse_toml(text: str) -> object:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"not well-formed TOML: {error}") from error


def _parse_yaml(text: str) -> object:
    try:
        values: object = yaml.load(text, Loader=UniqueKeyLoader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"not well-formed YAML{line}: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError("not well-formed YAML") from error
    return {} if values is None else values


def _check_depth(value: object, depth_left: int) -> None:
    if depth_left == 0:
        raise ConfigError(f"the file is nested deeper than {DEPTH_MAX} levels")
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _check_depth(item, depth_left - 1)


class UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, of which YAML would silently keep the last."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT002 - inherited
    ) -> dict[Hashable, Any]:
        """The mapping, once its keys are known to be unique texts."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                name = key.value if isinstance(key, yaml.ScalarNode) else "?"
                raise yaml.constructor.ConstructorError(
                    problem=f"the key `{name}` stands twice or is no plain text", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)
