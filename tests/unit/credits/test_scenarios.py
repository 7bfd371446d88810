"""The stories of the books, on each kind of database."""

from __future__ import annotations

import pytest

from tests.unit.credits.books import Books
from tests.unit.credits.scenarios import SCENARIOS, Scenario


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_the_books_hold(scenario: Scenario, books: Books) -> None:
    """Each story ends well, nothing is lost on the way, and every rule holds in the end."""
    await scenario(books)
    await books.require_sound()
    assert books.lost == []
