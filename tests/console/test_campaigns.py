"""The page of campaigns: intervals over time, the verdict in words, and what can be done with one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from .stage import ADMIN, Stage
from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]


@pytest_asyncio.fixture(loop_scope="package")
async def owner(browser: Browser, staged: Stage) -> AsyncIterator[Visitor]:
    """Somebody who may change campaigns."""
    came = await Visitor.arrive(browser, staged.gateway.url)
    await came.sign_in(ADMIN)
    yield came
    await came.close()


async def test_intervals_are_drawn_over_time(owner: Visitor) -> None:
    """Each variant has a line and a band, and so has the difference; what is best stands in words."""
    page = owner.page
    await owner.open("campaigns")
    await page.get_by_role("link", name="Tone of voice").click()
    await expect(page.get_by_text("warm is the best by thumbs")).to_be_visible()
    means = page.get_by_role("img", name="thumbs of each variant over time")
    await expect(means.locator("polyline")).to_have_count(2)
    await expect(means.locator("polygon")).to_have_count(2)
    difference = page.get_by_role("img", name="Difference of each variant")
    moments = (await difference.locator("polyline").get_attribute("points") or "").split()
    assert len(moments) > 20
    await expect(page.get_by_role("list", name="Differences by thumbs")).to_contain_text("warm is better")


async def test_a_chart_tells_its_numbers_under_the_pointer(owner: Visitor) -> None:
    """Each variant's mean with its interval."""
    page = owner.page
    await owner.open("campaigns/tone")
    chart = page.get_by_role("img", name="thumbs of each variant over time")
    await chart.locator(".area").hover()
    await expect(page.locator(".reading").first).to_contain_text(" to ")


async def test_a_campaign_is_paused_and_started(owner: Visitor, staged: Stage) -> None:
    """The gateway does what the page says."""
    page = owner.page
    await owner.open("campaigns/tone")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("button", name="Start")).to_be_visible()
    assert (await staged.ask("GET", "/v1/campaigns/tone")).json()["status"] == "paused"
    await page.get_by_role("button", name="Start").click()
    await expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert (await staged.ask("GET", "/v1/campaigns/tone")).json()["status"] == "running"


async def test_its_share_is_changed(owner: Visitor, staged: Stage) -> None:
    """In percent here, as a part there."""
    page = owner.page
    await owner.open("campaigns/tone")
    await page.get_by_role("button", name="Share").click()
    await page.get_by_role("dialog").get_by_label("Percent").fill("40")
    await page.get_by_role("dialog").get_by_role("button", name="Change").click()
    await expect(page.get_by_text("40 %")).to_be_visible()
    assert (await staged.ask("GET", "/v1/campaigns/tone")).json()["share"] == 0.4
