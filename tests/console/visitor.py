"""Somebody with a browser: opens the console, signs in, and notes whatever the pages do that they should not."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Page, Request, expect

from .wallet import Wallet

REFUSED = "Failed to load resource"  # what the browser notes for each refusal of the gateway, which pages do show


class Visitor:
    """One browser context with one page. `close` fails when a page asked elsewhere, threw, or broke its policy."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.faults: list[str] = []
        page.on("request", self._asked)
        page.on("pageerror", lambda error: self.faults.append(f"thrown: {error}"))
        page.on("console", self._said)

    @classmethod
    async def arrive(cls, browser: Browser, origin: str, *, wallet: Wallet | None = None, width: int = 1360) -> Visitor:
        """A new visitor at the origin, signed in nowhere."""
        context = await browser.new_context(
            viewport={"width": width, "height": 860}, permissions=["clipboard-read", "clipboard-write"]
        )
        if wallet is not None:
            await wallet.put_into(context)
        return cls(await context.new_page(), origin)

    async def open(self, address: str = "") -> None:
        """Go to a page of the console, `live` or `nodes/node_1`."""
        await self.page.goto(f"{self.origin}/#/{address}")

    async def sign_in(self, key: str) -> None:
        """Sign in with a key, wherever the console begins."""
        await self.page.goto(f"{self.origin}/")
        await self.page.get_by_label("Key").fill(key)
        await self.page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(self.page.locator("#navigation")).to_be_attached()  # which a phone hides behind its menu

    async def close(self) -> None:
        """Leave; AssertionError with what the pages did wrong."""
        await self.page.context.close()
        assert not self.faults, self.faults

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        own = f"{address.scheme}://{address.netloc}" == self.origin
        if not own and address.scheme not in ("data", "blob"):
            self.faults.append(f"asked {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(REFUSED):
            self.faults.append(f"said {message.text}")
