"""The models on offer: which names there are, what each can do, which engines serve it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from antiphon.chat import Sampling
from antiphon.engines import Engine
from antiphon.engines.thought import Thought
from antiphon.errors import ModelNotFound, Unavailable

SUGGESTION_LIKENESS = 0.5


class Prices(Struct, frozen=True, dict=True):
    """Whole micro-USDC for 1,000,000 tokens.

    None: cached and image tokens cost as much as the prompt's, thoughts as much as the completion's.
    """

    prompt: int = 0
    completion: int = 0
    cached: int | None = None
    reasoning: int | None = None
    image: int | None = None

    @cached_property
    def free(self) -> bool:
        """Whether nothing that is generated or read costs anything."""
        return not (self.prompt or self.completion or self.cached or self.reasoning or self.image)

    @cached_property
    def prompt_max(self) -> int:
        """What a token of the prompt costs at most."""
        return max(self.prompt, self.cached or 0, self.image or 0)

    @cached_property
    def completion_max(self) -> int:
        """What a token of the completion costs at most."""
        return max(self.completion, self.reasoning or 0)


class Offer(Struct, frozen=True):
    """One engine's serving of a model. `slots`: how many requests it generates at once, None when unknown.

    `tags`: what its operator calls the engine by together with others.
    """

    engine: Engine
    upstream_name: str
    native_tools: bool = False
    thought: Thought | None = None  # None: the model does not think here
    slots: int | None = None
    weight: int = 1
    quantisation: str | None = None  # None when unknown
    tags: frozenset[str] = frozenset()


class Model(Struct, frozen=True, dict=True):
    """A model as clients see it. `defaults` fill in what a request leaves open."""

    id: str
    offers: tuple[Offer, ...]
    created: int = 0
    aliases: tuple[str, ...] = ()
    owned_by: str = "antiphon"
    context_length: int | None = None
    modalities: tuple[str, ...] = ("text",)
    quantisation: str | None = None
    vocabulary_size: int | None = None
    embeds: bool | None = None  # whether it makes embeddings, and generates nothing; None: not known yet
    defaults: Sampling = Sampling()
    timeout_s: float | None = None
    prices: Prices = Prices()
    domain_aligned: bool = False

    @cached_property
    def stops_plain(self) -> bool:
        """Whether every engine notices that nobody waits for a plain answer any more."""
        for offer in self.offers:
            if not offer.engine.stops_plain:
                return False
        return True

    @cached_property
    def thinks(self) -> bool:
        """Whether it can think before it answers, on one of its engines at least."""
        for offer in self.offers:
            if offer.thought is not None:
                return True
        return False

    @property
    def live(self) -> tuple[Offer, ...]:
        """The offers whose engine can be asked now."""
        return tuple(offer for offer in self.offers if offer.engine.unavailable() is None)

    def first_live(self) -> Offer:
        """The first of `live`, for whom any is as good: among thousands the others are not looked at. As below."""
        for offer in self.offers:
            if offer.engine.unavailable() is None:
                return offer
        return self.require_live()[0]

    def require_live(self) -> tuple[Offer, ...]:
        """`live`, or Unavailable with the wait that the engines ask for."""
        live = self.live
        if not live:
            waits = [offer.engine.unavailable() or 1 for offer in self.offers]
            message = f"No node can serve the model {self.id!r} now."
            raise Unavailable(message, retry_after_s=min(waits, default=5))
        return live


class Catalogue:
    """All models by name. Each source (an engine, an upstream) replaces its own part; the same id is shared."""

    def __init__(self) -> None:
        self._sources: dict[str, tuple[Model, ...]] = {}
        self._models: dict[str, Model] = {}
        self._names: dict[str, Model] = {}

    def replace(self, source: str, models: tuple[Model, ...]) -> None:
        """Set what `source` serves; models that this changes nothing of stay the very same."""
        before = self._sources.get(source)
        if before == models:
            return
        self._sources[source] = models
        parts: dict[str, list[Model]] = {}
        for model in (model for part in self._sources.values() for model in part):
            parts.setdefault(model.id, []).append(model)
        changed = {model.id for model in (*(before or ()), *models)}
        known = self._models
        merged = {name: _joined(each) if name in changed else known[name] for name, each in parts.items()}
        self._models = merged
        self._names = {alias: model for model in merged.values() for alias in model.aliases} | merged

    def list(self) -> tuple[Model, ...]:
        """Every model, in the order of the sources."""
        return tuple(self._models.values())

    def id_of(self, name: str) -> str | None:
        """The id of the model with that id or alias."""
        model = self._names.get(name)
        return None if model is None else model.id

    def latest(self, model: Model) -> Model:
        """The model of that id as it is by now; the same one where there is none any more."""
        return self._models.get(model.id, model)

    def first(self) -> str | None:
        """The id of the first model that generates."""
        return next((name for name, model in self._models.items() if not model.embeds), None)

    def find(self, name: str) -> Model:
        """The model of that id or alias; ModelNotFound suggests the nearest name."""
        model = self._names.get(name)
        if model is None:
            raise ModelNotFound(f"The model {_shown(name)} does not exist.{self._suggestion(name)}", param="model")
        return model

    def _suggestion(self, name: str) -> str:
        near = difflib.get_close_matches(name[:256], self._names, n=1, cutoff=SUGGESTION_LIKENESS)
        return f" Did you mean {near[0]!r}?" if near else " GET /v1/models lists those that do."


def _joined(models: Sequence[Model]) -> Model:
    """One model from several sources: the first's description, and the offers of all that do the same."""
    first = models[0]
    if len(models) == 1:
        return first
    offers, embeds = list(first.offers), first.embeds
    for model in models[1:]:
        if embeds is None or model.embeds is None or embeds == model.embeds:
            offers += model.offers
            embeds = model.embeds if embeds is None else embeds
    return replace(first, offers=tuple(offers), embeds=embeds)


def _shown(name: str) -> str:
    """A caller's own words in a message: printable and short."""
    text = "".join(character if character.isprintable() else "?" for character in name[:80])
    return repr(text)
