"""Projects on the wire: the JSON of a project, and the bodies that make one or change one. Pure."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict, replace

from antiphon.chat import Sampling
from antiphon.errors import BadRequest
from antiphon.projects.model import Origin, Project
from antiphon.projects.template import Argument, Template

NAMES_MAX = 1_024  # of any list in a body; the rules of a project are narrower
Share = Annotated[float, Meta(ge=0, le=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Names = Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=NAMES_MAX)]


class WireDefaults(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a request of the project uses where it says nothing itself."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Share | None = None
    top_k: Annotated[int, Meta(ge=-1, le=1_000_000)] | None = None
    min_p: Share | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    repetition_penalty: Annotated[float, Meta(gt=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=16_777_216)] | None = None
    timeout_secs: Annotated[float, Meta(gt=0, le=86_400)] | None = None


class WireArgument(Struct, frozen=True, forbid_unknown_fields=True):
    """One declared argument of the system prompt."""

    name: str
    required: bool = True
    default: str | None = None
    description: Annotated[str, Meta(max_length=4_096)] = ""


class WireProject(Struct, frozen=True):
    """A project. `origin` is `stored`, `config` or `built-in`."""

    id: str
    key: str
    name: str
    description: str
    default_model: str | None
    models: tuple[str, ...]
    system_prompt: str | None
    arguments: tuple[WireArgument, ...]
    tool_providers: tuple[str, ...]
    defaults: WireDefaults
    store: bool | None
    created_at_ms: int
    updated_at_ms: int
    origin: Origin
    keep_days: int | None = None
    nodes: tuple[str, ...] = ()
    object: str = "project"


class WireProjects(Struct, frozen=True):
    """The list."""

    data: list[WireProject]
    object: str = "list"


class ProjectBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A project to be made; without a name it has its key's."""

    key: str
    name: str | None = None
    description: str = ""
    default_model: str | None = None
    models: Names = ()
    system_prompt: str | None = None
    arguments: tuple[WireArgument, ...] = ()
    tool_providers: Names = ()
    defaults: WireDefaults = WireDefaults()
    store: bool | None = None
    keep_days: int | None = None
    nodes: Names = ()


class ProjectChangeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be changed; null takes a value away. `updated_at_ms`: refuse if the project was changed since."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    default_model: str | UnsetType | None = UNSET
    models: Names | UnsetType = UNSET
    system_prompt: str | UnsetType | None = UNSET
    arguments: tuple[WireArgument, ...] | UnsetType = UNSET
    tool_providers: Names | UnsetType = UNSET
    defaults: WireDefaults | UnsetType = UNSET
    store: bool | UnsetType | None = UNSET
    keep_days: int | UnsetType | None = UNSET
    nodes: Names | UnsetType = UNSET
    updated_at_ms: int | UnsetType = UNSET


def shown(project: Project) -> WireProject:
    """A project as clients see it."""
    template = project.system_prompt
    sampling = project.defaults
    return WireProject(
        id=project.id,
        key=project.key,
        name=project.name,
        description=project.description,
        default_model=project.default_model,
        models=project.models,
        system_prompt=None if template is None else template.text,
        arguments=() if template is None else tuple(WireArgument(**asdict(one)) for one in template.arguments),
        tool_providers=project.tool_providers,
        defaults=WireDefaults(
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            min_p=sampling.min_p,
            frequency_penalty=sampling.frequency_penalty,
            presence_penalty=sampling.presence_penalty,
            repetition_penalty=sampling.repetition_penalty,
            max_tokens=sampling.max_tokens,
            timeout_secs=project.timeout_s,
        ),
        store=project.store,
        created_at_ms=project.created_at_ms,
        updated_at_ms=project.updated_at_ms,
        origin=project.origin,
        keep_days=project.keep_days,
        nodes=project.nodes,
    )


def draft(body: ProjectBody) -> Project:
    """The project that a body describes, without id and times."""
    return Project(
        id="",
        key=body.key,
        name=body.key if body.name is None else body.name,
        description=body.description,
        default_model=body.default_model,
        models=body.models,
        system_prompt=_template(body.system_prompt, body.arguments),
        tool_providers=body.tool_providers,
        defaults=_sampling(body.defaults),
        timeout_s=body.defaults.timeout_secs,
        store=body.store,
        keep_days=body.keep_days,
        nodes=body.nodes,
    )


def changed(project: Project, body: ProjectChangeBody) -> Project:
    """The project with everything changed that the body names."""
    given: dict[str, Any] = {}  # Any: one value for each field
    for field in ("name", "description", "default_model", "models", "tool_providers", "store", "keep_days", "nodes"):
        value = getattr(body, field)
        if value is not UNSET:
            given[field] = value
    if body.defaults is not UNSET:
        given |= {"defaults": _sampling(body.defaults), "timeout_s": body.defaults.timeout_secs}
    if body.system_prompt is not UNSET or body.arguments is not UNSET:
        given["system_prompt"] = _changed_template(project.system_prompt, body)
    return replace(project, **given)


def _changed_template(before: Template | None, body: ProjectChangeBody) -> Template | None:
    """Text and arguments can be changed apart; without a text there are no arguments."""
    text = body.system_prompt
    if text is UNSET:
        text = None if before is None else before.text
    if body.arguments is not UNSET:
        return _template(text, body.arguments)
    return None if text is None else Template(text, () if before is None else before.arguments)


def _template(text: str | None, arguments: tuple[WireArgument, ...]) -> Template | None:
    if text is None:
        if arguments:
            raise BadRequest("arguments: there is no `system_prompt` that takes them.", param="arguments")
        return None
    return Template(text, tuple(Argument(**asdict(one)) for one in arguments))


def _sampling(defaults: WireDefaults) -> Sampling:
    values = asdict(defaults)
    del values["timeout_secs"]
    return Sampling(**values)
