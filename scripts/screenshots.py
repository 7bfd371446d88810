"""Takes the pictures of docs/console.md from a console that runs: `make screenshots` writes them to docs/images.

What they show came about as it does for anybody: nodes joined, requests were asked, a payment was made on a chain.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from random import Random

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from antiphon.chain.token import CHAIN_ID
from tests.clients.environments import prepare
from tests.console.stage import ADMIN, HABITS, Stage, stage
from tests.console.visitor import Visitor
from tests.console.wallet import Wallet
from tests.fixtures.chain.plugin import CHAIN_PACKAGES

WIDTH = 1200
PHONE = 390
COLOURS = 128  # of a picture: what is there is flat, so more only makes it larger
SMALL = "smollm2:135m"  # says real sentences, where the engine for tests says any words
MORE = f"""
[[models]]
name = "{SMALL}"
reference = "{SMALL}"
prices = {{ prompt = 20000, completion = 40000 }}
"""
NODES = (("harbour-1", 8), ("harbour-2", 8), ("quay-1", 4), ("lighthouse", 2))
MESSAGES = (
    ("harbourmaster", "The evening batch is through: 1,204 requests, none failed."),
    ("pilot", "quay-1 is drained for its new disk. Back in an hour."),
    ("harbourmaster", "Taken note. Requests go to harbour-2 meanwhile."),
    ("pilot", "Disk is in, quay-1 serves again."),
)
KEYS = (("web-shop", 25_000_000, 600), ("nightly-batch", 100_000_000, 0), ("support-desk", None, 120))
ASKED = ("harbour-1", "harbour-2", "harbour-1", "quay-1", "harbour-1", "harbour-2")
ASKERS = 14


class Camera:
    """Takes pictures of pages into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def take(self, page: Page, name: str, *, height: int = 760) -> None:
        """A picture of what a window of that height shows, in few colours."""
        size = page.viewport_size
        assert size is not None, "every page has a window"
        await page.set_viewport_size({"width": size["width"], "height": height})
        await page.mouse.move(0, 0)
        await page.wait_for_timeout(500)  # until charts are drawn for this window
        taken = Image.open(BytesIO(await page.screenshot()))
        path = self._folder / f"{name}.png"
        taken.convert("RGB").quantize(COLOURS).save(path, optimize=True)
        print(f"{path}: {path.stat().st_size // 1000} kB")


async def main(folder: Path) -> None:
    """All pictures."""
    with tempfile.TemporaryDirectory() as place:
        async with (
            stage(Path(place), prepare(CHAIN_PACKAGES), more=MORE) as made,
            joined(made),
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            camera = Camera(folder)
            await furnished(made)
            await of_operator(browser, made, camera)
            await of_payer(browser, made, camera)
            await browser.close()


@contextlib.asynccontextmanager
async def joined(made: Stage) -> AsyncIterator[None]:
    """Nodes that serve, one of them drained."""
    async with contextlib.AsyncExitStack() as stack:
        for name, slots in NODES:
            await stack.enter_async_context(made.node(name, slots))
        await made.ask("PATCH", f"/v1/nodes/{NODES[-1][0]}", {"state": "drained"})
        yield


async def furnished(made: Stage) -> None:
    """What an operator has after a while: keys of programs, messages of people."""
    for name, content in MESSAGES:
        await made.ask("POST", "/v1/channel", {"channel": "general", "content": content, "name": name})
    for name, cap, requests in KEYS:
        body = {"name": name, "spend_cap_micro_usdc": cap, "requests_per_minute": requests}
        await made.ask("POST", "/v1/keys", body)


@contextlib.asynccontextmanager
async def asked(made: Stage) -> AsyncIterator[None]:
    """Requests all the while, of many lengths, some for each node."""
    ended = asyncio.Event()
    nodes = (await made.ask("GET", "/v1/nodes")).json()["data"]
    ids = {node["name"]: node["id"] for node in nodes}

    async def ask(number: int) -> None:
        draws = Random(number)
        while not ended.is_set():
            order = f"[[answer tokens={draws.randrange(10, 160)} delay_s=0.02]]"
            body = {"model": HABITS.model, "messages": [{"role": "user", "content": order}], "stream": number % 3 > 0}
            only = {"x-node": ids[ASKED[number % len(ASKED)]]}
            await made.ask("POST", "/v1/chat/completions", body, headers=only)

    async with asyncio.TaskGroup() as group:
        for number in range(ASKERS):
            group.create_task(ask(number))
        try:
            yield
        finally:
            ended.set()


async def of_operator(browser: Browser, made: Stage, camera: Camera) -> None:
    """What an administrator sees, while requests come."""
    visitor = await Visitor.arrive(browser, made.gateway.url, width=WIDTH)
    await visitor.sign_in(ADMIN)
    page = visitor.page
    async with asked(made):
        await visitor.open("live")
        await page.wait_for_timeout(6_000)
        await camera.take(page, "console-live")
        await visitor.open("nodes")
        await expect(page.get_by_role("region", name="All nodes")).to_be_visible()
        await page.wait_for_timeout(3_000)
        await camera.take(page, "console-nodes", height=620)
        await page.emulate_media(color_scheme="dark")
        await page.set_viewport_size({"width": PHONE, "height": 760})
        await camera.take(page, "console-phone")
        await page.set_viewport_size({"width": WIDTH, "height": 760})
        await page.emulate_media(color_scheme="light")
    await visitor.open("campaigns/tone")
    await expect(page.get_by_role("img", name="Difference")).to_be_visible()
    await camera.take(page, "console-campaign", height=1_000)
    await visitor.open("keys")
    await expect(page.get_by_role("region", name="All keys")).to_be_visible()
    await camera.take(page, "console-keys", height=420)
    await visitor.open("channels/general")
    await expect(page.get_by_role("log")).to_contain_text("quay-1 serves again")
    await camera.take(page, "console-channels", height=640)
    await playground(visitor, camera)
    await visitor.close()


async def playground(visitor: Visitor, camera: Camera) -> None:
    """A conversation with a real model, small as it is."""
    page = visitor.page
    await visitor.open("playground")
    await page.get_by_label("Model", exact=True).first.select_option(SMALL)
    await page.get_by_label("Max tokens").fill("70")
    await page.get_by_label("Seed").fill("4")
    await page.get_by_label("Message", exact=True).fill("What is a harbour?")
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_timeout(6_000)
    await camera.take(page, "console-playground", height=640)


async def of_payer(browser: Browser, made: Stage, camera: Camera) -> None:
    """What an account with a wallet sees: its balance after a top-up and a few answers."""
    wallet = Wallet(made.wallet, CHAIN_ID)
    visitor = await Visitor.arrive(browser, made.gateway.url, wallet=wallet, width=WIDTH)
    page = visitor.page
    await visitor.open("balance")
    await page.get_by_role("button", name="Sign in with a wallet").click()
    await page.get_by_label("USDC").first.fill("25")
    await page.get_by_role("button", name="Pay with the wallet").click()
    await expect(page.get_by_text("credits were added")).to_be_visible(timeout=30_000)
    key = (await page.evaluate(MINT))["api_key"]
    for number in range(6):
        order = f"[[answer tokens={60 + 40 * number} delay_s=0]]"
        body = {"model": "harbour-70b", "messages": [{"role": "user", "content": order}]}
        await made.ask("POST", "/v1/chat/completions", body, key=key)
    await page.reload()
    await expect(page.get_by_role("region", name="Ledger")).to_contain_text("Used")
    await camera.take(page, "console-balance", height=860)
    await visitor.close()


MINT = """
async () => (await fetch("/v1/keys", {
  method: "POST",
  headers: { "content-type": "application/json", "x-antiphon-console": "1" },
  body: JSON.stringify({ name: "agent" }),
})).json()
"""


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")))
