"""Sign-in at the console, with a key and with a wallet, and how it ends."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from .lab import CLIENT_KEY, Site
from .visitor import Visitor
from .wallet import Wallet

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

PRIVATE_KEY = "0x" + "11" * 32


async def test_a_wrong_key_is_refused_in_words(visitor: Visitor) -> None:
    """Who is not let in reads why, and can try again at once."""
    page = visitor.page
    await visitor.open()
    await page.get_by_label("Key").fill("sk-of-nobody")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("key")
    await expect(page.get_by_label("Key")).to_be_focused()


async def test_a_key_signs_in_until_its_session_is_ended(visitor: Visitor) -> None:
    """A reload keeps the session; signing out ends it, in the browser and at the gateway."""
    page = visitor.page
    await visitor.sign_in(CLIENT_KEY)
    await page.reload()
    await expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    (cookie,) = await page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert await page.evaluate("document.cookie") == ""
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Key")).to_be_visible()
    await page.context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": visitor.origin}])
    await page.reload()
    await expect(page.get_by_label("Key")).to_be_visible()


async def test_what_an_account_may_not_see_is_not_there(visitor: Visitor) -> None:
    """A client's key has no pages for administrators."""
    await visitor.sign_in(CLIENT_KEY)
    links = visitor.page.get_by_role("navigation", name="Pages").get_by_role("link")
    names = {await link.inner_text() for link in await links.all()}
    assert "Playground" in names
    assert not names & {"Nodes", "Settings"}


async def test_a_wallet_signs_in_with_a_signed_text(browser: Browser, lab: Site) -> None:
    """The account is the wallet's address; nothing but a signature is asked of the wallet."""
    wallet = Wallet(PRIVATE_KEY, 31337)
    visitor = await Visitor.arrive(browser, lab.url, wallet=wallet)
    await visitor.open()
    await visitor.page.get_by_role("button", name="Sign in with a wallet").click()
    await expect(visitor.page.get_by_title(wallet.address)).to_be_visible()
    assert wallet.asked == ["eth_requestAccounts", "eth_chainId", "personal_sign"]
    await visitor.close()


async def test_who_declines_in_the_wallet_is_told_so(browser: Browser, lab: Site) -> None:
    """A declined signature leaves the visitor at the sign-in page."""
    wallet = Wallet(PRIVATE_KEY, 31337)
    wallet.declines = True
    visitor = await Visitor.arrive(browser, lab.url, wallet=wallet)
    await visitor.open()
    await visitor.page.get_by_role("button", name="Sign in with a wallet").click()
    await expect(visitor.page.get_by_role("alert")).to_contain_text("declined")
    await visitor.close()
