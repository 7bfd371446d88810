"""The models of this machine as one engine, which is what the link serves jobs with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from antiphon.agent.prefixes import Prefixes
from antiphon.chat import Choice, Prompt, Usage, Vector
from antiphon.engines import DeltaStream, Engine, Job, ModelFacts
from antiphon.errors import BadRequest, Unavailable
from antiphon.models.catalogue import Catalogue, Model, Offer

LOADING_RETRY_S = 2


class ByModel(Mapping[str, Engine]):
    """The local engine under the name of each model that it serves now, as the link looks them up."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine

    def __getitem__(self, name: str) -> Engine:
        """The engine, if it serves a model of that name."""
        if not self._engine.serves(name):
            raise KeyError(name)
        return self._engine

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter([facts.name for facts, _ in self._engine.served()])

    def __len__(self) -> int:
        """How many models there are."""
        return len(self._engine.served())


class LocalEngine:
    """Hands each job to the engine that serves its model here."""

    def __init__(self, name: str, catalogue: Catalogue) -> None:
        self.name = name
        self.prefixes = Prefixes()
        self._catalogue = catalogue

    @property
    def takes_grammar(self) -> bool:
        """Whether a GBNF grammar can bind the text, on all of them."""
        return all(offer.engine.takes_grammar for offer in self._offers())

    @property
    def stops_plain(self) -> bool:
        """Whether all of them notice that nobody waits for a plain answer any more, and stop."""
        return all(offer.engine.stops_plain for offer in self._offers())

    @property
    def continues(self) -> bool:
        """Whether all of them go on exactly where a closing assistant turn ends."""
        return all(offer.engine.continues for offer in self._offers())

    @property
    def slots(self) -> int | None:
        """How many requests are generated at once; None when nobody can tell."""
        known = {offer.engine.name: offer.slots for offer in self._offers()}
        told = [slots for slots in known.values() if slots is not None]
        return sum(told) if told and len(told) == len(known) else None

    @property
    def ready(self) -> bool:
        """Whether there is a model that can be asked now."""
        return any(model.live for model in self._catalogue.list())

    def unavailable(self) -> int | None:
        """None when any model can be asked; else the seconds after which one may be."""
        return None if self.ready else LOADING_RETRY_S

    def served(self) -> list[tuple[ModelFacts, bool]]:
        """What is served here, and whether it can be asked now."""
        return [(_facts(model), bool(model.live)) for model in self._catalogue.list()]

    def serves(self, name: str) -> bool:
        """Whether there is a model of that id here."""
        return self._catalogue.id_of(name) == name

    async def models(self) -> list[ModelFacts]:
        """What is served here, if all of its engines give a sign of life; else what they raise."""
        for engine in {offer.engine.name: offer.engine for offer in self._offers()}.values():
            await engine.models()
        return [_facts(model) for model in self._catalogue.list()]

    async def complete(self, job: Job) -> tuple[Choice, Usage]:
        """One finished choice."""
        offer = self._offer(job.model)
        self.prefixes.note(job)
        return await offer.engine.complete(replace(job, model=offer.upstream_name))

    async def open(self, job: Job) -> DeltaStream:
        """Begin a choice."""
        offer = self._offer(job.model)
        self.prefixes.note(job)
        return await offer.engine.open(replace(job, model=offer.upstream_name))

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """The prompt's length by the model's own template and tokenizer."""
        offer = self._offer(job.model)
        return await offer.engine.count_prompt_tokens(replace(job, model=offer.upstream_name))

    async def embed(self, model: str, inputs: tuple[Prompt, ...]) -> tuple[tuple[Vector, ...], Usage]:
        """One vector for each input."""
        offer = self._offer(model)
        return await offer.engine.embed(offer.upstream_name, inputs)

    async def close(self) -> None:
        """The sources close their engines."""

    def _offers(self) -> list[Offer]:
        return [offer for model in self._catalogue.list() for offer in model.offers]

    def _offer(self, name: str) -> Offer:
        """An offer of the model that can be asked now; what is not served here is no fault of the machine's."""
        known = self._catalogue.id_of(name)
        if known is None:
            raise BadRequest("This node does not serve the model.", param="model")
        live = self._catalogue.find(known).live
        if not live:
            raise Unavailable("The model is not ready on this node.", retry_after_s=LOADING_RETRY_S)
        return live[0]


def _facts(model: Model) -> ModelFacts:
    """A model as a node tells of it."""
    offer = model.offers[0]
    return ModelFacts(
        model.id,
        model.context_length,
        model.modalities,
        native_tools=offer.native_tools,
        quantisation=model.quantisation,
        vocabulary_size=model.vocabulary_size,
        embeds=model.embeds,
        thought=offer.thought,
    )
