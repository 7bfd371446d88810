"""What a request may cost by the token, and where it may be answered."""

from __future__ import annotations

import pytest

from antiphon.completions.ceiling import ANY, check_price, pinned
from antiphon.errors import BadRequest, PermissionDenied
from antiphon.key import Key
from antiphon.models.catalogue import Model, Offer, Prices
from antiphon.projects.model import Project
from tests.unit.completions.scripted import ScriptedEngine

DEAR = Model("m", (), prices=Prices(prompt=50_000, completion=200_000, reasoning=300_000))
FREE = Model("m", ())
NAMED = frozenset({"a", "b"})


def test_a_model_within_every_bound_is_not_refused() -> None:
    """Nor is one that is free, whatever the bounds are."""
    check_price(DEAR, Key("k"), ANY)
    check_price(DEAR, Key("k", prompt_price_max=50_000, completion_price_max=300_000), (50_000, 300_000))
    check_price(FREE, Key("k", prompt_price_max=0), (0, 0))


def test_a_model_that_is_dearer_than_the_caller_would_pay_is_refused() -> None:
    """By the dearest kind of token, with both prices."""
    with pytest.raises(BadRequest, match=r"max_price\.prompt: .* cost 0\.05 USDC, and 0\.04 is the most") as refused:
        check_price(DEAR, Key("k"), (40_000, None))
    assert refused.value.param == "max_price"
    with pytest.raises(BadRequest, match=r"max_price\.completion: .* cost 0\.30 USDC"):
        check_price(DEAR, Key("k"), (None, 200_000))


def test_a_model_that_is_dearer_than_its_key_may_use_is_refused() -> None:
    """Whatever the caller would pay."""
    with pytest.raises(PermissionDenied, match=r"1,000,000 prompt tokens cost 0\.05 USDC"):
        check_price(DEAR, Key("k", prompt_price_max=0), (10**9, 10**9))
    with pytest.raises(PermissionDenied, match="completion"):
        check_price(DEAR, Key("k", completion_price_max=200_000))


def project(*nodes: str) -> Project:
    """A project that is bound to these nodes."""
    return Project("id", "p", "p", nodes=nodes)


def test_nodes_are_those_that_all_agree_on() -> None:
    """The request, its key and its project; whoever names none has nothing against any."""
    assert pinned(NAMED, Key("k"), None, ()) is NAMED
    assert pinned(frozenset(), Key("k"), project(), ()) == frozenset()
    assert pinned(frozenset(), Key("k", nodes=NAMED), None, ()) == NAMED
    assert pinned(frozenset({"b", "c"}), Key("k", nodes=NAMED), project("b", "d"), ()) == {"b"}


def test_what_no_node_may_answer_is_refused() -> None:
    """With the nodes that were left, and whom they are not open to."""
    with pytest.raises(PermissionDenied, match="None of the nodes c, d is open to this key"):
        pinned(frozenset({"d", "c"}), Key("k", nodes=NAMED), None, ())
    with pytest.raises(PermissionDenied, match="None of the nodes a, b is open to this project"):
        pinned(frozenset(), Key("k", nodes=NAMED), project("c"), ())


def tagged(name: str, *tags: str) -> Offer:
    """A node with these tags."""
    return Offer(ScriptedEngine(name), "m", tags=frozenset(tags))


TAGGED = (tagged("a", "eu"), tagged("b", "eu", "gpu"), tagged("c", "us", "gpu"))


@pytest.mark.parametrize(
    ("named", "left"),
    [
        ("tag:eu", "ab"),
        ("tag:eu+gpu", "b"),
        ("tag:eu c", "abc"),
        ("tag:us tag:eu+gpu", "bc"),
    ],
)
def test_a_tag_stands_for_all_that_have_it(named: str, left: str) -> None:
    """Several tags in one name for those that have all of them; wherever nodes are named."""
    names = frozenset(named.split())
    assert pinned(names, Key("k"), None, TAGGED) == set(left)
    assert pinned(frozenset(), Key("k", nodes=names), None, TAGGED) == set(left)
    assert pinned(frozenset(), Key("k"), project(*names), TAGGED) == set(left)


def test_a_tag_of_no_node_leaves_none() -> None:
    """It is not as if none had been named."""
    assert pinned(frozenset({"tag:moon"}), Key("k"), None, TAGGED) == {"tag:moon"}
    with pytest.raises(PermissionDenied, match="None of the nodes a, b is open to this key"):
        pinned(frozenset({"tag:eu"}), Key("k", nodes=frozenset({"tag:us"})), None, TAGGED)
