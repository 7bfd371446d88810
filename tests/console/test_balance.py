"""The page of the balance: paid with a wallet on a real chain, with test money, to the millionth and never twice."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from antiphon.chain.token import CHAIN_ID

from .lab import ADMIN_KEY, Site
from .stage import ADMIN, MODEL, Stage
from .visitor import Visitor
from .wallet import Wallet

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

SIGN = "eth_signTypedData_v4"
AMOUNT = re.compile(r"([\d,]+)\.(\d{2,6})")


@pytest.fixture
def wallet(staged: Stage) -> Wallet:
    """The test wallet, on another chain than the gateway's."""
    return Wallet(staged.wallet, 1)


@pytest_asyncio.fixture(loop_scope="package")
async def payer(browser: Browser, staged: Stage, wallet: Wallet) -> AsyncIterator[Visitor]:
    """Somebody who has signed in with that wallet."""
    came = await Visitor.arrive(browser, staged.gateway.url, wallet=wallet)
    await came.open("balance")
    await came.page.get_by_role("button", name="Sign in with a wallet").click()
    await expect(came.page.get_by_role("heading", name="Balance", exact=True)).to_be_visible()
    yield came
    await came.close()


async def balance(page: Page) -> int:
    """What the account has, in micro-USDC, as the page shows it."""
    shown = AMOUNT.match(await page.get_by_role("definition").first.inner_text())
    assert shown is not None
    return int(shown[1].replace(",", "")) * 1_000_000 + int(shown[2].ljust(6, "0"))


async def pay(page: Page, amount: str) -> None:
    """Ask for a top-up of so much."""
    await page.get_by_label("USDC", exact=False).first.fill(amount)
    await page.get_by_role("button", name="Pay with the wallet").click()


async def test_a_wallet_tops_up_with_one_signature(payer: Visitor, wallet: Wallet) -> None:
    """It is asked to the right chain, signs once, and the page shows the new balance and its entry."""
    page = payer.page
    before = await balance(page)
    await pay(page, "2.50")
    await expect(page.get_by_text("250 credits were added")).to_be_visible(timeout=20_000)
    await expect(page.get_by_role("region", name="Ledger")).to_contain_text("Topped up")
    assert await balance(page) == before + 2_500_000
    assert (wallet.chain_id, wallet.asked.count(SIGN)) == (CHAIN_ID, 1)


async def test_a_payment_in_doubt_is_sent_again_and_not_signed_again(payer: Visitor, wallet: Wallet) -> None:
    """A gateway that cannot say yet is asked again with the same payment, which is credited once."""
    page = payer.page
    before = await balance(page)
    refused = 0

    async def answer(route: Route) -> None:
        nonlocal refused
        if "x-payment" in route.request.headers and not refused:
            refused += 1
            await route.fulfill(
                status=503, headers={"retry-after": "1"}, body='{"error":{"message":"Nobody knows yet."}}'
            )
        else:
            await route.continue_()

    await page.route("**/v1/credits/topup", answer)
    await pay(page, "1")
    await expect(page.get_by_text("100 credits were added")).to_be_visible(timeout=20_000)
    assert (refused, wallet.asked.count(SIGN)) == (1, 1)
    assert await balance(page) == before + 1_000_000


async def test_a_doubt_that_lasts_is_told(payer: Visitor, wallet: Wallet) -> None:
    """After several tries the same payment, and no other, is there to be sent again."""
    page = payer.page
    before = await balance(page)

    async def away(route: Route) -> None:
        if "x-payment" in route.request.headers:
            await route.fulfill(status=503, body='{"error":{"message":"The chain is away."}}')
        else:
            await route.continue_()

    await page.clock.install()
    await page.route("**/v1/credits/topup", away)
    await pay(page, "2")
    for _ in range(20):
        await page.clock.run_for(1_000)
    await expect(page.get_by_role("alert")).to_contain_text("The chain is away. It is credited by itself if it was.")
    await page.unroute("**/v1/credits/topup")
    await page.get_by_role("button", name="Send the same payment again").click()
    await expect(page.get_by_text("200 credits were added")).to_be_visible(timeout=20_000)
    assert wallet.asked.count(SIGN) == 1
    await page.reload()
    assert await balance(page) == before + 2_000_000


async def test_another_price_than_was_typed_is_not_signed(payer: Visitor, wallet: Wallet) -> None:
    """Whatever answers in the gateway's place."""
    page = payer.page

    async def dearer(route: Route) -> None:
        answered = await route.fetch()
        body = (await answered.json()) | {}
        body["accepts"][0]["maxAmountRequired"] = "9000000"
        await route.fulfill(response=answered, json=body)

    await page.route("**/v1/credits/topup", dearer)
    await pay(page, "3")
    await expect(page.get_by_role("alert")).to_contain_text("nothing is signed")
    assert SIGN not in wallet.asked


async def test_who_declines_has_paid_nothing(payer: Visitor, wallet: Wallet) -> None:
    """And reads so; an amount that is none does not come that far."""
    page = payer.page
    before = await balance(page)
    await pay(page, "ten")
    await expect(page.get_by_role("alert")).to_contain_text("such as 10 or 2.50")
    wallet.declines = True
    await pay(page, "3")
    await expect(page.get_by_role("alert")).to_contain_text("declined")
    assert await balance(page) == before


async def test_a_receipt_tells_what_an_answer_cost(payer: Visitor, staged: Stage) -> None:
    """By the answer's id, once it is in the books."""
    page = payer.page
    await pay(page, "1")
    await expect(page.get_by_text("100 credits were added")).to_be_visible(timeout=20_000)
    await payer.open("keys")
    await page.get_by_role("button", name="Create a key").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("asker")
    await dialog.get_by_role("button", name="Create").click()
    key = await page.get_by_label("The new key").inner_text()
    await page.get_by_role("button", name="Close").click()
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Which ships came today?"}]}
    answer = await staged.ask("POST", "/v1/chat/completions", body, key=key)
    assert answer.status == 200, answer.body
    await payer.open("balance")
    await page.get_by_label("Answer's or request's id").fill(answer.json()["id"])
    await page.get_by_role("button", name="Look up").click()
    await expect(page.get_by_text("delivered")).to_be_visible()
    await expect(page.get_by_text(MODEL)).to_be_visible()


async def test_an_operators_key_has_no_balance(browser: Browser, staged: Stage) -> None:
    """The page says why, and how to look at an account's."""
    came = await Visitor.arrive(browser, staged.gateway.url)
    await came.sign_in(ADMIN)
    await came.open("balance")
    await expect(came.page.get_by_text("antiphon credits balance")).to_be_visible()
    await came.close()


async def test_where_no_credit_is_sold_its_operator_can_give_some(visitor: Visitor, lab: Site) -> None:
    """The very command is there, and what will stand in the ledger."""
    body = {"name": "player", "scopes": ["inference", "credits"]}
    made = await lab.gateway.ask("/v1/keys", body, key=ADMIN_KEY)
    assert made.status == 201, made.body
    await visitor.sign_in(made.json()["api_key"])
    await visitor.open("balance")
    await expect(visitor.page.get_by_text("antiphon credits grant operator 10")).to_be_visible()
    await expect(visitor.page.get_by_text("Nothing has happened yet")).to_be_visible()
    await expect(visitor.page.get_by_role("button", name="Pay with the wallet")).to_have_count(0)
