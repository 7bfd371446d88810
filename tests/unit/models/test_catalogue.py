"""The models on offer: found by id and alias, shared by sources, live as their engines are."""

from __future__ import annotations

import pytest

from antiphon.errors import ModelNotFound, Unavailable
from antiphon.models.catalogue import Catalogue, Model, Offer
from tests.unit.models.offers import engine, model, offer


def catalogue(**sources: tuple[Model, ...]) -> Catalogue:
    """A catalogue that these sources filled."""
    made = Catalogue()
    for source, models in sources.items():
        made.replace(source, models)
    return made


async def test_a_model_is_found_by_id_and_alias() -> None:
    """Both names lead to the same model."""
    small = Model("small", (offer("a"),), aliases=("tiny", "little"))
    known = catalogue(one=(small,))
    assert known.find("small") is known.find("tiny") is known.find("little") is small


async def test_an_id_goes_before_an_alias() -> None:
    """A model's own name cannot be taken by another's alias."""
    first, second = Model("a", (), aliases=("b",)), Model("b", ())
    assert catalogue(one=(first, second)).find("b") is second


async def test_sources_share_a_model() -> None:
    """The first source describes it, the offers of all serve it, in the order of the sources."""
    one, two = offer("one"), offer("two")
    known = catalogue(
        first=(Model("shared", (one,), context_length=8),),
        second=(Model("other", ()), Model("shared", (two,), context_length=16)),
    )
    assert [each.id for each in known.list()] == ["shared", "other"]
    assert known.find("shared") == Model("shared", (one, two), context_length=8)


async def test_a_source_replaces_only_its_own_part() -> None:
    """What a source no longer serves is gone, what others serve stays."""
    one, two = offer("one"), offer("two")
    known = catalogue(first=(model(one), Model("gone", ())), second=(model(two),))
    known.replace("first", ())
    assert known.list() == (model(two),)
    with pytest.raises(ModelNotFound):
        known.find("gone")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("smal-model", "The model 'smal-model' does not exist. Did you mean 'small-model'?"),
        ("qqq", "The model 'qqq' does not exist. GET /v1/models lists those that do."),
        ("q\n\x00q", "The model 'q??q' does not exist. GET /v1/models lists those that do."),
        ("q" * 300, f"The model '{'q' * 80}' does not exist. GET /v1/models lists those that do."),
    ],
)
def test_an_unknown_name_gets_a_suggestion(name: str, words: str) -> None:
    """The nearest name if one is near; the caller's words are printable and short."""
    with pytest.raises(ModelNotFound) as caught:
        catalogue(one=(Model("small-model", ()),)).find(name)
    assert (str(caught.value), caught.value.param) == (words, "model")


async def test_only_engines_that_are_up_are_live() -> None:
    """An offer is live while its engine is not known to be down."""
    up, down = offer("up"), offer("down", down=True)
    both = model(down, up)
    assert both.live == both.require_live() == (up,)
    assert both.first_live() is up


async def test_a_model_that_is_down_names_the_wait() -> None:
    """The shortest wait of its engines, 5 s when it has none at all."""
    with pytest.raises(Unavailable, match="No node can serve the model 'model' now") as caught:
        model(offer("a", down=True), offer("b", down=True)).require_live()
    assert caught.value.retry_after_s == 2
    with pytest.raises(Unavailable) as caught:
        model().first_live()
    assert caught.value.retry_after_s == 5


async def test_plain_answers_stop_only_where_every_engine_notices() -> None:
    """One engine that goes on alone is enough to say no."""
    notices, goes_on = Offer(engine("a"), "m"), Offer(engine("b", of="llama.cpp"), "m")
    assert model(notices, notices).stops_plain
    assert not model(notices, goes_on).stops_plain


def test_the_first_model_is_one_that_generates() -> None:
    """Vectors are no answer for a project that names no model."""
    vectors, words = Model("vectors", (), embeds=True), Model("words", ())
    assert catalogue(one=(vectors, words)).first() == "words"
    assert catalogue(one=(vectors,)).first() is None


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [(True, False, False), (False, True, False), (True, True, True), (None, True, True), (False, None, True)],
)
async def test_one_name_does_one_thing(first: bool | None, second: bool | None, joined: bool) -> None:
    """A source whose model of the same name does another thing adds no offer; what is not known yet fits both."""
    one, two = offer("one"), offer("two")
    shared = catalogue(first=(Model("m", (one,), embeds=first),), second=(Model("m", (two,), embeds=second),)).find("m")
    assert shared.offers == ((one, two) if joined else (one,))
    assert shared.embeds is (second if first is None else first)


async def test_what_does_not_change_stays_the_very_same() -> None:
    """So what is known of a model's engines need not be put together anew."""
    catalogue, one, two = Catalogue(), offer("one"), offer("two")
    catalogue.replace("first", (model(one, name="a"), model(one, name="b")))
    catalogue.replace("second", (model(two, name="b"),))
    a, b = catalogue.find("a"), catalogue.find("b")
    catalogue.replace("second", (model(two, name="b"),))
    catalogue.replace("third", ())
    assert (catalogue.find("a") is a, catalogue.find("b") is b) == (True, True)
    catalogue.replace("second", ())
    assert (catalogue.find("a") is a, catalogue.find("b").offers) == (True, (one,))


async def test_thousands_of_sources_share_a_model() -> None:
    """Each is there, in their order."""
    catalogue, shared = Catalogue(), [offer(str(number)) for number in range(300)]
    for number, each in enumerate(shared):
        catalogue.replace(f"node {number}", (model(each),))
    assert catalogue.find("model").offers == tuple(shared)


async def test_a_model_is_known_as_it_is_by_now() -> None:
    """With the engines that have joined since; what is gone stays as it was."""
    known = catalogue(one=(model(offer("a"), name="m"),))
    before = known.find("m")
    assert known.latest(before) is before
    known.replace("two", (model(offer("b"), name="m"),))
    assert [each.engine.name for each in known.latest(before).offers] == ["a", "b"]
    for source in ("one", "two"):
        known.replace(source, ())
    assert known.latest(before) is before
