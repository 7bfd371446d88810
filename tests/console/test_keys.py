"""The page of keys: made, shown once, good at once, succeeded, revoked."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from .lab import Site
from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]


async def made(page: Page, name: str, **fields: str) -> str:
    """Create a key in the dialog; the key, as it is shown."""
    await page.get_by_role("button", name="Create a key").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill(name)
    for label, value in fields.items():
        await dialog.get_by_label(label.replace("_", " ")).fill(value)
    await dialog.get_by_role("button", name="Create").click()
    shown = page.get_by_role("dialog", name=f"{name} is made").get_by_label("The new key")
    key = await shown.inner_text()
    await page.get_by_role("button", name="Close").click()
    return key


def row(page: Page, name: str) -> Locator:
    """A key's row of the table."""
    return page.get_by_role("row").filter(has=page.get_by_role("cell", name=name, exact=True))


async def test_a_key_is_made_shown_once_and_revoked(operator: Visitor, lab: Site) -> None:
    """It is good as soon as it is shown, and refused as soon as it is revoked; the page never shows it again."""
    page = operator.page
    await operator.open("keys")
    key = await made(page, "reporter")
    assert (await lab.gateway.ask("/v1/models", key=key)).status == 200
    await expect(row(page, "reporter")).to_contain_text("active")
    assert key not in await page.content()
    await row(page, "reporter").get_by_role("button", name="Revoke").click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(row(page, "reporter")).to_contain_text("revoked")
    assert (await lab.gateway.ask("/v1/models", key=key)).status == 401


async def test_a_key_has_the_limits_that_were_typed(operator: Visitor) -> None:
    """Money is exact; an amount that is none is told at the field, and nothing is made."""
    page = operator.page
    await operator.open("keys")
    await page.get_by_role("button", name="Create a key").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("spender")
    await dialog.get_by_label("Spends at most").fill("2,50")
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("expected USDC")
    await dialog.get_by_role("button", name="Cancel").click()
    await made(page, "spender", Spends_at_most="2.500001", Requests_a_minute="60")
    await expect(row(page, "spender")).to_contain_text("2.500001")
    await expect(row(page, "spender")).to_contain_text("60 requests a minute")


async def test_a_successor_is_made_and_both_are_good(operator: Visitor, lab: Site) -> None:
    """The old key is good for another day, so that programs can be changed meanwhile."""
    page = operator.page
    await operator.open("keys")
    old = await made(page, "worker")
    await row(page, "worker").get_by_role("button", name="Replace").click()
    await page.get_by_role("dialog").get_by_role("button", name="Replace").click()
    new = await page.get_by_label("The new key").inner_text()
    await page.get_by_role("button", name="Close").click()
    assert re.fullmatch(r"dkn_\w+", new)
    assert [(await lab.gateway.ask("/v1/models", key=key)).status for key in (old, new)] == [200, 200]
