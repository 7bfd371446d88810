"""A project: which models it has, its system prompt and its defaults, and the rules that it keeps by itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from antiphon.chat import Sampling
from antiphon.ids import derived_uuid
from antiphon.projects import template
from antiphon.projects.template import Broken, Template

DEFAULT_KEY = "default"
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
NAME_CHARACTERS_MAX = 200
DESCRIPTION_CHARACTERS_MAX = 4_096
MODELS_MAX = 256
TOOL_PROVIDERS_MAX = 32
NODES_MAX = 256
KEEP_DAYS_MAX = 36_500
PROJECTS_MAX = 1_000  # that are kept; all are in memory

Origin = Literal["config", "stored", "built-in"]


class Project(Struct, frozen=True):
    """What a request gets by naming a project in place of a model, or before it.

    Empty `models`: all of them. No `default_model`: the first of `models` that is served. `store` None: as the door
    does. `keep_days` None: as the gateway says, 0: for ever. Only a `stored` project can be changed; a `built-in` one
    gives way to one that is stored or configured.
    """

    id: str
    key: str
    name: str
    description: str = ""
    default_model: str | None = None
    models: tuple[str, ...] = ()
    system_prompt: Template | None = None
    tool_providers: tuple[str, ...] = ()
    defaults: Sampling = Sampling()
    timeout_s: float | None = None
    store: bool | None = None
    created_at_ms: int = 0
    updated_at_ms: int = 0
    origin: Origin = "stored"
    keep_days: int | None = None
    nodes: tuple[str, ...] = ()  # that may answer; empty: all


def configured_id(key: str) -> str:
    """The id of a project that is configured or built in: always the same for its key."""
    return derived_uuid(f"project {key}")


def built_in(default_model: str | None) -> Project:
    """The project that is there where nobody made one."""
    description = "What requests get that name this project: every model, and no prompt of its own."
    return Project(
        configured_id(DEFAULT_KEY),
        DEFAULT_KEY,
        "Default",
        description,
        default_model,
        origin="built-in",
    )


def broken(project: Project) -> Broken:
    """Each rule that the project breaks, with the place of what is wrong."""
    if not KEY.fullmatch(project.key):
        yield ("key",), "expected 1 to 64 letters, digits and `._-`, beginning with a letter or digit"
    elif UUID.fullmatch(project.key):
        yield ("key",), "a key that looks like an id could be taken for one"
    if not 1 <= len(project.name) <= NAME_CHARACTERS_MAX:
        yield ("name",), f"expected 1 to {NAME_CHARACTERS_MAX} characters"
    if len(project.description) > DESCRIPTION_CHARACTERS_MAX:
        yield ("description",), f"expected at most {DESCRIPTION_CHARACTERS_MAX} characters"
    if project.models and project.default_model is not None and project.default_model not in project.models:
        yield ("default_model",), f"`{project.default_model}` is not one of `models`"
    yield from _names("models", project.models, MODELS_MAX)
    yield from _names("tool_providers", project.tool_providers, TOOL_PROVIDERS_MAX)
    yield from _names("nodes", project.nodes, NODES_MAX)
    if project.keep_days is not None and not 0 <= project.keep_days <= KEEP_DAYS_MAX:
        yield ("keep_days",), f"expected 0 to {KEEP_DAYS_MAX}"
    if project.system_prompt is not None:
        yield from template.broken(project.system_prompt)


def _names(field: str, names: Sequence[str], names_max: int) -> Broken:
    if len(names) > names_max:
        yield (field,), f"expected at most {names_max}"
    for index, name in enumerate(names):
        if not name:
            yield (field, index), "expected a name"
        elif name in names[:index]:
            yield (field, index), f"`{name}` stands there twice"
