"""Settings and what an engine tells, put together into a Model. Pure."""

from __future__ import annotations

from antiphon.chat import Sampling
from antiphon.engines import Engine, ModelFacts
from antiphon.engines.thought import Thought
from antiphon.models.catalogue import Model, Offer, Prices
from antiphon.settings.serving import GenerationDefaults, ModelSettings, ReasoningSupport, UpstreamModel
from antiphon.settings.serving import Prices as PriceSettings


def sampling(defaults: GenerationDefaults) -> Sampling:
    """A model's generation defaults, completed by the server's: draw from the model's own distribution.

    The repetition penalty is left open: some engines know one that their model was made for.
    """
    return Sampling(
        max_tokens=defaults.max_tokens,
        temperature=1.0 if defaults.temperature is None else defaults.temperature,
        top_p=1.0 if defaults.top_p is None else defaults.top_p,
        top_k=-1 if defaults.top_k is None else defaults.top_k,
        min_p=0.0 if defaults.min_p is None else defaults.min_p,
        frequency_penalty=defaults.frequency_penalty or 0.0,
        presence_penalty=defaults.presence_penalty or 0.0,
        repetition_penalty=defaults.repetition_penalty,
    )


def described(
    settings: ModelSettings | UpstreamModel,
    facts: ModelFacts | None,
    engine: Engine,
    *,
    upstream_name: str,
    created: int,
    owned_by: str,
    slots: int | None = None,
    weight: int = 1,
    tags: frozenset[str] = frozenset(),
) -> Model:
    """The model as clients see it. Settings win over what the engine tells; `facts` None: it has not told yet."""
    facts = facts or ModelFacts(name=upstream_name)
    native = facts.native_tools if settings.tools == "auto" else settings.tools == "native"
    thought = _thought(settings.reasoning, facts.thought)
    quantisation = facts.quantisation
    offer = Offer(engine, upstream_name, native, thought, slots, weight, quantisation, tags)
    modalities = getattr(settings, "modalities", None) or facts.modalities
    return Model(
        id=settings.name,
        offers=(offer,),
        created=created,
        aliases=settings.aliases,
        owned_by=owned_by,
        context_length=facts.context_length if settings.context_length is None else settings.context_length,
        modalities=modalities,
        quantisation=quantisation,
        vocabulary_size=facts.vocabulary_size,
        embeds=facts.embeds if settings.embeddings is None else settings.embeddings,
        defaults=sampling(settings.defaults),
        timeout_s=settings.defaults.timeout_secs,
        prices=_prices(settings.prices),
        domain_aligned=settings.domain_aligned,
    )


def _prices(settings: PriceSettings) -> Prices:
    return Prices(settings.prompt, settings.completion, settings.cached, settings.reasoning, settings.image)


def _thought(settings: ReasoningSupport, told: Thought | None) -> Thought | None:
    """How the model thinks; where only settings say that it does, nothing more is known of it."""
    if settings in ("off", False):
        return None
    return told if settings == "auto" else told or Thought()
