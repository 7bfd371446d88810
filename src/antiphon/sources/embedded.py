"""A model that we run ourselves: a supervised child serves it, the catalogue shows how that stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from antiphon.chat import Choice, Prompt, Usage, Vector
from antiphon.clock import Clock
from antiphon.engines import DeltaStream, Engine, Job, ModelFacts
from antiphon.engines.embedded.supervisor import Supervisor
from antiphon.engines.kinds import KINDS
from antiphon.engines.probe import thought
from antiphon.engines.upstream import HttpEngine
from antiphon.errors import AntiphonError, Unavailable
from antiphon.http.client import Pool
from antiphon.http.origin import ClientLimits, Origin
from antiphon.models.catalogue import Catalogue
from antiphon.settings.serving import ModelSettings
from antiphon.sources.described import described
from antiphon.sources.supervision import Supervise

LOADING_RETRY_S = 2

# A model's name, its state, and why when it is a bad one.
OnState = Callable[[str, str, str], None]


class Absent:
    """Stands for an engine whose model file is still on its way."""

    takes_grammar = True
    stops_plain = False
    continues = True

    def __init__(self, name: str) -> None:
        self.name = name

    def unavailable(self) -> int | None:
        """Not yet."""
        return LOADING_RETRY_S

    async def models(self) -> list[ModelFacts]:
        """None yet."""
        return []

    async def complete(self, job: Job) -> tuple[Choice, Usage]:  # noqa: ARG002 - the seam's
        """Not yet."""
        raise Unavailable(retry_after_s=LOADING_RETRY_S)

    async def open(self, job: Job) -> DeltaStream:  # noqa: ARG002 - the seam's
        """Not yet."""
        raise Unavailable(retry_after_s=LOADING_RETRY_S)

    async def count_prompt_tokens(self, job: Job) -> int | None:  # noqa: ARG002 - the seam's
        """Nobody can tell yet."""
        return None

    async def embed(self, model: str, inputs: tuple[Prompt, ...]) -> tuple[tuple[Vector, ...], Usage]:  # noqa: ARG002
        """Not yet."""
        raise Unavailable(retry_after_s=LOADING_RETRY_S)

    async def close(self) -> None:
        """Nothing to let go of."""


class EmbeddedEngine:
    """The engine in a child process. After a restart it listens elsewhere: the address is read at each request."""

    def __init__(self, name: str, supervisor: Supervisor) -> None:
        self.name = name
        self.takes_grammar = True
        self.stops_plain = False
        self.continues = True
        self._supervisor = supervisor
        self._http: HttpEngine | None = None
        self._address = ""

    def unavailable(self) -> int | None:
        """None when the child is ready; else the seconds till it may be."""
        return None if self._supervisor.state == "ready" else max(1, self._supervisor.retry_after_s)

    async def _current(self) -> HttpEngine:
        wait_s = self.unavailable()
        if wait_s is not None:
            raise Unavailable("The engine of this model is starting.", retry_after_s=wait_s)
        address = self._supervisor.address
        if self._http is None or address != self._address:
            if self._http is not None:
                await self._http.close()
            pool = Pool(Origin.parse(address), limits=ClientLimits())
            self._http = HttpEngine(self.name, pool, KINDS["llama.cpp"], api_key=self._supervisor.api_key)
            self._address = address
        return self._http

    async def models(self) -> list[ModelFacts]:
        """What the child serves."""
        http = await self._current()
        told = await http.models()
        return [msgspec.structs.replace(facts, thought=await thought(http, facts.name)) for facts in told]

    async def complete(self, job: Job) -> tuple[Choice, Usage]:
        """One finished choice."""
        return await (await self._current()).complete(job)

    async def open(self, job: Job) -> DeltaStream:
        """Begin a choice."""
        return await (await self._current()).open(job)

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """The prompt's length by the model's own template and tokenizer."""
        return await (await self._current()).count_prompt_tokens(job)

    async def embed(self, model: str, inputs: tuple[Prompt, ...]) -> tuple[tuple[Vector, ...], Usage]:
        """One vector for each input."""
        return await (await self._current()).embed(model, inputs)

    async def close(self) -> None:
        """Drop connections, end the child."""
        if self._http is not None:
            await self._http.close()
        await self._supervisor.stop()


class EmbeddedSource:
    """Finds the model's files, starts the child, and keeps the catalogue true as it comes and goes."""

    def __init__(
        self,
        settings: ModelSettings,
        catalogue: Catalogue,
        *,
        supervise: Supervise,
        clock: Clock,
        on_state: OnState,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._supervise = supervise
        self._on_state = on_state
        self._created = int(clock.now())
        self._changed = asyncio.Event()
        self._supervisor: Supervisor | None = None
        self._engine: Engine = Absent(settings.name)
        self._offer(None)

    async def run(self) -> None:
        """Keep the catalogue true until cancelled."""
        self._supervisor = await self._supervise(self._settings, self._changed.set)
        self._engine = EmbeddedEngine(self._settings.name, self._supervisor)
        self._offer(None)
        await self._supervisor.start()
        while True:
            self._changed.clear()
            if self._supervisor.state == "ready":
                await self._describe()
            failed = self._supervisor.state in ("restarting", "failed")
            detail = (self._supervisor.last_error or "") if failed else ""
            self._on_state(self._settings.name, self._supervisor.state, detail)
            await self._changed.wait()

    async def _describe(self) -> None:
        try:
            facts = await self._engine.models()
        except AntiphonError:
            return  # it has just died: its next life will tell
        self._offer(facts[0] if facts else None)

    def _offer(self, facts: ModelFacts | None) -> None:
        facts = facts or ModelFacts(self._settings.name)
        embeds = None if self._supervisor is None else self._supervisor.options.pooling is not None
        model = described(
            self._settings,
            msgspec.structs.replace(facts, embeds=embeds),
            self._engine,
            upstream_name=self._settings.name,
            created=self._created,
            owned_by="antiphon",
            slots=None if self._supervisor is None else self._supervisor.options.parallel,
        )
        self._catalogue.replace(f"embedded:{self._settings.name}", (model,))

    async def close(self) -> None:
        """End the child."""
        await self._engine.close()
