"""A gateway that charges, over nodes that a proof breaks, and its books."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path

from antiphon.credits import ledger, store
from antiphon.credits.ledger import AccountKey
from antiphon.db import Database
from antiphon.db.open import open_database
from antiphon.testing.gateway_process import GatewayProcess
from tests.chaos.clients import OnAnswer
from tests.chaos.processes import Node
from tests.chaos.reading import Answer, wrongs
from tests.chaos.stories import MODEL, Story
from tests.integration.charging.lab import charged, differing

KEY = "sk-chaos-2a97516c354b68848cdbd8f54a226a0a55b21ed1"
FUNDS = 10**12
PROMPT_PRICE, COMPLETION_PRICE = 1, 2  # micro-USDC for one token
SETTLED_S_MAX = 10.0
SHOWN_MAX = 5
CALM = "[overload]\nlag_s = 0\n"  # others use this machine: that it is slow is no reason to refuse
SETTINGS = f"""{CALM}
[auth]
pepper = "0123456789abcdef0123456789abcdef"
key_kind = "test"
[credits]
signup_grant = 0
[[keys]]
name = "chaos"
key = "{KEY}"
account = "payer"
credit = "dev"
"""
UPSTREAM = """
[[upstreams]]
name = "{name}"
url = "{url}"
kind = "{kind}"
[[upstreams.models]]
name = "{model}"
upstream_name = "{upstream_name}"
prices = {{ prompt = 1_000_000, completion = 2_000_000 }}
"""


def upstreams(nodes: Sequence[Node], *, kind: str, upstream_name: str, model: str = MODEL) -> str:
    """The gateway's settings for these nodes, all of one kind."""
    return "".join(
        UPSTREAM.format(name=node.name, url=node.url, kind=kind, model=model, upstream_name=upstream_name)
        for node in nodes
    )


class Books:
    """What the gateway charges."""

    def __init__(self, gateway: GatewayProcess, folder: Path) -> None:
        self._gateway = gateway
        self._folder = folder
        self._database: Database = open_database(f"sqlite:///{folder / 'data' / 'antiphon.db'}", data_dir=folder)

    async def fund(self) -> None:
        """Give the payer more than all proofs together can spend."""
        key: AccountKey = ("DEV", ledger.user("payer"))
        journal = ledger.grant(key, "chaos:funds", FUNDS, at_ms=1_800_000_000_000)
        await self._database.write(partial(store.post, journal=journal))

    async def require_sound(self, stories: Sequence[Story]) -> int:
        """Nothing is held, each receipt says what its journal does, and all of them are the price of these stories."""
        await self._settled()
        assert await self._database.read(differing) == []
        paid = int(await self._database.read(partial(charged, account=ledger.user("payer"))))
        cost = sum(story.prompt_tokens * PROMPT_PRICE + story.completion_tokens * COMPLETION_PRICE for story in stories)
        assert paid == cost, f"{paid} micro-USDC were charged for what costs {cost}"
        words = ("ledger", "verify", "--config", str(self._folder / "antiphon.toml"))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "antiphon", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out
        return paid

    async def close(self) -> None:
        """Read no more."""
        await self._database.close()

    async def _settled(self) -> None:
        """Return once no request holds credit any more."""
        async with asyncio.timeout(SETTLED_S_MAX):
            while True:
                if b"antiphon_credit_holds_open 0.0" in (await self._gateway.ask("/metrics")).body:
                    break
                await asyncio.sleep(0.1)
        await self._gateway.ask("/v1/credits/balance", key=KEY)


@contextlib.asynccontextmanager
async def gateway_over(settings: str, folder: Path) -> AsyncIterator[tuple[GatewayProcess, Books]]:
    """A gateway with these upstreams; in the end it must live, and have logged no exception."""
    async with GatewayProcess(SETTINGS + settings, folder) as gateway:
        books = Books(gateway, folder)
        try:
            await books.fund()
            yield gateway, books
        finally:
            await books.close()
        assert gateway.alive
        assert "Traceback" not in gateway.log


class Verdicts:
    """Judges answers as they come; `broken` are all that are not as they must be."""

    def __init__(self) -> None:
        self.count = 0
        self.first_token_s: list[float] = []
        self.broken: list[tuple[int, list[str]]] = []

    def note(self, story: Story, answer: Answer) -> None:
        """Judge one."""
        self.count += 1
        if answer.first_token_s is not None:
            self.first_token_s.append(answer.first_token_s)
        if found := wrongs(answer, story):
            self.broken.append((story.number, found))

    def require_none_broken(self) -> None:
        """No answer was anything but what it must be."""
        shown = "\n".join(f"story {number}: {'; '.join(found)}" for number, found in self.broken[:SHOWN_MAX])
        assert not self.broken, f"{len(self.broken)} of {self.count} answers are broken:\n{shown}"


async def kill_in_turn(nodes: Sequence[Node], *, every_s: float, chance: random.Random) -> None:
    """Kill one of the nodes after the other, each started again at once, until cancelled."""
    while True:
        await asyncio.sleep(every_s)
        node = chance.choice(nodes)
        await node.kill()
        await node.start()


def both(first: OnAnswer, second: OnAnswer) -> Callable[[Story, Answer], None]:
    """Tells two of each answer."""

    def told(story: Story, answer: Answer) -> None:
        first(story, answer)
        second(story, answer)

    return told
