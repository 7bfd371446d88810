"""The settings of projects, and the values that they stand for."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.chat import Sampling
from antiphon.projects.model import Project, configured_id
from antiphon.projects.template import Argument, Template
from antiphon.settings.bounds import ArgumentName, Days, Name, NonEmpty, ProjectKey, Prompt
from antiphon.settings.serving import GenerationDefaults


class ArgumentSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An argument of a system prompt. A placeholder that is not declared here is a required argument."""

    name: Annotated[ArgumentName, Meta(description="The word between `{{` and `}}`.")]
    required: Annotated[
        bool,
        Meta(description="Refuse requests that do not give it; otherwise its place stays empty."),
    ] = True
    default: Annotated[
        NonEmpty | None,
        Meta(description="Stands in for a value that is not given, so that none is required."),
    ] = None
    description: Annotated[NonEmpty | None, Meta(description="What it is for.")] = None


class ProjectDefaults(GenerationDefaults, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What requests of the project use when they say nothing; absent means the model's default."""


class ProjectSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What requests get that name the project in place of a model, or before it."""

    key: Annotated[ProjectKey, Meta(description="The name that requests use.")]
    name: Annotated[NonEmpty | None, Meta(description="Its name for people; absent: the key.")] = None
    description: Annotated[NonEmpty | None, Meta(description="What it is for.")] = None
    default_model: Annotated[
        Name | None,
        Meta(description="Model of requests that name none; absent: the first of `models` that is served."),
    ] = None
    models: Annotated[tuple[Name, ...], Meta(description="Models that it has; empty means all.")] = ()
    system_prompt: Annotated[
        Prompt | None,
        Meta(description="Put in front of every conversation; `{{name}}` is replaced by an argument."),
    ] = None
    arguments: Annotated[
        tuple[ArgumentSettings, ...],
        Meta(description="What is said of the system prompt's arguments."),
    ] = ()
    tool_providers: Annotated[
        tuple[Name, ...],
        Meta(description="Keys of the tool providers whose tools its answers may use."),
    ] = ()
    defaults: Annotated[
        ProjectDefaults,
        Meta(description="What is used when the request says nothing; goes before the model's."),
    ] = ProjectDefaults()
    store: Annotated[
        bool | None,
        Meta(description="Whether turns are kept when the request does not say; absent: as the address does."),
    ] = None
    keep_days: Annotated[
        Days | None,
        Meta(description="Days until a stored turn is deleted, 0: it is kept; absent: `interactions.keep_days`."),
    ] = None
    nodes: Annotated[
        tuple[Name, ...],
        Meta(description="Nodes that may answer its requests, as answers name them; empty means all."),
    ] = ()


def as_project(settings: ProjectSettings) -> Project:
    """The project that the settings stand for."""
    defaults = settings.defaults
    return Project(
        id=configured_id(settings.key),
        key=settings.key,
        name=settings.name or settings.key,
        description=settings.description or "",
        default_model=settings.default_model,
        models=settings.models,
        system_prompt=_template(settings),
        tool_providers=settings.tool_providers,
        defaults=Sampling(
            temperature=defaults.temperature,
            top_p=defaults.top_p,
            top_k=defaults.top_k,
            min_p=defaults.min_p,
            frequency_penalty=defaults.frequency_penalty,
            presence_penalty=defaults.presence_penalty,
            repetition_penalty=defaults.repetition_penalty,
            max_tokens=defaults.max_tokens,
        ),
        timeout_s=defaults.timeout_secs,
        store=settings.store,
        keep_days=settings.keep_days,
        nodes=settings.nodes,
        origin="config",
    )


def _template(settings: ProjectSettings) -> Template | None:
    if settings.system_prompt is None:
        return None
    arguments = (Argument(one.name, one.required, one.default, one.description or "") for one in settings.arguments)
    return Template(settings.system_prompt, tuple(arguments))
