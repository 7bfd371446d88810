"""Pages for everybody: no serious fault for screen readers, in light and dark, and nothing beyond a phone's edge."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from .accessibility import violations
from .stage import ADMIN, Stage
from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

PHONE = 390
PAGES = (
    "models",
    "models/harbour-8b",
    "nodes",
    "campaigns",
    "campaigns/tone",
    "channels/general",
    "balance",
    "keys",
    "settings",
)
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def opened(visitor: Visitor, name: str) -> Page:
    """The page, filled."""
    await visitor.open(name)
    await expect(visitor.page.locator("main h1, main h2").first).to_be_visible()
    await expect(visitor.page.get_by_text("Loading …")).to_have_count(0)
    return visitor.page


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_have_no_serious_fault(
    browser: Browser, staged: Stage, axe: Path, scheme: Literal["light", "dark"]
) -> None:
    """By axe-core's rules, contrast among them."""
    visitor = await Visitor.arrive(browser, staged.gateway.url)
    await visitor.page.emulate_media(color_scheme=scheme)
    await visitor.sign_in(ADMIN)
    found = {}
    node = f"reader-{scheme}"
    await staged.ask("POST", "/v1/channel", {"channel": "general", "content": "Who is there?"})
    async with staged.node(node, 2):
        for name in (*PAGES, f"nodes/{node}"):
            page = await opened(visitor, name)
            found[name] = await violations(page, axe)
    assert {name: faults for name, faults in found.items() if faults} == {}
    await visitor.close()


async def test_pages_fit_a_phone(browser: Browser, staged: Stage) -> None:
    """Tables scroll in themselves, the page does not sideways."""
    visitor = await Visitor.arrive(browser, staged.gateway.url)
    await visitor.sign_in(ADMIN)
    await visitor.page.set_viewport_size({"width": PHONE, "height": 844})
    wide = {name: await (await opened(visitor, name)).evaluate(WIDER) for name in PAGES}
    assert not {name: pixels for name, pixels in wide.items() if pixels > 0}
    await visitor.close()
