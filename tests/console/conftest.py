"""A browser and a gateway for all tests of the console, and a visitor for each. They run in `make console`."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.clients.environments import Environment, prepare

from .lab import ADMIN_KEY, Site, site
from .stage import Stage, stage
from .visitor import Visitor

AXE = Environment("axe", node=(("axe-core", "4.14.1"),))
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def axe() -> Path:
    """The script of axe-core, fetched once."""
    return prepare(AXE) / "node_modules" / "axe-core" / "axe.min.js"


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail("there is no Chromium here: `make console` installs Debian's, elsewhere install one")
    async with async_playwright() as playwright:
        # In a container there is no sandbox to be had; all that is opened is ours.
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The gateway for all tests."""
    async with site(tmp_path_factory.mktemp("console")) as made:
        yield made


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def staged(tmp_path_factory: pytest.TempPathFactory, chain_packages: Path) -> AsyncIterator[Stage]:
    """A gateway with test money, a campaign and whatever nodes a test lets join."""
    async with stage(tmp_path_factory.mktemp("stage"), chain_packages) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="package")
async def visitor(browser: Browser, lab: Site) -> AsyncIterator[Visitor]:
    """Somebody who has not signed in."""
    came = await Visitor.arrive(browser, lab.url)
    yield came
    await came.close()


@pytest_asyncio.fixture(loop_scope="package")
async def operator(visitor: Visitor) -> Visitor:
    """Somebody who has signed in with the operator's key."""
    await visitor.sign_in(ADMIN_KEY)
    return visitor
