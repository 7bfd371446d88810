"""From a checked request to a Plan: model, permission, images, grammars, defaults, and whether it fits the context."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec

from antiphon.campaigns.apply import applied
from antiphon.campaigns.entering import Assigned, Known, NoCampaigns, entered
from antiphon.chat import ChatRequest, Image, Message, Part
from antiphon.completions import reasoning
from antiphon.completions.ceiling import check_price, pinned
from antiphon.completions.compose import composed, with_memory
from antiphon.completions.fit import fitted, measured
from antiphon.completions.fit_prompts import check_prompts, prompts_fitted
from antiphon.completions.grammars import grammars
from antiphon.completions.plan import Bounds, Caller, Plan, closed_once
from antiphon.errors import BadRequest, PermissionDenied
from antiphon.ids import Ids
from antiphon.key import Key
from antiphon.models.catalogue import Model
from antiphon.projects.model import Project
from antiphon.projects.resolve import Target, resolve
from antiphon.vision.admission import ImageAdmission

PREFILL_CHARACTERS_INLINE = 10_000  # the remainder of a grammar after more may take longer than a loop should wait


class Models(Protocol):
    """The models on offer: one by name for a plan, and what a project needs to choose one."""

    def find(self, name: str) -> Model:
        """The model of that id or alias; ModelNotFound suggests the nearest name."""
        ...

    def id_of(self, name: str) -> str | None:
        """The id of the model with that id or alias."""
        ...

    def first(self) -> str | None:
        """The id of the first model that generates."""
        ...


Memory = Callable[[Key, str], Awaitable[tuple[Message, ...]]]  # session id -> the turns so far that the key may see


async def no_memory(key: Key, session_id: str) -> tuple[Message, ...]:  # noqa: ARG001 - as Memory asks
    """Nothing is remembered."""
    return ()


def always_room() -> None:
    """Whatever is to be stored is taken."""


class Preparation:
    """Makes plans. Make it within a running event loop.

    `projects` gives all projects by id and key; `memory` the earlier turns of a session; `campaigns` what requests may
    take part in; `require_room` raises Unavailable while no more can be stored.
    """

    def __init__(
        self,
        models: Models,
        images: ImageAdmission,
        bounds: Bounds,
        *,
        ids: Ids,
        projects: Callable[[], Mapping[str, Project]],
        memory: Memory = no_memory,
        campaigns: Known | None = None,
        require_room: Callable[[], None] = always_room,
    ) -> None:
        self._models = models
        self._images = images
        self._bounds = bounds
        self._ids = ids
        self._projects = projects
        self._memory = memory
        self._campaigns = campaigns or NoCampaigns()
        self._require_room = require_room
        self._loop = asyncio.get_running_loop()

    async def plan(self, request: ChatRequest, caller: Caller) -> Plan:
        """Check `request` against what it names; every refusal names its field."""
        key = caller.key
        target = resolve(
            request.model, project_first=request.project_first, key=key, projects=self._projects(), served=self._models
        )
        project, assigned = target.project, None
        if target.named and request.campaign is None:
            model = self._models.find(target.model)
        else:
            request, project, model, assigned = self._assigned(request, target, caller)
        if key.models and model.id not in key.models:
            raise PermissionDenied(f"This key may not use the model {model.id!r}.")
        check_price(model, key, request.prices_max)
        nodes = pinned(caller.nodes, key, project, model.offers)
        if nodes is not caller.nodes:
            caller = msgspec.structs.replace(caller, nodes=nodes)
        if model.embeds:
            message = f"model: {model.id!r} makes embeddings, it generates no text."
            raise BadRequest(message, param="model", code="model_not_supported")
        if request.sampling.logit_bias and model.vocabulary_size is not None:
            _check_tokens(request.sampling.logit_bias, model.vocabulary_size)
        check_prompts(request.prompts, model.vocabulary_size, "prompt")
        if not request.prompts:  # a text completion stays as it is
            if key.session_memory and request.session_id is not None:
                earlier = await self._memory(key, request.session_id)
                request = msgspec.structs.replace(request, messages=with_memory(request.messages, earlier))
            request = composed(request, project)
        if _holds_images(request):
            request = await self._admit_images(request, model)
        plan = self._timed(request, caller, model, project, assigned)
        if request.tools or request.response_format.kind != "text":
            long = plan.prefill is not None and len(plan.prefill) > PREFILL_CHARACTERS_INLINE
            plan = await asyncio.to_thread(grammars, plan) if long else grammars(plan)
        if model.thinks:
            reasoning.check(request.reasoning, plan.sampling.max_tokens)
        if request.prompts:
            return await prompts_fitted(plan)
        if request.prompt_tokens_max is None and model.context_length is None:
            return plan
        return await fitted(plan)

    def _assigned(
        self, request: ChatRequest, target: Target, caller: Caller
    ) -> tuple[ChatRequest, Project | None, Model, Assigned | None]:
        """What a request is for, and asks for, that leaves the model to its project or names a campaign."""
        models, project = self._models, target.project
        fits = self._sees if _holds_images(request) else None
        found = entered(request, target, caller.key, caller.answer_id, self._campaigns, models, fits)
        if found is None or project is None:
            return request, project, models.find(target.model), None
        name = found.variant.model or target.model
        # One that is not on offer is still the variant's: that nobody serves it is told, and counts, as its failure.
        model = Model(name, ()) if models.id_of(name) is None else models.find(name)
        request, project = applied(found.variant, request, project)
        return request, project, model, found.assigned

    def _sees(self, name: str) -> bool:
        """Whether a model takes images, as far as it is known."""
        return self._models.id_of(name) is None or "image" in self._models.find(name).modalities

    def _timed(
        self,
        request: ChatRequest,
        caller: Caller,
        model: Model,
        project: Project | None,
        assigned: Assigned | None,
    ) -> Plan:
        bounds = self._bounds
        now = self._loop.time()
        defaults = model.defaults if project is None else project.defaults.filled(model.defaults)
        total_s = bounds.total(request.timeout_s, project.timeout_s if project else None, model.timeout_s)
        sampling = request.sampling.filled(defaults)
        if request.scores and model.domain_aligned and not sampling.logprobs:
            sampling = msgspec.structs.replace(sampling, logprobs=True)
        stored = _stored(request, project)
        if stored:
            self._require_room()
        identified = stored or request.identified
        return Plan(
            request=request,
            caller=caller,
            model=model,
            sampling=sampling,
            begun_at=now,
            total_at=now + total_s,
            first_token_at=now + (bounds.first_token_s if request.max_ttft_s is None else request.max_ttft_s),
            prefill=_prefill(request.messages),
            project=project,
            session_id=self._ids.uuid() if request.identified and not request.session_id else request.session_id,
            stored=stored,
            completion_ids=tuple([self._ids.uuid() for _ in range(request.choices)]) if identified else (),
            assigned=assigned,
            prompt_size=None if request.prompts else measured(request),
        )

    async def _admit_images(self, request: ChatRequest, model: Model) -> ChatRequest:
        """Every image as a clean data URL; a model that takes no images refuses them before any is read."""
        places = [
            (i, j, part)
            for i, message in enumerate(request.messages)
            if isinstance(message.content, tuple)
            for j, part in enumerate(message.content)
            if isinstance(part, Image)
        ]
        if "image" not in model.modalities:
            param = f"messages[{places[0][0]}].content[{places[0][1]}]"
            raise BadRequest(f"{param}: the model {model.id!r} does not take images.", param=param)
        self._images.check_count(len(places))
        urls = {}
        for i, j, part in places:
            urls[i, j] = await self._images.admit(part.url, param=f"messages[{i}].content[{j}].image_url")
        messages = tuple(_with_images(message, i, urls) for i, message in enumerate(request.messages))
        return msgspec.structs.replace(request, messages=messages)


def _stored(request: ChatRequest, project: Project | None) -> bool:
    """Whether the turn is kept: as the caller says, else the project, else the door."""
    if request.store is not None:
        return request.store
    return request.stores if project is None or project.store is None else project.store


def _prefill(messages: tuple[Message, ...]) -> str | None:
    if not messages or messages[-1].role != "assistant":
        return None
    last = closed_once(messages)[-1]
    return last.text if last.role == "assistant" and not last.tool_calls else None


def _check_tokens(logit_bias: dict[str, float], vocabulary_size: int) -> None:
    for token in logit_bias:
        if int(token) >= vocabulary_size:
            message = f"logit_bias: the model has no token {token}, its last one is {vocabulary_size - 1}."
            raise BadRequest(message, param="logit_bias")


def _holds_images(request: ChatRequest) -> bool:
    for message in request.messages:
        if type(message.content) is tuple:
            return True
    return False


def _with_images(message: Message, i: int, urls: dict[tuple[int, int], str]) -> Message:
    if not isinstance(message.content, tuple):
        return message
    parts: tuple[Part, ...] = tuple(
        Image(urls[i, j]) if isinstance(part, Image) else part for j, part in enumerate(message.content)
    )
    return msgspec.structs.replace(message, content=parts)
