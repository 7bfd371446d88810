"""The frame around all pages: what it weighs, who can use it, what it lets through, and how it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Response, expect

from .accessibility import violations
from .lab import ADMIN_KEY, MODEL, Site
from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

PAGES = ("playground", "live", "models", "nodes", "campaigns", "channels", "balance", "keys", "settings")
FIRST_LOAD_BYTES_MAX = 300_000
PHONE = 390


async def test_the_first_load_is_small(visitor: Visitor) -> None:
    """From nothing to the playground: all that comes over the wire, compressed."""
    page = visitor.page
    came: list[Response] = []
    page.on("response", lambda response: came.append(response))  # noqa: PLW0108 - a built-in method is no listener
    await visitor.sign_in(ADMIN_KEY)
    await expect(page.get_by_label("Message")).to_be_visible()
    sizes = [await one.request.sizes() for one in came]
    whole = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    print(f"first load: {whole} bytes in {len(came)} responses")
    assert whole <= FIRST_LOAD_BYTES_MAX
    zipped = {one.headers.get("content-encoding") for one in came if one.url.endswith((".js", ".css"))}
    assert zipped == {"gzip"}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_has_a_serious_barrier(
    operator: Visitor, axe: Path, name: str, scheme: Literal["light", "dark"]
) -> None:
    """Axe finds nothing serious on any page, in either theme."""
    page = operator.page
    await page.emulate_media(color_scheme=scheme)
    await operator.open(name)
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    if name != "live":  # which never falls silent
        await page.wait_for_load_state("networkidle")
    assert await violations(page, axe) == []


async def test_what_is_used_has_no_serious_barrier(operator: Visitor, lab: Site, axe: Path) -> None:
    """A conversation, a dialog and an open request are as accessible as the pages that they stand on."""
    page = operator.page
    await page.get_by_label("Message").fill("Say it. [[answer tokens=9]]")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.assistant")).to_contain_text("9 tokens")
    assert await violations(page, axe) == []
    await page.get_by_role("button", name="Show as code").click()
    assert await violations(page, axe) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="waterfall").click()
    await expect(page.get_by_role("complementary", name="Request")).to_contain_text("Prefill")
    assert await violations(page, axe) == []


async def test_the_sign_in_page_has_no_serious_barrier(visitor: Visitor, axe: Path) -> None:
    """Nor has the door."""
    await visitor.open()
    await expect(visitor.page.get_by_label("Key")).to_be_visible()
    assert await violations(visitor.page, axe) == []


async def test_a_phone_has_every_page(browser: Browser, lab: Site, axe: Path) -> None:
    """The menu opens and closes; no page is wider than the screen, however wide its table."""
    assert (await lab.gateway.ask("/v1/keys", {"name": "a program on a phone"}, key=ADMIN_KEY)).status == 201
    visitor = await Visitor.arrive(browser, lab.url, width=PHONE)
    page = visitor.page
    await visitor.sign_in(ADMIN_KEY)
    for name in PAGES:
        await page.get_by_role("button", name="Menu").click()
        await page.locator(f'nav a[href="#/{name}"]').click()
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.locator("#navigation")).to_be_hidden()
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE, name
        assert await violations(page, axe) == [], name
    await visitor.close()


async def test_the_keyboard_is_enough(operator: Visitor) -> None:
    """The first stop skips to the content; a page that is opened has the focus."""
    page = operator.page
    await page.reload()
    await expect(page.get_by_label("Message")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()
    assert page.url.endswith("/") or page.url.endswith("#/"), "the skip link is no page"
    await page.get_by_role("link", name="Models").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Models", level=1)).to_be_visible()
    await expect(page.get_by_role("main")).to_be_focused()


async def test_a_session_that_ended_elsewhere_leads_back_to_the_door(operator: Visitor) -> None:
    """Whoever signs out in another tab is asked to sign in at the next step here, and told why."""
    page = operator.page
    other = await page.context.new_page()
    await other.goto(operator.origin)
    await other.get_by_role("button", name="Sign out").click()
    await expect(other.get_by_label("Key")).to_be_visible()
    await operator.open("models")
    await expect(page.get_by_label("Key")).to_be_visible()
    await expect(page.get_by_role("status")).to_contain_text("session has ended")


async def test_the_theme_is_chosen_and_kept(operator: Visitor) -> None:
    """The button goes through the themes; a reload keeps the choice."""
    page = operator.page
    await page.get_by_role("button", name="Theme: system").click()
    await page.get_by_role("button", name="Theme: light").click()
    await expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(20, 23, 26)"


async def test_the_policy_of_the_pages_is_strict(visitor: Visitor) -> None:
    """No page may load or send anything elsewhere, be framed, or run a script that stands in it."""
    response = await visitor.page.goto(f"{visitor.origin}/")
    assert response is not None
    policy = response.headers["content-security-policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy


async def test_a_foreign_page_cannot_use_the_session(operator: Visitor, lab: Site) -> None:
    """The cookie alone, without the header that no form can send, is nobody's key."""
    page = operator.page
    status = await page.evaluate("async () => (await fetch('/v1/keys', { credentials: 'same-origin' })).status")
    assert status == 401
    made = await page.evaluate(
        """async (model) => (await fetch('/v1/chat/completions', {
          method: 'POST', body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] }),
        })).status""",
        MODEL,
    )
    assert made == 401
