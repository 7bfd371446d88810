"""What a variant makes of a request and of its project. Pure.

What a variant sets, it sets whatever the request says: otherwise a client with values of its own would see no
difference, and be counted as if it had. Only `max_tokens` is never more than the request allows.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from antiphon.campaigns.model import Variant
from antiphon.chat import ChatRequest, Sampling
from antiphon.projects.model import Project
from antiphon.projects.template import PLACEHOLDER, Argument, Template

NOTHING = Sampling()


def applied(variant: Variant, request: ChatRequest, project: Project) -> tuple[ChatRequest, Project]:
    """The request and the project as the variant has them."""
    changed = project
    if variant.system_prompt is not None:
        declared = () if project.system_prompt is None else project.system_prompt.arguments
        changed = replace(changed, system_prompt=Template(variant.system_prompt, declared))
    if variant.tool_providers is not None:
        changed = replace(changed, tool_providers=variant.tool_providers)
    if variant.sampling != NOTHING:
        request = replace(request, sampling=_sampling(variant.sampling, request.sampling))
    if variant.system_prompt_args and changed.system_prompt is not None:
        given = {**(request.system_prompt_args or {}), **variant.system_prompt_args}
        request = replace(request, system_prompt_args=given)
    if variant.use_tools is not None:
        request = replace(request, use_tools=variant.use_tools)
    if variant.tool_overrides:
        request = replace(request, tool_overrides=(*request.tool_overrides, *variant.tool_overrides))
    return request, changed


def deployed(variant: Variant, project: Project) -> Project:
    """The project as it is for everybody once the variant has won."""
    template = project.system_prompt
    if variant.system_prompt is not None:
        template = Template(variant.system_prompt, () if template is None else template.arguments)
    if template is not None and variant.system_prompt_args:
        template = replace(template, arguments=_with_defaults(template, variant))
    models = project.models
    if models and variant.model is not None and variant.model not in models:
        models = (*models, variant.model)
    return replace(
        project,
        default_model=variant.model or project.default_model,
        models=models,
        system_prompt=template,
        defaults=variant.sampling.filled(project.defaults),
        tool_providers=project.tool_providers if variant.tool_providers is None else variant.tool_providers,
    )


def _with_defaults(template: Template, variant: Variant) -> tuple[Argument, ...]:
    """The template's arguments, those that the variant gave with its values as defaults."""
    defaults = {name: _text(value) for name, value in variant.system_prompt_args.items()}
    declared = {argument.name: argument for argument in template.arguments}
    for name in dict.fromkeys(PLACEHOLDER.findall(template.text)):
        if name in defaults:
            declared[name] = replace(declared.get(name, Argument(name)), default=defaults[name])
    return tuple(declared.values())


def _text(value: Any) -> str:  # Any: a value of any JSON type
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _sampling(wanted: Sampling, asked: Sampling) -> Sampling:
    """The variant's values before the request's; what only a request can say stays as it says."""
    most = [tokens for tokens in (wanted.max_tokens, asked.max_tokens) if tokens is not None]
    return replace(
        wanted.filled(asked),
        max_tokens=min(most, default=None),
        seed=asked.seed,
        logit_bias=asked.logit_bias,
        stop=asked.stop,
        logprobs=asked.logprobs,
        top_logprobs=asked.top_logprobs,
    )
