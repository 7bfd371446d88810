"""Live requests: each as it goes on, with its waterfall; a thousand of them without a hitch; nobody else's."""

from __future__ import annotations

import asyncio
from typing import Any  # bodies are any JSON

import pytest
from playwright.async_api import Locator, Page, expect

from .lab import ADMIN_KEY, CLIENT_KEY, MODEL, Site
from .tasks import traced
from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

MANY = 1_000
AT_ONCE = 40
ROWS_MAX = 60  # in the document, however many are listed
LONG_TASK_MS = 60
HITCH = """
() => new Promise((resolve) => setTimeout(() => {
  let sum = 0;
  for (let step = 0; step < 5e8; step += 1) sum += step % 7;
  resolve(sum);
}))
"""
SCROLL = """
async () => {
  const grid = document.querySelector("[role=grid]");
  const steps = 120;
  for (let step = 0; step <= steps; step += 1) {
    grid.scrollTop = (grid.scrollHeight * step) / steps;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  grid.scrollTop = 0;
}
"""


async def ask(lab: Site, text: str, *, key: str = ADMIN_KEY, **fields: Any) -> int:
    """Send a request as any client would; its status."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": text}], **fields}
    return (await lab.gateway.ask("/v1/chat/completions", body, key=key)).status


def rows(page: Page) -> Locator:
    """The rows of requests that can be seen, the newest first in the list but not in the document."""
    return page.locator(".sheet [role=row]:visible")


def row(page: Page, text: str) -> Locator:
    """The rows with this text."""
    return rows(page).filter(has_text=text)


async def watch(visitor: Visitor) -> None:
    """Open the page and return once it follows: the gateway notes requests while somebody looks."""
    await visitor.open("live")
    await expect(visitor.page.locator(".live-bar")).to_contain_text("running")


async def test_a_request_is_listed_as_it_begins_and_as_it_ends(operator: Visitor, lab: Site) -> None:
    """Its row is there while it generates; in the end it has tokens, and its panel every stretch of its life."""
    page = operator.page
    await watch(operator)
    asking = asyncio.create_task(ask(lab, "Slowly. [[answer tokens=97 delay_s=0.02]]", stream=True))
    await expect(row(page, "generating").first).to_be_visible()
    assert await asking == 200
    await expect(row(page, "→ 97").first).to_be_visible()
    await row(page, "→ 97").first.click()
    panel = page.get_by_role("complementary", name="Request")
    await expect(panel).to_contain_text("First attempt · engine")
    for stretch in ("Prefill", "Generating"):
        await expect(panel).to_contain_text(stretch)


async def test_a_failed_request_says_why(operator: Visitor, lab: Site) -> None:
    """Each attempt stands in the panel with its reason, and the refusal in the gateway's words."""
    page = operator.page
    await watch(operator)
    others = await row(page, "failed").count()
    assert await ask(lab, "Fail. [[fault:status status=500]]") >= 500
    await expect(row(page, "failed")).to_have_count(others + 1)
    await row(page, "failed").first.click()
    panel = page.get_by_role("complementary", name="Request")
    await expect(panel.locator(".outcome .error")).to_contain_text("500")
    await expect(panel.locator(".attempt.failed").first).to_be_visible()


async def test_a_refused_request_is_listed_too(operator: Visitor, lab: Site) -> None:
    """What never reached an engine is there with the reason."""
    page = operator.page
    await watch(operator)
    body = {"model": "nobody/knows", "messages": [{"role": "user", "content": "Hello"}]}
    assert (await lab.gateway.ask("/v1/chat/completions", body, key=ADMIN_KEY)).status == 404
    await row(page, "refused").first.click()
    await expect(page.get_by_role("complementary", name="Request")).to_contain_text("nobody/knows")


async def test_an_account_sees_its_own_requests_only(visitor: Visitor, lab: Site) -> None:
    """The client's list has what the client asked, and nothing of the operator's."""
    await visitor.sign_in(CLIENT_KEY)
    await watch(visitor)
    assert await ask(lab, "Not theirs. [[answer tokens=9]]") == 200
    assert await ask(lab, "Mine. [[answer tokens=7]]", key=CLIENT_KEY) == 200
    await expect(row(visitor.page, "→ 7").first).to_be_visible()
    await expect(row(visitor.page, "operator")).to_have_count(0)


async def test_the_keyboard_opens_a_request_and_comes_back(operator: Visitor, lab: Site) -> None:
    """Arrows move, Enter opens, closing the panel returns to the list."""
    page = operator.page
    await watch(operator)
    for _ in range(3):
        assert await ask(lab, "One of three. [[answer tokens=3]]") == 200
    await expect(rows(page).nth(2)).to_be_visible()
    grid = page.get_by_role("grid")
    await grid.focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    active = page.locator("[role=row][aria-selected=true]")
    await expect(active).to_have_attribute("aria-rowindex", "3")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Close")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(grid).to_be_focused()


async def test_a_filter_leaves_what_it_names(operator: Visitor, lab: Site) -> None:
    """The list can be narrowed by text and by state."""
    page = operator.page
    await watch(operator)
    assert await ask(lab, "Fail. [[fault:status status=500]]") >= 500
    assert await ask(lab, "Well. [[answer tokens=5]]") == 200
    await expect(row(page, "ended").first).to_be_visible()
    await page.get_by_label("State").select_option("failed")
    await expect(row(page, "ended")).to_have_count(0)
    await page.get_by_label("Filter").fill("no such thing")
    await expect(rows(page)).to_have_count(0)


async def test_a_request_that_is_not_listed_says_so(operator: Visitor) -> None:
    """An address may name a request of last week: what is kept of it is looked for, and if nothing is, that is told."""
    await operator.open("live/chatcmpl-of-last-week")
    panel = operator.page.get_by_role("complementary", name="Request")
    await expect(panel).to_contain_text("not among the latest requests")
    await expect(panel).to_contain_text("Nothing is kept of it")


async def test_a_thousand_requests_are_listed_without_a_long_task(operator: Visitor, lab: Site) -> None:
    """Of a thousand rows only the visible ones exist; scrolling through them under load blocks nothing for long."""
    page = operator.page
    limit = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with limit:
            assert await ask(lab, "Many. [[answer tokens=2]]") == 200

    await watch(operator)
    await asyncio.gather(*(one() for _ in range(MANY)))
    await expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(MANY + 1))
    assert await page.locator(".sheet [role=row]").count() <= ROWS_MAX
    async with traced(page) as hitch:
        await page.evaluate(HITCH)
    assert hitch[0] > LONG_TASK_MS, "a long task is seen at all"
    slow = "Run. [[answer tokens=100 delay_s=0.02]]"
    async with traced(page) as tasks:
        running = [asyncio.create_task(ask(lab, slow, stream=True)) for _ in range(20)]
        await page.evaluate(SCROLL)
        await asyncio.gather(*running)
    print(f"{len(tasks)} tasks, the longest in ms: {tasks[:3]}")
    assert tasks[0] <= LONG_TASK_MS
