"""One impatient gateway for all quick tests of overload; each finds it at rest and leaves it so."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from .lab import FLOOD, Lab, running


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def impatient(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """A gateway that waits a second for what a client sends, and one and a half for one that does not read.

    That the machine is busy is no reason for it to refuse.
    """
    folder = tmp_path_factory.mktemp("overload")
    async with running(folder, queue_max=16, patience_s=1.0, write_s=1.5, inter_token_s=0.4, lag_s=0) as lab:
        yield lab


@pytest_asyncio.fixture(loop_scope="package")
async def lab(impatient: Lab) -> AsyncIterator[Lab]:
    """The gateway at rest; afterwards it is at rest again and gives a good answer."""
    yield impatient
    await impatient.rest()
    assert (await impatient.ask(FLOOD, tokens=1, token_s=0.0)).good
