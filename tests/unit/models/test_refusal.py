"""Refusals: which reason is told, and after how long it is worth asking again."""

from __future__ import annotations

from antiphon.errors import Saturated, Unavailable
from antiphon.models.ask import Ask
from antiphon.models.loads import Loads
from antiphon.models.refusal import hopeless, late
from antiphon.models.waiting import RETRY_S_MAX
from tests.unit.models.offers import model, offer

UNTRIED: frozenset[str] = frozenset()


async def test_while_one_may_become_free_there_is_hope() -> None:
    """Not for those that have tried it, or are bound to others."""
    loads, shared = Loads(), model(offer("a"), offer("down", down=True))
    assert hopeless(Ask(shared), UNTRIED, loads, 0.0) is None
    bound = Ask(shared, only=frozenset({"b"}))
    for ask, tried, words in ((Ask(shared), frozenset({"a"}), "No other node"), (bound, UNTRIED, "is bound to")):
        refusal = hopeless(ask, tried, loads, 0.0)
        assert refusal is not None
        assert words in refusal.message


async def test_when_all_are_down_that_is_told() -> None:
    """With the wait that the engines ask for."""
    refusal = hopeless(Ask(model(offer("down", down=True))), UNTRIED, Loads(), 0.0)
    assert isinstance(refusal, Unavailable)
    assert ("No node can serve" in refusal.message, refusal.retry_after_s) == (True, 2)


async def test_when_all_are_saturated_the_first_to_be_free_is_told() -> None:
    """Those that nobody trusts are not waited for."""
    loads, shared = Loads(), model(offer("a"), offer("b"), offer("liar"))
    for name, wait_s in (("a", 9), ("b", 4.2), ("liar", 1)):
        loads.of(name).health.saturated(100.0, wait_s)
    loads.stand("liar", 0.0)
    refusal = hopeless(Ask(shared), UNTRIED, loads, 100.0)
    assert isinstance(refusal, Saturated)
    assert refusal.retry_after_s == 5
    assert hopeless(Ask(shared), UNTRIED, loads, 105.0) is None


async def test_what_is_too_late_says_by_how_much() -> None:
    """Never longer than clients wait."""
    ask = Ask(model(offer("a")), first_token_s=0.25)
    refusal = late(ask, 3.14159)
    assert refusal.message.endswith("would take about 3.1 s now, and 0.25 s are given.")
    assert (refusal.retry_after_s, late(ask, 900.0).retry_after_s) == (3, RETRY_S_MAX)
