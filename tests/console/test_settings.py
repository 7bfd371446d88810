"""The page of settings: read only, secrets only as set or not."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from .lab import ADMIN_KEY
from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]


async def test_what_was_changed_is_shown_with_its_default(operator: Visitor) -> None:
    """First only what differs; all others with a search by name or meaning."""
    page = operator.page
    await operator.open("settings")
    row = page.get_by_role("row").filter(has_text="server.port")
    await expect(row).to_contain_text("8000")
    await expect(page.get_by_text("timeouts.heartbeat_s")).to_have_count(0)
    await page.get_by_label("Changed only").uncheck()
    await page.get_by_label("Search settings").fill("heartbeat")
    await expect(page.get_by_text("timeouts.heartbeat_s")).to_be_visible()
    await expect(page.get_by_text("server.port")).to_have_count(0)


async def test_secrets_are_never_shown(operator: Visitor) -> None:
    """A key in the configuration is `set`, and nowhere in the page."""
    page = operator.page
    await operator.open("settings")
    row = page.get_by_role("row").filter(has_text="keys[0].key")
    await expect(row).to_contain_text("set")
    assert ADMIN_KEY not in await page.content()
