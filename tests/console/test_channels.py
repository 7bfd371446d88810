"""The page of channels: messages as they come, posted, deleted; channels of one's own."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from .lab import CLIENT_KEY, Site
from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]


async def test_messages_come_as_they_are_posted(operator: Visitor, lab: Site) -> None:
    """One's own and those of others, each once; what is markup elsewhere is a text here."""
    page = operator.page
    await operator.open("channels/general")
    messages = page.get_by_role("log")
    await page.get_by_label("Message", exact=True).fill("Who has <b>harbour-8b</b>?")
    await page.get_by_role("button", name="Post").click()
    await expect(messages).to_contain_text("Who has <b>harbour-8b</b>?")
    body = {"channel": "general", "content": "I have.", "name": "helper"}
    posted = await lab.gateway.ask("/v1/channel", body, key=CLIENT_KEY)
    assert posted.status == 200, posted.body
    await expect(messages.get_by_role("listitem").filter(has_text="I have.")).to_contain_text("helper")
    await expect(messages.get_by_role("listitem").filter(has_text="Who has")).to_have_count(1)


async def test_a_message_is_deleted(operator: Visitor) -> None:
    """By its author, after a question."""
    page = operator.page
    await operator.open("channels/requests")
    await page.get_by_label("Message", exact=True).fill("A slip of the pen")
    await page.get_by_label("Message", exact=True).press("Control+Enter")
    message = page.get_by_role("listitem").filter(has_text="A slip of the pen")
    await message.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(message).to_have_count(0)
    await page.reload()
    await expect(page.get_by_role("log")).to_be_visible()
    await expect(page.get_by_text("A slip of the pen")).to_have_count(0)


async def test_a_channel_of_ones_own_is_made_shared_and_deleted(operator: Visitor, lab: Site) -> None:
    """Whoever is a member reads it."""
    page = operator.page
    await operator.open("channels")
    await page.get_by_role("button", name="Create a channel").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("harbour-team")
    await dialog.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", name="operator/harbour-team")).to_be_visible()
    await page.get_by_role("button", name="Members").click()
    await page.get_by_role("dialog").get_by_label("Accounts").fill("client")
    await page.get_by_role("dialog").get_by_role("button", name="Change").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("button", name="Delete", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("link", name="harbour-team")).to_have_count(0)
