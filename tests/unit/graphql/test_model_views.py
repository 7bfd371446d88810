"""Models in the words of the schema."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.engines.thought import Thought
from antiphon.graphql.inputs import CapabilityFilter, ModelFilter, Online
from antiphon.graphql.model_views import ONLINE, capabilities, fits, shown
from antiphon.models.catalogue import Model
from tests.unit.models.offers import offer

PLAIN = Model("m", (), created=7)
VECTORS = Model("v", (), embeds=True)


def test_a_model_is_shown() -> None:
    """Under its one name; its beginning in milliseconds."""
    view = shown(PLAIN, "cold", ())
    assert (view.id, view.key, view.name, view.created_at, view.online) == ("m", "m", "m", 7000, "PENDING")
    assert set(ONLINE.values()) == {"ONLINE", "PENDING", "OFFLINE"}


async def test_what_models_can_do() -> None:
    """In the schema's words."""
    thinking = Model("t", (replace(offer("a"), thought=Thought()),), modalities=("text", "image"))
    assert capabilities(PLAIN) == {"TextGeneration"}
    assert capabilities(thinking) == {"TextGeneration", "ImageUnderstanding", "Reasoning"}
    assert capabilities(VECTORS) == {"Embedding"}


@pytest.mark.parametrize(
    ("wanted", "online", "through"),
    [
        (ModelFilter(), "OFFLINE", True),
        (ModelFilter(view_all=False, in_storage=True, trainable=False), "ONLINE", True),
        (ModelFilter(in_storage=False), "ONLINE", False),
        (ModelFilter(trainable=True), "ONLINE", False),
        (ModelFilter(available=True), "PENDING", True),
        (ModelFilter(available=False), "ONLINE", False),
        (ModelFilter(online=["ONLINE", "PENDING"]), "OFFLINE", False),
        (ModelFilter(capabilities=CapabilityFilter(any=["Reasoning", "TextGeneration"])), "ONLINE", True),
        (ModelFilter(capabilities=CapabilityFilter(all=["Reasoning", "TextGeneration"])), "ONLINE", False),
    ],
)
def test_a_filter(wanted: ModelFilter, online: Online, *, through: bool) -> None:
    """Lets through what fits all that it says."""
    assert fits(PLAIN, online, wanted) is through
