"""Whom a place is kept for: whoever was back in time before, from whoever has more than its share."""

from __future__ import annotations

import pytest

from antiphon.models.ask import Ask
from antiphon.models.comebacks import ENGINES_MAX, KEPT_S, SLOW_MAX, Comebacks, has_more_than_its_share
from antiphon.models.loads import Loads
from tests.unit.models.offers import model, offer

QUICK_S = KEPT_S / 2
SLOW_S = KEPT_S * 2


def test_whoever_may_be_back_is_expected_for_a_moment() -> None:
    """Until it is back, or until it is not."""
    comebacks = Comebacks()
    comebacks.left("a", 10.0)
    comebacks.left("b", 10.0 + QUICK_S)
    assert comebacks.expected(10.0 + QUICK_S) == 2
    assert comebacks.came("a", 10.0 + QUICK_S)
    assert not comebacks.came("a", 10.0 + QUICK_S)
    assert comebacks.expected(10.0 + QUICK_S) == 1
    assert comebacks.expected(11.0) == 0


def test_whoever_was_not_back_in_time_is_not_waited_for() -> None:
    """Until it has been once: then it is again."""
    comebacks = Comebacks()
    comebacks.left("a", 10.0)
    assert not comebacks.came("a", 10.0 + SLOW_S)
    comebacks.left("a", 20.0)
    assert comebacks.expected(20.0) == 0
    assert not comebacks.came("a", 20.0 + QUICK_S)
    comebacks.left("a", 30.0)
    assert comebacks.expected(30.0) == 1


def test_what_is_remembered_is_bounded() -> None:
    """Accounts that were slow long ago are forgotten first."""
    comebacks = Comebacks()
    for number in range(3 * SLOW_MAX):
        comebacks.left(str(number), float(number))
    assert comebacks.expected(1e9) == 0
    assert len(comebacks._slow) == SLOW_MAX


@pytest.mark.parametrize(
    ("flood", "others", "expected", "kept"),
    [
        (15, 0, 1, True),  # the last place, for the one that is expected
        (15, 0, 0, False),
        (14, 0, 1, False),  # there is another place
        (6, 9, 1, True),
        (1, 14, 1, True),
        (0, 15, 1, False),  # it has nothing yet
        (1, 1, 4, False),  # one more is its share
    ],
)
async def test_a_place_is_kept_from_a_flood_alone(flood: int, others: int, expected: int, kept: bool) -> None:
    """Only when no other is free."""
    loads, shared = Loads(), model(offer("a", slots=16))
    load = loads.of("a")
    load.in_flight = flood + others
    load.by_account = {"flood": flood, **{f"quiet{number}": 1 for number in range(others)}}
    assert has_more_than_its_share(Ask(shared, "flood"), loads, expected) is kept


async def test_where_slots_are_many_or_unknown_nothing_is_kept() -> None:
    """Of many engines one is free soon; who knows no slots lets everybody through."""
    loads = Loads()
    assert not has_more_than_its_share(Ask(model(offer("a")), "flood"), loads, 9)
    many = model(*(offer(str(number), slots=1) for number in range(ENGINES_MAX + 1)))
    assert not has_more_than_its_share(Ask(many, "flood"), loads, 99)
