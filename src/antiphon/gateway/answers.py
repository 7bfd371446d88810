"""Puts together what answers requests at the doors: chats, texts and vectors, and what becomes of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from antiphon.accounts.limits import Limiter
from antiphon.clock import Clock
from antiphon.completions.answering import Answering
from antiphon.completions.charging import Charging
from antiphon.completions.count_routes import CountRoutes, MessageTokens, ResponseTokens
from antiphon.completions.dialects import Dialect, EmbeddingDialect
from antiphon.completions.doors import MESSAGES, RESPONSES, Door
from antiphon.completions.embedding_routes import EmbeddingRoutes
from antiphon.completions.embeddings import EmbeddingRecord, EmbeddingService
from antiphon.completions.following import answered
from antiphon.completions.plan import Bounds
from antiphon.completions.poison import Poison
from antiphon.completions.prepare import Preparation
from antiphon.completions.recall import Recalling
from antiphon.completions.record import Record
from antiphon.completions.recording import counted, interactions
from antiphon.completions.response_routes import ResponseRoutes
from antiphon.completions.retry_advice import RetryAdvice
from antiphon.completions.routes import ChatRoutes
from antiphon.completions.service import Completions
from antiphon.completions.tool_loop import ToolLoop
from antiphon.gateway import values
from antiphon.gateway.storage import Storage
from antiphon.gateway.trusting import Trusting
from antiphon.ids import Ids
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement
from antiphon.observe.metrics import Metrics
from antiphon.providers.service import Providers
from antiphon.settings.model import Settings
from antiphon.vision.admission import ImageAdmission
from antiphon.wheel import TimerWheel


class Answers:
    """The handlers of all doors over one set of services. Make it within a running event loop."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        catalogue: Catalogue,
        placement: Placement,
        *,
        images: ImageAdmission,
        providers: Providers,
        limits: Limiter,
        charging: Charging,
        trusting: Trusting,
        metrics: Metrics,
        clock: Clock,
        ids: Ids,
        wheel: TimerWheel,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._catalogue = catalogue
        self._placement = placement
        self._images = images
        self._providers = providers
        self._limits = limits
        self._charging = charging
        self._trusting = trusting
        self._metrics = metrics
        self._clock = clock
        self._ids = ids
        self._wheel = wheel
        self._recalling = Recalling(storage.interactions, lambda: storage.projects.by_name, values.patience(settings))
        self._advice = RetryAdvice(placement, asyncio.get_running_loop().time)
        self._answering = self._both()
        self._vector_service = self._vectors()

    def chat(self, doors: tuple[Door, ...]) -> tuple[tuple[Door, ChatRoutes], ...]:
        """Chats, at each door."""
        return tuple((door, self._chat(door)) for door in doors)

    def text(self, doors: tuple[Door, ...]) -> tuple[tuple[Door, ChatRoutes], ...]:
        """Text completions, at the doors that have them."""
        return tuple((door, self._chat(door, door.text)) for door in doors if door.text)

    def embeddings(self, doors: tuple[Door, ...]) -> tuple[tuple[Door, EmbeddingRoutes], ...]:
        """Vectors, at the doors that have them."""
        return tuple((door, self._embedding(door, door.embeddings)) for door in doors if door.embeddings)

    def responses(self) -> ResponseRoutes:
        """Stored responses."""
        return ResponseRoutes(self._recalling)

    def response_tokens(self) -> CountRoutes:
        """What counts the tokens of a prompt as OpenAI does."""
        return self._counts(RESPONSES, ResponseTokens)

    def message_tokens(self) -> CountRoutes:
        """What counts the tokens of a prompt as Anthropic does."""
        return self._counts(MESSAGES, MessageTokens)

    def _counts(self, door: Door, told: Callable[[int], Struct]) -> CountRoutes:
        bounds = values.request_bounds(self._settings)
        return CountRoutes(door, told, self._answering, bounds, self._recalling)

    def _both(self) -> Answering:
        """Answers with and without tools of the server; the rounds behind one answer are not told one by one."""
        bounds = values.bounds(self._settings)
        preparation = self._preparation(bounds)
        poison = Poison(asyncio.get_running_loop().time)

        def completions(on_end: Callable[[Record], None]) -> Completions:
            return Completions(
                preparation,
                self._placement,
                bounds,
                ids=self._ids,
                wheel=self._wheel,
                on_end=on_end,
                draws=self._trusting.drawn,
                poison=poison,
                latest=self._catalogue.latest,
                advice=self._advice,
            )

        loop = ToolLoop(
            completions(lambda _record: None),
            self._providers,
            ids=self._ids,
            on_end=self._ended,
            heartbeat_s=bounds.heartbeat_s,
        )
        return Answering(completions(self._ended), loop, self._providers.offered)

    def _vectors(self) -> EmbeddingService:
        return EmbeddingService(
            self._catalogue,
            self._placement,
            values.bounds(self._settings),
            projects=lambda: self._storage.projects.by_name,
            wheel=self._wheel,
            on_end=self._embedded,
            advice=self._advice,
        )

    def _embedding(self, door: Door, dialect: EmbeddingDialect) -> EmbeddingRoutes:
        exact = self._settings.server.wire == "exact"
        bounds = values.request_bounds(self._settings)
        return EmbeddingRoutes(
            door,
            dialect,
            self._vector_service,
            bounds,
            self._charging,
            clock=self._clock,
            ids=self._ids,
            exact=exact,
        )

    def _preparation(self, bounds: Bounds) -> Preparation:
        storage = self._storage
        return Preparation(
            self._catalogue,
            self._images,
            bounds,
            ids=self._ids,
            projects=lambda: storage.projects.by_name,
            memory=storage.history,
            campaigns=storage.campaigns.known,
            require_room=storage.interactions.require_room,
        )

    def _ended(self, record: Record) -> None:
        """What became of a request is counted, charged, and kept where it is to be."""
        self._metrics.ended(record)
        if (course := record.plan.caller.course) is not None:
            answered(record, course)
        if record.examined is not None:
            self._trusting.ended(record)
        if record.plan.caller.key.ledger is not None:
            self._charging.ended(record)
        self._limits.use_tokens(record.plan.caller.key, record.usage.total_tokens, record.ended_at)
        if record.plan.assigned is not None:
            self._count(record)
        if record.plan.stored:
            self._storage.interactions.record(interactions(record, int(self._clock.now() * 1000)))

    def _count(self, record: Record) -> None:
        found = counted(record, int(self._clock.now() * 1000))
        if found is not None and record.plan.assigned is not None:
            self._metrics.campaigns.took_part(record.plan.assigned.campaign, found)
            self._storage.campaigns.counting.put(found)

    def _embedded(self, record: EmbeddingRecord) -> None:
        self._metrics.embedded(record)
        if (course := record.plan.caller.course) is not None:
            answered(record, course)
        if record.plan.caller.key.ledger is not None:
            self._charging.embedded(record)
        self._limits.use_tokens(record.plan.caller.key, record.usage.total_tokens, record.ended_at)

    def _chat(self, door: Door, dialect: Dialect | None = None) -> ChatRoutes:
        exact = self._settings.server.wire == "exact"
        bounds = values.request_bounds(self._settings)
        return ChatRoutes(
            door,
            self._answering,
            bounds,
            self._charging,
            clock=self._clock,
            ids=self._ids,
            exact=exact,
            dialect=dialect,
            recall=self._recalling,
        )
