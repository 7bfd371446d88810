"""Payouts on a real chain: many owners in one transaction, a run broken off at each step, one that comes too late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from antiphon.chain.local import LocalChain
from antiphon.clock import SystemClock
from antiphon.credits import ledger
from antiphon.credits import store as books
from antiphon.credits.verify import verify
from antiphon.db import Database
from antiphon.db.open import open_database
from antiphon.errors import ConfigError
from antiphon.ids import Ids
from antiphon.payouts import store
from antiphon.payouts.service import Payouts
from antiphon.payouts.wallet import GasSender, Wallet
from antiphon.topup.contract import TokenContract
from antiphon.topup.rpc import Rpc, RpcFailed
from tests.fixtures.topup.desk import MICRO, terms_of
from tests.fixtures.topup.payer import Payer


class Ahead:
    """The machine's clock, so many seconds ahead."""

    def __init__(self, seconds: float) -> None:
        self._system = SystemClock()
        self._seconds = seconds

    def now(self) -> float:
        """Seconds since 1970."""
        return self._system.now() + self._seconds

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self._system.monotonic()


class Broken(Exception):
    """The process ends here."""


class Sender:
    """Sends, and breaks off before or after it where a test wants that."""

    def __init__(self, inner: GasSender, *, before: Exception | None = None, after: Exception | None = None) -> None:
        self._inner = inner
        self._before = before
        self._after = after
        self.sent = 0

    async def send(self, to: str, data: str) -> str:
        """As the other does, or not."""
        if self._before is not None:
            raise self._before
        tx_hash = await self._inner.send(to, data)
        self.sent += 1
        if self._after is not None:
            raise self._after
        return tx_hash


class Treasury:
    """A wallet with money, owners to whom it is owed, and the books of that."""

    def __init__(self, chain: LocalChain, database: Database) -> None:
        self.chain = chain
        self.database = database
        payer = Payer()
        self.wallet = Wallet(payer.private_key)
        chain.token.mint(payer.address, 100 * MICRO)
        self.terms = terms_of(chain, payer.address)
        self.rpc = Rpc(chain.rpc_url)
        self.contract = TokenContract(Rpc(chain.rpc_url), self.terms, range_blocks=1000)
        self.owners = [Payer().address for _ in range(3)]
        self.gas = GasSender(chain.facilitator.private_key, self.rpc)

    async def earn(self, owner: str, amount: int, name: str = "a") -> None:
        """Let an owner's node earn so much."""
        number = Ids().make("")
        await self.database.write(partial(books.post, journal=ledger.topup("user:ann", number, amount, at_ms=1)))
        earner = ledger.Earner(ledger.node(name, owner), 10_000)
        paid = ledger.usage(("USDC", "user:ann"), number, amount, at_ms=1, earner=earner)
        await self.database.write(partial(books.post, journal=paid))

    def payouts(self, *, ahead_s: float = 0) -> Payouts:
        """The service, as a command makes it."""
        clock = Ahead(ahead_s)
        return Payouts(self.database, self.contract, self.terms, minimum=10, clock=clock, ids=Ids())

    def received(self) -> list[int]:
        """What each owner has on the chain."""
        return [self.chain.token.balance(owner) for owner in self.owners]

    async def require_sound(self, *received: int) -> None:
        """The owners have exactly that, and so say the books."""
        assert self.received() == list(received)
        assert (await self.database.read(partial(verify, now_ms=0))).fault is None
        out = await self.database.read(partial(books.account, key=("USDC", ledger.USDC_OUT)))
        assert out.balance == sum(received)


@pytest.fixture
async def treasury(local_chain: LocalChain, tmp_path: Path) -> AsyncIterator[Treasury]:
    """One that no other test has."""
    database = open_database(None, data_dir=tmp_path, clock=SystemClock())
    made = Treasury(local_chain, database)
    yield made
    made.contract.close()
    made.rpc.close()
    await database.close()


async def test_many_owners_in_one_transaction(treasury: Treasury) -> None:
    """Each gets what all of its nodes earned; a second run finds nothing to do."""
    for owner, amount in zip(treasury.owners, (700, 30, 5), strict=True):
        await treasury.earn(owner, amount)
    await treasury.earn(treasury.owners[1], 12, "b")
    sender = Sender(treasury.gas)
    report = await treasury.payouts().run(treasury.wallet, sender)
    assert sorted(one.amount for one in report.paid) == [42, 700]
    assert (report.open, report.dead, report.trouble, sender.sent) == ((), (), "", 1)
    await treasury.require_sound(700, 42, 0)
    again = await treasury.payouts().run(treasury.wallet, sender)
    assert (again.paid, sender.sent) == ((), 1)
    assert (await treasury.payouts().plan()).left[0].amount == 5
    await treasury.require_sound(700, 42, 0)


@pytest.mark.parametrize("broken", ["before it is sent", "after it is sent"])
async def test_a_run_that_is_broken_off(treasury: Treasury, broken: str) -> None:
    """The next one pays what was not paid, and books what was, once."""
    await treasury.earn(treasury.owners[0], 500)
    failure = Broken()
    sender = Sender(treasury.gas, **{"before" if "before" in broken else "after": failure})
    with pytest.raises(Broken):
        await treasury.payouts().run(treasury.wallet, sender)
    await treasury.earn(treasury.owners[0], 60)
    report = await treasury.payouts().run(treasury.wallet, Sender(treasury.gas))
    assert report.paid[0].amount == 500
    if treasury.received()[0] != 560:
        await treasury.payouts().run(treasury.wallet, Sender(treasury.gas))
    await treasury.require_sound(560, 0, 0)


async def test_the_chain_does_not_take_it(treasury: Treasury) -> None:
    """It is told of, stays on its way, and is sent again."""
    await treasury.earn(treasury.owners[0], 500)
    report = await treasury.payouts().run(treasury.wallet, Sender(treasury.gas, before=RpcFailed("no gas")))
    assert (report.trouble, len(report.open)) == ("no gas", 1)
    report = await treasury.payouts().run(treasury.wallet, Sender(treasury.gas))
    assert len(report.paid) == 1
    await treasury.require_sound(500, 0, 0)


async def test_two_runs_at_once(treasury: Treasury) -> None:
    """Both send what one of them keeps; the token takes it once."""
    await treasury.earn(treasury.owners[0], 500)
    with pytest.raises(Broken):
        await treasury.payouts().run(treasury.wallet, Sender(treasury.gas, before=Broken()))
    (kept,) = await treasury.database.read(store.unsettled)
    one, other = treasury.payouts(), treasury.payouts()
    await one._send([kept], treasury.wallet, treasury.gas)
    await other._send([kept], treasury.wallet, treasury.gas)
    report = await one.run(treasury.wallet, Sender(treasury.gas))
    assert [payout.id for payout in report.paid] == [kept.id]
    await treasury.require_sound(500, 0, 0)


async def test_a_payment_that_is_too_old(treasury: Treasury) -> None:
    """It is not sent any more; as long as the chain's clock has not passed its end it may still be used."""
    await treasury.earn(treasury.owners[0], 500)
    with pytest.raises(Broken):
        await treasury.payouts().run(treasury.wallet, Sender(treasury.gas, before=Broken()))
    sender = Sender(treasury.gas)
    report = await treasury.payouts(ahead_s=3_600).run(treasury.wallet, sender)
    assert (len(report.open), sender.sent) == (1, 0)
    await treasury.require_sound(0, 0, 0)


async def test_another_wallet(treasury: Treasury) -> None:
    """Only the one that top-ups are paid to has the money that is owed."""
    with pytest.raises(ConfigError, match="top-ups are paid to"):
        await treasury.payouts().run(Wallet("22" * 32), treasury.gas)
