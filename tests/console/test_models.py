"""The page of models: which there are, what they cost, and for administrators who answers."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from .lab import CLIENT_KEY, MODEL, OTHER_MODEL
from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]


async def test_models_are_listed_with_their_prices(operator: Visitor) -> None:
    """To the millionth, and which of them are warm."""
    page = operator.page
    await operator.open("models")
    row = page.get_by_role("row").filter(has_text=MODEL)
    for text in ("warm", "vision", "1.00", "2.00"):
        await expect(row).to_contain_text(text)
    await expect(page.get_by_role("row").filter(has_text=OTHER_MODEL)).to_contain_text("0.00")


async def test_one_model_tells_who_answers(operator: Visitor) -> None:
    """Also of a name with a slash, by its link."""
    page = operator.page
    await operator.open("models")
    await page.get_by_role("link", name=MODEL).click()
    await expect(page.get_by_role("heading", name=MODEL)).to_be_visible()
    await expect(page.get_by_role("region", name="Engines of this model")).to_contain_text("engine")
    await expect(page.get_by_role("region", name="Prices")).to_contain_text("0.000001")


async def test_who_answers_is_not_for_everybody(visitor: Visitor) -> None:
    """A client's key sees models and prices."""
    await visitor.sign_in(CLIENT_KEY)
    await visitor.open(f"models/{MODEL.replace('/', '%2F')}")
    await expect(visitor.page.get_by_role("region", name="Prices")).to_be_visible()
    await expect(visitor.page.get_by_text("Who answers")).to_have_count(0)
