"""Trust as a gateway uses it: liars are found within 200 requests, honest nodes serve on, findings are shared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.db.open import open_database
from antiphon.engines.receipt import NodeReceipt, SignedReceipt
from antiphon.errors import NotFound
from antiphon.ids import seeded
from antiphon.topup.wallet import address_of
from antiphon.trust.examiner import Examiner
from antiphon.trust.kinds import Kind
from antiphon.trust.model import Outcome, Standing
from antiphon.trust.service import Listeners, Trust
from antiphon.trust.signing import signed
from antiphon.trust.times import Seen
from antiphon.trust.witness import Statement

from .nodes import Lies, ToyEngine, answered, reference

KEY = "11" * 32
OWNER = address_of(KEY) or ""
REQUESTS_MAX = 200
SHARE = 0.1
TEXT = "what this node says is always the same and it says it to all who ask"


class Gateway:
    """A gateway's trust, and what it told."""

    def __init__(self, database: Database, seed: int) -> None:
        self.own = ToyEngine("own")
        self.outcomes: list[Outcome] = []
        self.factors: dict[str, float] = {}
        self.accused: list[tuple[Standing, str]] = []
        listeners = Listeners(
            self.outcomes.append,
            self.factors.__setitem__,
            lambda standing, says: self.accused.append((standing, says)),
        )
        draw = Random(seed)
        self.trust = Trust(
            database,
            Examiner(lambda _model, _node: reference(self.own), draw=draw, ids=seeded(seed)),
            listeners,
            share=SHARE,
            draw=draw,
            clock=ManualClock(),
            ids=seeded(seed),
        )

    async def serve(self, engine: ToyEngine, number: int, receipt: SignedReceipt | None = None) -> None:
        """One request, and all that follows from it."""
        if look := self.trust.look([engine.name]):
            self.trust.examine(await answered(engine, number, look))
        if receipt is not None:
            seen = Seen(engine.name, "toy", "aa", "bb", 2_000, f"att_{number}", completion_tokens=100)
            self.trust.hear(Statement(seen, receipt, OWNER, 60))
        await self.trust.turn()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A database of its own."""
    made = open_database(None, data_dir=tmp_path, clock=ManualClock())
    yield made
    await made.close()


def receipt(number: int, **changes: int | str) -> SignedReceipt:
    """A receipt that fits what was seen, but for the changes."""
    fields = {"attempt": f"att_{number}", "ended_at_ms": 3_000, "key": KEY, **changes}
    told = NodeReceipt(
        str(fields["attempt"]), "node", "toy", "aa", "bb", 9, 100, 1_000, 1_100, int(fields["ended_at_ms"]), 0
    )
    return signed(told, str(fields["key"]))


@pytest.mark.parametrize(
    ("lies", "kind"),
    [
        (Lies(inflation=2.0), "usage"),
        (Lies(weights=2), "model"),
        (Lies(rounding=0.6), "model"),
        (Lies(text=TEXT), "copy"),
        (Lies(inflation=2.0, sly=True), "usage"),
        (Lies(weights=2, sly=True), "text"),
        (Lies(rounding=1.5, sly=True), "text"),
        (Lies(text=TEXT, sly=True), "copy"),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_liar_is_found_within_200_requests(database: Database, lies: Lies, kind: Kind, seed: int) -> None:
    """Of which one in ten is looked at, and more as suspicion grows."""
    gateway, node = Gateway(database, seed), ToyEngine("node", lies, seed=seed)
    for number in range(REQUESTS_MAX):
        await gateway.serve(node, number)
        if gateway.accused:
            break
    print(f"seed {seed}, {lies}: found after {number + 1} requests, {len(gateway.outcomes)} checks")
    ((standing, says),) = gateway.accused
    assert standing.accused in (kind, "model", "text", "usage")
    assert says
    assert gateway.factors["node"] == 0
    assert await gateway.trust.evidence("node", limit=1)


@pytest.mark.parametrize("changes", [{"key": "22" * 32}, {"ended_at_ms": 1_110}])
async def test_forged_receipts_and_times_that_cannot_be(database: Database, changes: dict[str, int | str]) -> None:
    """Every receipt is looked at, so a few are enough."""
    gateway, node = Gateway(database, 1), ToyEngine("node")
    for number in range(REQUESTS_MAX):
        await gateway.serve(node, number, receipt(number, **changes))
        if gateway.accused:
            break
    assert gateway.accused[0][0].accused in ("receipt", "time")
    assert number < 20


async def test_an_honest_node_serves_on(database: Database) -> None:
    """Over 2,000 requests, with a machine that rounds otherwise; the reference is asked for few of them."""
    gateway, node = Gateway(database, 4), ToyEngine("node", Lies(noise=0.02))
    for number in range(2_000):
        if look := gateway.trust.look(["node"]):
            gateway.trust.examine(await answered(node, number, look))
            await gateway.trust.turn()
    assert gateway.accused == []
    assert gateway.factors.get("node", 1.0) > 0.9  # a text may be an unlikely one by chance
    assert gateway.own.asked < 2_000


async def test_another_gateway_learns_of_it(database: Database) -> None:
    """What is found at one keeps all from the node, and a pardon gives it back."""
    one, other, node = Gateway(database, 1), Gateway(database, 2), ToyEngine("node")
    for number in range(8):
        await one.serve(node, number, receipt(number, key="22" * 32))
    await other.trust.refresh()
    assert other.factors == {"node": 0.0}
    assert other.trust.standing("node").accused == "receipt"
    await other.trust.pardon("node")
    await one.trust.refresh()
    assert one.factors == other.factors == {"node": 1.0}
    with pytest.raises(NotFound, match="stranger"):
        await one.trust.pardon("stranger")


async def test_a_draw_for_several_nodes(database: Database) -> None:
    """It is the most suspected one's, and nobody's where there is none."""
    gateway = Gateway(database, 1)
    draws = [gateway.trust.look(["a", "b"]) is not None for _ in range(2_000)]
    assert 0.05 < sum(draws) / len(draws) < 0.15
    assert not any(gateway.trust.look([]) for _ in range(200))
    for expected in (0.6, 0.0):  # nearly convicted, then in quarantine: it gets no more work that could be looked at
        for _ in range(2):
            gateway.trust.hear(Statement(Seen("a", "toy", "aa", "bb", 2_000), None, OWNER))
            await gateway.trust.turn()
        draws = [gateway.trust.look(["a"]) is not None for _ in range(200)]
        assert sum(draws) / len(draws) >= expected
        assert gateway.trust.standing("a").accused == (None if expected else "receipt")
    assert not any(draws)
    draws = [gateway.trust.look(["b"]) is not None for _ in range(500)]
    assert sum(draws) / len(draws) < 0.2


async def test_what_nobody_has_time_for_is_left(database: Database) -> None:
    """Queues are bounded: answers that come too fast are not looked at, and nothing grows."""
    gateway, answer = Gateway(database, 1), await answered(ToyEngine("node"), 1)
    for _ in range(500):
        gateway.trust.examine(answer)
    await gateway.trust.turn()
    assert len(gateway.outcomes) < 500


async def test_it_runs_by_itself(database: Database) -> None:
    """It looks at what comes without being told to, until it is cancelled."""
    gateway = Gateway(database, 1)
    running = asyncio.create_task(gateway.trust.run())
    gateway.trust.examine(await answered(ToyEngine("node"), 1))
    while not (await gateway.trust.tallies("node")):
        pass
    running.cancel()
    assert {tally.kind for tally in await gateway.trust.tallies("node")} == {"copy", "model", "usage"}
