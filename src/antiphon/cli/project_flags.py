"""The flags that describe a project, and the JSON body that they stand for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from antiphon.errors import ConfigError

EMPTY: dict[str, Any] = {  # Any: what each field is when it is taken away
    "description": "",
    "default_model": None,
    "models": [],
    "system_prompt": None,
    "arguments": [],
    "tool_providers": [],
    "defaults": {},
    "store": None,
    "keep_days": None,
    "nodes": [],
}
Body = dict[str, Any]  # Any: a JSON object


@dataclass(frozen=True, kw_only=True)
class ProjectFlags:
    """One field a flag; None or empty where the flag was not given."""

    name: str | None = None
    """Its name for people."""
    description: str | None = None
    """What it is for."""
    default_model: str | None = None
    """Model of requests that name none."""
    model: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """A model that it has; without any it has all. Repeatable."""
    system_prompt: str | None = None
    """Text put in front of every conversation, or @FILE; {{name}} stands for an argument."""
    argument: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """An argument of the system prompt, as NAME or NAME=DEFAULT. Repeatable."""
    tool_provider: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """A tool provider whose tools its answers may use. Repeatable."""
    default: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """What requests use when they say nothing, as NAME=VALUE, such as temperature=0.2. Repeatable."""
    store: Literal["yes", "no"] | None = None
    """Whether turns are kept when the request does not say."""
    keep_days: int | None = None
    """Days until a stored turn is deleted; 0: it is kept."""
    node: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """A node that may answer its requests; without any all may. Repeatable."""


def body(flags: ProjectFlags, unset: tuple[str, ...] = ()) -> Body:
    """The JSON object with what the flags say; the fields of `unset` are emptied."""
    given: Body = {field: EMPTY[field] for field in unset}
    for field in ("name", "description", "default_model", "keep_days"):
        value = getattr(flags, field)
        if value is not None:
            given[field] = value
    if flags.system_prompt is not None:
        given["system_prompt"] = _text(flags.system_prompt)
    if flags.model:
        given["models"] = list(flags.model)
    if flags.tool_provider:
        given["tool_providers"] = list(flags.tool_provider)
    if flags.node:
        given["nodes"] = list(flags.node)
    if flags.argument:
        given["arguments"] = [_argument(one) for one in flags.argument]
    if flags.default:
        given["defaults"] = dict(_default(one) for one in flags.default)
    if flags.store is not None:
        given["store"] = flags.store == "yes"
    return given


def _text(given: str) -> str:
    """The text itself, or what the file after `@` holds."""
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--system-prompt: {given[1:]} cannot be read: {error}") from error


def _argument(given: str) -> Body:
    name, equals, default = given.partition("=")
    return {"name": name, "default": default} if equals else {"name": name}


def _default(given: str) -> tuple[str, object]:
    name, equals, value = given.partition("=")
    try:
        if equals:
            return name, json.loads(value)
    except ValueError:
        pass
    raise ConfigError(f"--default: {given!r} is not NAME=NUMBER.")
