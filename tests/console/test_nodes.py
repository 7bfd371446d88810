"""The page of nodes: invited, loaded, drained and taken back, with what is thought of each."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect

from antiphon.testing.node_process import NodeProcess

from .stage import ADMIN, MODEL, Stage
from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

NAME = "harbour-1"


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def node(staged: Stage) -> AsyncIterator[NodeProcess]:
    """A node that has joined."""
    async with staged.node(NAME, 4) as joined:
        yield joined


@pytest_asyncio.fixture(loop_scope="package")
async def keeper(browser: Browser, staged: Stage, node: NodeProcess) -> AsyncIterator[Visitor]:
    """An operator who looks at the nodes."""
    assert node.alive
    came = await Visitor.arrive(browser, staged.gateway.url)
    await came.sign_in(ADMIN)
    await came.open("nodes")
    yield came
    await came.close()


def row(page: Page) -> Locator:
    """The node's row of the table."""
    return page.get_by_role("row").filter(has_text=NAME)


async def test_a_node_is_drained_and_taken_back(keeper: Visitor, staged: Stage) -> None:
    """The gateway gives it nothing new meanwhile, and the page says so."""
    page = keeper.page
    await expect(row(page)).to_contain_text("serving")
    await row(page).get_by_role("button", name="Drain").click()
    await expect(row(page)).to_contain_text("drained")
    told = await staged.ask("GET", f"/v1/nodes/{NAME}")
    assert told.json()["state"] == "drained"
    await row(page).get_by_role("button", name="Take back").click()
    await expect(row(page)).to_contain_text("serving")


async def test_load_is_seen_while_it_lasts(keeper: Visitor, staged: Stage) -> None:
    """A request that only this node may answer shows at its tile."""
    page = keeper.page
    tile = page.get_by_role("list", name="Load of each node").get_by_role("link", name=NAME)
    await expect(tile).to_contain_text("0/4")
    body = {"model": MODEL, "messages": [{"role": "user", "content": "[[answer tokens=150 delay_s=0.03]]"}]}
    only = {"x-node": (await staged.ask("GET", f"/v1/nodes/{NAME}")).json()["id"]}
    asked = [asyncio.create_task(staged.ask("POST", "/v1/chat/completions", body, headers=only)) for _ in range(4)]
    await expect(tile).not_to_contain_text("0/4")
    for answer in await asyncio.gather(*asked):
        assert answer.status == 200, answer.body


async def test_one_node_tells_all_that_is_known(keeper: Visitor) -> None:
    """What it serves, how fast, on what, and how far it is trusted."""
    page = keeper.page
    await page.get_by_role("link", name=NAME, exact=True).click()
    await expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    await expect(page.get_by_role("region", name="Models of this node")).to_contain_text(MODEL)
    await expect(
        page.get_by_text("Nothing was checked yet.").or_(page.get_by_role("region", name="Checks"))
    ).to_be_visible()
    await expect(page.get_by_role("img", name="Requests there")).to_be_visible()
    rename = page.get_by_role("button", name="Rename")
    await rename.focus()
    await expect(page.get_by_role("img", name=re.compile("over the last [4-9] seconds"))).to_be_visible()
    await expect(rename).to_be_focused()


async def test_a_machine_is_invited_and_the_invite_voided(keeper: Visitor) -> None:
    """The line to run there is shown once; an invite that nobody used can be taken back."""
    page = keeper.page
    await page.get_by_role("button", name="Invite a node").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("harbour-9")
    await page.get_by_role("dialog").get_by_role("button", name="Invite").click()
    line = page.get_by_label("The line that makes a machine a node")
    await expect(line).to_contain_text("antiphon node --join")
    await page.get_by_role("button", name="Close").click()
    invite = page.get_by_role("region", name="Invites").get_by_role("row").filter(has_text="harbour-9")
    await invite.get_by_role("button", name="Void").click()
    await page.get_by_role("dialog").get_by_role("button", name="Void").click()
    await expect(invite).to_have_count(0)


async def test_many_nodes_are_squares_and_found_by_search(keeper: Visitor, staged: Stage) -> None:
    """A thousand that the gateway tells of: all of them on the map, the first ones in the table."""
    page = keeper.page
    (one, *_) = (await staged.ask("GET", "/v1/nodes")).json()["data"]
    many = [one | {"id": f"node_{n}", "name": f"quay-{n}", "running": n % 5, "slots": 4} for n in range(1_000)]

    async def crowd(route: Route) -> None:
        await route.fulfill(json={"object": "list", "data": many})

    await page.route("**/v1/nodes", crowd)
    squares = page.get_by_role("list", name="Load of each node").get_by_role("link")
    await expect(squares).to_have_count(1_000)
    await expect(page.get_by_text("200 of 1,000 stand here")).to_be_visible()
    await page.get_by_label("Search nodes").fill("quay-77")
    await expect(squares).to_have_count(11)
