"""A server that others run: which engine it is, what it serves, whether it can be reached."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

import msgspec

from antiphon.clock import Clock
from antiphon.engines import ModelFacts
from antiphon.engines.embeds import embeds
from antiphon.engines.kinds import KINDS, EngineKind, kind
from antiphon.engines.probe import native_tools, recognise, thought
from antiphon.engines.thought import Thought
from antiphon.engines.upstream import HttpEngine
from antiphon.errors import AntiphonError
from antiphon.http.client import Pool
from antiphon.http.origin import ClientLimits, Origin
from antiphon.models.catalogue import Catalogue, Model
from antiphon.observe.logs import Log
from antiphon.settings.serving import UpstreamModel, UpstreamSettings
from antiphon.sources.described import described

REFRESH_S = 10.0
REFRESH_DOWN_S = 1.0
ASK_S = 10.0
UNUSABLE = (AntiphonError, TimeoutError, msgspec.MsgspecError, RecursionError)  # no answer, or none that can be read


def upstream_name(settings: UpstreamSettings) -> str:
    """What an upstream is called: as it was named, else by its host, port and path."""
    parts = urlsplit(settings.url.rstrip("/").removesuffix("/v1"))
    return settings.name or parts.netloc + parts.path


class UpstreamSource:
    """Asks one server again and again; a server that is down comes back within a second or so of its return."""

    def __init__(
        self, settings: UpstreamSettings, catalogue: Catalogue, *, connect_s: float, clock: Clock, log: Log
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._clock = clock
        self._log = log
        url = settings.url.rstrip("/").removesuffix("/v1")
        self.name = upstream_name(settings)
        limits = ClientLimits(connect_s=connect_s, connections_max=settings.connections_max)
        tls = _unverified() if not settings.tls_verify else None
        self._pool = Pool(Origin.parse(url), limits=limits, tls=tls)
        known = KINDS["openai"] if settings.kind == "auto" else kind(settings.kind)
        self._engine = self._make(known)
        self._recognised = settings.kind != "auto"
        self._tried: dict[str, tuple[bool, bool, Thought | None]] = {}  # by the upstream's name of the model
        self._created = int(clock.now())
        if settings.models:
            self._offer([])

    def _make(self, engine_kind: EngineKind) -> HttpEngine:
        key = self._settings.api_key
        return HttpEngine(self.name, self._pool, engine_kind, api_key=key.reveal() if key else None)

    async def run(self) -> None:
        """Keep the catalogue true until cancelled."""
        while True:
            up = await self._refresh()
            await asyncio.sleep(REFRESH_S if up else REFRESH_DOWN_S)

    async def _refresh(self) -> bool:
        """Ask what it serves; True when it answered."""
        was_down = self._engine.unavailable() is not None
        try:
            async with asyncio.timeout(ASK_S):
                if not self._recognised:
                    self._engine = self._make(await recognise(self._engine.get))
                    self._recognised = True
                facts = await self._engine.models()
        except UNUSABLE as error:
            if not was_down:
                self._log.warning("upstream cannot be reached", upstream=self.name, reason=str(error) or "timed out")
            self._engine.down = True
            return False
        if was_down:
            self._log.info("upstream is back", upstream=self.name)
            self._tried.clear()  # it may have been started in another way
        self._engine.down = False
        self._offer([await self._with_abilities(model) for model in facts])
        return True

    async def _with_abilities(self, facts: ModelFacts) -> ModelFacts:
        """What a model can do besides chatting, by kind and name; asked once a model where only a trial can tell.

        A trial that fails tells nothing, since a busy server fails too: it is made again at the next look, and until
        then the grammar makes the calls, as for any model that knows no tools, and nothing is asked of its thinking.
        """
        if facts.name not in self._tried:
            try:
                async with asyncio.timeout(ASK_S):
                    self._tried[facts.name] = await self._abilities(facts)
            except UNUSABLE:
                return msgspec.structs.replace(facts, native_tools=False)
        embeds, native, known = self._tried[facts.name]
        return msgspec.structs.replace(facts, embeds=embeds, native_tools=native, thought=known)

    async def _abilities(self, facts: ModelFacts) -> tuple[bool, bool, Thought | None]:
        """What makes embeddings is not asked to generate."""
        if await embeds(self._engine, facts.name):
            return True, False, None
        return False, await native_tools(self._engine, facts), await thought(self._engine, facts.name)

    def _offer(self, facts: list[ModelFacts]) -> None:
        told = {fact.name: fact for fact in facts}
        wanted = self._settings.models
        if wanted is None:
            wanted = tuple(UpstreamModel(name=name) for name in told)
        self._catalogue.replace(self.name, tuple(self._model(model, told) for model in wanted))

    def _model(self, model: UpstreamModel, told: dict[str, ModelFacts]) -> Model:
        upstream_name = model.upstream_name or model.name
        return described(
            model,
            told.get(upstream_name),
            self._engine,
            upstream_name=upstream_name,
            created=self._created,
            owned_by=self.name,
            slots=self._settings.slots,
            weight=self._settings.weight,
            tags=frozenset(self._settings.tags),
        )

    async def close(self) -> None:
        """Drop its connections."""
        await self._engine.close()


def _unverified() -> ssl.SSLContext:
    """TLS without a check of the certificate, where the operator asked for that."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
