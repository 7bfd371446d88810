"""The overview: one word for each node, the first reason for which it would not be chosen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from antiphon.models.ask import Ask
from antiphon.models.load import Load, NodeLoad
from antiphon.models.placement import Placement
from tests.unit.models.offers import model, offer


def distrusted(load: Load) -> None:
    """It was found to lie."""
    load.standing = 0.0


def ejected(load: Load) -> None:
    """It failed again and again."""
    for _ in range(3):
        load.health.failed(100.0, probe=False)


def saturated(load: Load) -> None:
    """It says so."""
    load.health.saturated(100.0, 9)


def full(load: Load) -> None:
    """All its slots are taken, by whomever."""
    load.told = NodeLoad(slots=2)
    load.in_flight = load.others = 1


def cold(load: Load) -> None:
    """It has another model in its memory."""
    load.told = NodeLoad(warm=frozenset({"other"}))


@pytest.mark.parametrize("happened", [distrusted, ejected, saturated, full, cold], ids=lambda each: each.__name__)
async def test_the_word_says_what_is_the_matter(happened: Callable[[Load], None]) -> None:
    """And nothing is the matter with the node beside it."""
    placement, shared = Placement(queue_max=9, now=lambda: 101.0), model(offer("a"), offer("b"))
    happened(placement._loads.of("a"))
    assert [view.state for view in placement.overview(shared)] == [happened.__name__, "warm"]


async def test_what_was_learned_is_shown() -> None:
    """The first token of a usual prompt, once any has come from there."""
    placement, shared = Placement(queue_max=9, now=lambda: 101.0), model(offer("a"), offer("b"))
    place = placement.take(Ask(shared, prompt_tokens=1000))
    assert place is not None
    placement.first_token(place, 0.75)
    placement.give_back(place)
    a, b = placement.overview(shared)
    assert a.first_token_s == pytest.approx(0.75)
    assert b.first_token_s is None


async def test_cold_engines_are_chosen_last() -> None:
    """To wait for a model to be loaded is worse than a short queue elsewhere."""
    placement, shared = Placement(queue_max=9, now=lambda: 101.0), model(offer("a"), offer("b"))
    placement.observe("a", NodeLoad(warm=frozenset()))
    places = [placement.take(Ask(shared)) for _ in range(5)]
    assert [place and place.offer.engine.name for place in places] == ["b"] * 5
    placement.observe("a", NodeLoad(warm=frozenset({"upstream-name"})))
    place = placement.take(Ask(shared))
    assert place is not None
    assert place.offer.engine.name == "a"
