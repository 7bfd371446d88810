"""The life of a request for embeddings: model, limits, an engine, another one when it fails. No HTTP, no wire."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from antiphon.chat import EmbeddingRequest, Embeddings, Sampling, Usage, Vector
from antiphon.completions.ceiling import check_price, pinned
from antiphon.completions.deadline import Deadline
from antiphon.completions.fit_prompts import check_prompts, tokens_max
from antiphon.completions.generate import ATTEMPTS_MAX
from antiphon.completions.noted import noted
from antiphon.completions.plan import Bounds, Caller
from antiphon.completions.prepare import Models
from antiphon.completions.record import CLIENT_GONE, code
from antiphon.completions.retry_advice import RetryAdvice
from antiphon.completions.vectors import dimensions, shortened
from antiphon.engines import Job
from antiphon.errors import AntiphonError, BadRequest, EngineFailed, PermissionDenied, Unavailable
from antiphon.models.ask import Ask
from antiphon.models.catalogue import Model, Offer
from antiphon.models.fingerprint import CHARACTERS_PER_TOKEN
from antiphon.models.load import Place
from antiphon.models.placement import Placement
from antiphon.projects.model import Project
from antiphon.projects.resolve import resolve
from antiphon.wheel import TimerWheel


class EmbeddingPlan(Struct, frozen=True):
    """What is to be embedded, by which model, until when in the event loop's seconds."""

    request: EmbeddingRequest
    caller: Caller
    model: Model
    begun_at: float
    total_at: float
    project: Project | None = None

    @property
    def shown_model(self) -> str:
        """The model's name in the answer: as the caller wrote it, or the one that its project chose."""
        return self.request.model if self.project is None else self.model.id


class EmbeddingRecord(Struct, frozen=True):
    """What became of one request, for metrics."""

    plan: EmbeddingPlan
    usage: Usage
    ended_at: float
    failure: str | None = None
    node: str = ""


class EmbeddingService:
    """Serves embeddings. Make it within a running event loop; `projects` gives all projects by id and key."""

    def __init__(
        self,
        models: Models,
        placement: Placement,
        bounds: Bounds,
        *,
        projects: Callable[[], Mapping[str, Project]],
        wheel: TimerWheel,
        on_end: Callable[[EmbeddingRecord], None],
        advice: RetryAdvice | None = None,
    ) -> None:
        self._models = models
        self._placement = placement
        self._bounds = bounds
        self._projects = projects
        self._wheel = wheel
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._advice = advice or RetryAdvice(placement, self._loop.time)

    def plan(self, request: EmbeddingRequest, caller: Caller) -> EmbeddingPlan:
        """Check `request` against what it names; every refusal names its field."""
        key = caller.key
        target = resolve(
            request.model, project_first=request.project_first, key=key, projects=self._projects(), served=self._models
        )
        model = self._models.find(target.model)
        if key.models and model.id not in key.models:
            raise PermissionDenied(f"This key may not use the model {model.id!r}.")
        check_price(model, key)
        caller = replace(caller, nodes=pinned(caller.nodes, key, target.project, model.offers))
        if model.embeds is False:
            message = f"model: {model.id!r} generates text, it makes no embeddings."
            raise BadRequest(message, param="model", code="model_not_supported")
        check_prompts(request.inputs, model.vocabulary_size, "input")
        now = self._loop.time()
        total_s = self._bounds.total(request.timeout_s, model.timeout_s)
        return EmbeddingPlan(request, caller, model, now, now + total_s, target.project)

    async def embed(self, plan: EmbeddingPlan, beat: Callable[[], None]) -> tuple[Embeddings, str]:
        """The vectors and the node that made them; `beat` is called whenever a heartbeat is due."""
        try:
            with Deadline(self._wheel, plan.begun_at, plan.total_at, beat=beat, heartbeat_s=self._bounds.heartbeat_s):
                vectors, usage, node = await self._placed(plan)
            vectors = _as_asked(vectors, plan.request.dimensions)
        except AntiphonError as error:
            self._advice.refuse(plan.model.id, error)
            self._on_end(EmbeddingRecord(plan, Usage(), self._loop.time(), code(error)))
            raise
        except asyncio.CancelledError:
            self._on_end(EmbeddingRecord(plan, Usage(), self._loop.time(), CLIENT_GONE))
            raise
        self._on_end(EmbeddingRecord(plan, usage, self._loop.time(), node=node))
        return Embeddings(vectors, usage), node

    async def _placed(self, plan: EmbeddingPlan) -> tuple[tuple[Vector, ...], Usage, str]:
        """Asked for in one piece, elsewhere when the first engine fails."""
        placement, course = self._placement, plan.caller.course
        ask = Ask(
            plan.model, plan.caller.key.account, _prompt_tokens(plan), only=plan.caller.nodes, again=plan.caller.again
        )
        tried: frozenset[str] = frozenset()
        failure: AntiphonError | None = None
        while True:
            try:
                place = placement.take(ask, tried) or await self._waited(plan, ask, tried)
            except Unavailable as error:
                raise failure or error from None
            offer = place.offer
            tried |= {offer.engine.name}
            try:
                embedding = offer.engine.embed(offer.upstream_name, plan.request.inputs)
                vectors, usage = await (embedding if course is None else noted(course, offer, "", embedding))
                placement.succeeded(place)
                return vectors, usage, offer.engine.name
            except (EngineFailed, Unavailable) as error:
                failure = error
                placement.failed(place, error)
                if len(tried) >= ATTEMPTS_MAX:
                    raise
            except BadRequest as error:
                if error.code == "context_length_exceeded":
                    await _refuse_longest(plan, offer)
                raise
            finally:
                placement.give_back(place)

    async def _waited(self, plan: EmbeddingPlan, ask: Ask, tried: frozenset[str]) -> Place:
        """The place that is waited for in line."""
        if plan.caller.course is not None:
            plan.caller.course.queued(self._loop.time())
        return await self._placement.wait(ask, tried)


def _prompt_tokens(plan: EmbeddingPlan) -> int:
    """About how much its engine has to read."""
    return sum(map(len, plan.request.inputs)) // CHARACTERS_PER_TOKEN


async def _refuse_longest(plan: EmbeddingPlan, offer: Offer) -> None:
    """Name the text that is too long, which the engine's refusal does not, where its length can be told."""
    context = plan.model.context_length
    for number, text in enumerate(plan.request.inputs):
        if context is None or tokens_max(text) <= context:
            continue
        with contextlib.suppress(EngineFailed, Unavailable):
            tokens = await offer.engine.count_prompt_tokens(Job(offer.upstream_name, (), Sampling(), prompt=text))
            if tokens is not None and tokens > context:
                place = f"input[{number}]" if len(plan.request.inputs) > 1 else "input"
                message = f"{place}: it has {tokens} tokens, the model's context is {context}."
                raise BadRequest(message, param=place, code="context_length_exceeded")


def _as_asked(vectors: tuple[Vector, ...], wanted: int | None) -> tuple[Vector, ...]:
    """With as many dimensions as the request wants, which no engine is asked for: they differ in whether they can."""
    if wanted is None:
        return vectors
    own = dimensions(vectors[0])
    if wanted > own:
        raise BadRequest(f"dimensions: the model has {own}.", param="dimensions")
    return vectors if wanted == own else tuple(shortened(vector, wanted) for vector in vectors)
