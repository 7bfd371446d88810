"""A model as clients see it: what settings say goes before what the engine tells."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.chat import Sampling
from antiphon.engines import ModelFacts
from antiphon.engines.thought import Thought
from antiphon.models.catalogue import Model
from antiphon.models.catalogue import Prices as OfferedPrices
from antiphon.settings.serving import GenerationDefaults, ModelSettings, Prices, ReasoningSupport, UpstreamModel
from antiphon.sources.described import described, sampling
from tests.unit.models.offers import engine

OPEN = Sampling(temperature=1.0, top_p=1.0, top_k=-1, min_p=0.0, frequency_penalty=0.0, presence_penalty=0.0)
TOLD = ModelFacts("up", context_length=4096, modalities=("text", "image"), native_tools=True, quantisation="Q4_K_M")


def shown(settings: ModelSettings | UpstreamModel, facts: ModelFacts | None) -> Model:
    """The model of these settings and facts."""
    return described(settings, facts, engine("node"), upstream_name="up", created=5, owned_by="us", slots=3, weight=2)


async def test_an_engine_s_word_is_taken() -> None:
    """Where settings say nothing, context, modalities, tools and quantisation are the engine's."""
    model = shown(UpstreamModel(name="m"), TOLD)
    (offer,) = model.offers
    assert (model.id, model.created, model.owned_by) == ("m", 5, "us")
    assert (model.context_length, model.modalities, model.quantisation) == (4096, ("text", "image"), "Q4_K_M")
    assert (offer.upstream_name, offer.native_tools, offer.slots, offer.weight) == ("up", True, 3, 2)


async def test_settings_go_before() -> None:
    """What the operator says of a model is what clients see."""
    settings = UpstreamModel(
        name="m",
        aliases=("n",),
        context_length=1024,
        modalities=("text",),
        tools="emulated",
        prices=Prices(prompt=3, completion=4, cached=1, reasoning=5, image=6),
        defaults=GenerationDefaults(timeout_secs=9.0),
        domain_aligned=True,
    )
    model = shown(settings, TOLD)
    assert (model.aliases, model.context_length, model.modalities) == (("n",), 1024, ("text",))
    assert (model.prices, model.timeout_s, model.domain_aligned) == (OfferedPrices(3, 4, 1, 5, 6), 9.0, True)
    assert not model.offers[0].native_tools


async def test_an_engine_that_has_not_told_yet() -> None:
    """The model is there with what is known: text, no context, no native tools unless settings say so."""
    model = shown(ModelSettings(name="m", reference="m.gguf"), None)
    assert (model.context_length, model.modalities, model.offers[0].native_tools) == (None, ("text",), False)
    assert shown(ModelSettings(name="m", reference="m.gguf", tools="native"), None).offers[0].native_tools


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        (GenerationDefaults(), OPEN),
        (
            GenerationDefaults(temperature=0.0, top_p=0.0, top_k=5, min_p=0.25, max_tokens=7, frequency_penalty=-1.0),
            replace(OPEN, temperature=0.0, top_p=0.0, top_k=5, min_p=0.25, max_tokens=7, frequency_penalty=-1.0),
        ),
        (
            GenerationDefaults(presence_penalty=0.5, repetition_penalty=1.5),
            replace(OPEN, presence_penalty=0.5, repetition_penalty=1.5),
        ),
    ],
)
def test_generation_defaults(defaults: GenerationDefaults, expected: Sampling) -> None:
    """Zeros count; what is not set draws from the model's own distribution."""
    assert sampling(defaults) == expected


THOUGHT = Thought("<think>", "</think>")


@pytest.mark.parametrize(
    ("setting", "told", "expected"),
    [
        ("auto", THOUGHT, THOUGHT),
        ("auto", None, None),
        ("on", THOUGHT, THOUGHT),
        ("on", None, Thought()),
        (True, None, Thought()),
        ("off", THOUGHT, None),
        (False, THOUGHT, None),
    ],
)
async def test_whether_a_model_thinks(
    setting: ReasoningSupport, told: Thought | None, expected: Thought | None
) -> None:
    """As it is told, unless settings know better; what YAML makes of a bare on or off counts too."""
    model = shown(ModelSettings(name="m", reference="m.gguf", reasoning=setting), ModelFacts("up", thought=told))
    assert (model.offers[0].thought, model.thinks) == (expected, expected is not None)


@pytest.mark.parametrize(
    ("setting", "told", "embeds"), [(None, False, False), (None, True, True), (True, False, True), (False, True, False)]
)
async def test_whether_a_model_embeds(setting: bool | None, told: bool, embeds: bool) -> None:
    """As the engine says, unless the operator does."""
    facts = ModelFacts("up", embeds=told)
    assert shown(UpstreamModel(name="m", embeddings=setting), facts).embeds is embeds
    assert shown(ModelSettings(name="m", reference="m.gguf", embeddings=setting), facts).embeds is embeds
