"""Pays owners of nodes what their nodes earned, in USDC, many in one transaction, each exactly once.

A payment is kept first, with a nonce that the token takes once from the wallet, then sent, and booked when the chain
has it. So whoever is killed anywhere on the way runs it again: what is on its way is looked for on the chain before
anything is sent, and what is sent twice moves money once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from msgspec import Struct

from antiphon.clock import Clock
from antiphon.db import Database
from antiphon.errors import ConfigError
from antiphon.ids import Ids
from antiphon.payouts import authorization, store
from antiphon.payouts.model import SOON_S, VALID_S, Due, Payout, Plan
from antiphon.payouts.wallet import Sender, Wallet
from antiphon.topup.contract import Finding, TokenContract
from antiphon.topup.model import Terms, Topup
from antiphon.topup.rpc import RpcFailed

BATCH_MAX = 50  # transfers in one transaction
MS = 1000


class Report(Struct, frozen=True):
    """What a run did. `open` are payments of which the chain does not tell yet: run it again."""

    paid: tuple[Payout, ...] = ()
    dead: tuple[Payout, ...] = ()
    open: tuple[Payout, ...] = ()
    trouble: str = ""


class Payouts:
    """Payments out of one wallet. `minimum` micro-USDC are not worth a transaction; less is left for later."""

    def __init__(
        self,
        database: Database,
        contract: TokenContract,
        terms: Terms,
        *,
        minimum: int,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._database = database
        self._contract = contract
        self._terms = terms
        self._minimum = minimum
        self._clock = clock
        self._ids = ids

    async def plan(self) -> Plan:
        """What is due to whom now; nothing is sent."""
        return await self._database.read(partial(store.plan, minimum=self._minimum))

    async def run(self, wallet: Wallet, sender: Sender) -> Report:
        """Pay what is due, after what was left by an earlier run. RpcFailed when the chain cannot be asked."""
        if wallet.address.lower() != self._terms.pay_to.lower():
            raise ConfigError(f"The wallet is {wallet.address}; top-ups are paid to {self._terms.pay_to}.")
        paid, dead, _ = await self._looked()
        await self._intend(wallet)
        waiting = await self._database.read(store.unsettled)
        trouble = await self._send(waiting, wallet, sender)
        more, gone, still_open = await self._looked()
        return Report((*paid, *more), (*dead, *gone), tuple(still_open), trouble)

    async def _intend(self, wallet: Wallet) -> None:
        due = (await self.plan()).due
        if not due:
            return
        from_block = await self._contract.first_block()
        valid_before = int(self._clock.now()) + VALID_S
        payouts = [self._payout(one, wallet, from_block, valid_before) for one in due]
        work = partial(store.intend, payouts=payouts, minimum=self._minimum, at_ms=self._now_ms())
        await self._database.write(work)

    def _payout(self, due: Due, wallet: Wallet, from_block: int, valid_before: int) -> Payout:
        nonce = "0x" + (self._ids.make("") + self._ids.make("") + self._ids.make(""))[:64]
        terms = self._terms
        return Payout(
            self._ids.make("payout_"),
            due.owner,
            terms.network,
            terms.asset,
            wallet.address,
            nonce,
            due.amount,
            valid_before,
            from_block,
        )

    async def _send(self, payouts: Sequence[Payout], wallet: Wallet, sender: Sender) -> str:
        """Show the token all that is good for a while yet; what could not be sent, in words."""
        soon = self._clock.now() + SOON_S
        fresh = [one for one in payouts if one.valid_before > soon and one.payer == wallet.address]
        for some in _batches(fresh):
            calls = [authorization.call(one, wallet.sign(authorization.digest(one, self._terms))) for one in some]
            try:
                await sender.send(authorization.MULTICALL3, authorization.many(self._terms.asset, calls))
            except RpcFailed as failure:
                return str(failure)
        return ""

    async def _looked(self) -> tuple[list[Payout], list[Payout], list[Payout]]:
        """What became of all that is on its way: paid, dead and open; it is written down."""
        found: dict[str, list[Payout]] = {"paid": [], "dead": [], "open": []}
        for payout in await self._database.read(store.unsettled):
            finding = await self._contract.look(_as_topup(payout))
            await self._keep(payout, finding)
            found[finding.state].append(payout)
        return found["paid"], found["dead"], found["open"]

    async def _keep(self, payout: Payout, finding: Finding) -> None:
        if finding.state == "paid":
            work = partial(store.pay, payout=payout, tx_hash=finding.tx_hash, at_ms=self._now_ms())
            await self._database.write(work)
        elif finding.state == "dead":
            end = partial(store.end, payout=payout, reason=finding.reason, at_ms=self._now_ms())
            await self._database.write(end)

    def _now_ms(self) -> int:
        return int(self._clock.now() * MS)


def _as_topup(payout: Payout) -> Topup:
    """The same transfer as the token's contract is asked for it: an authorization of our wallet to the owner."""
    return Topup(
        payout.id,
        payout.network,
        payout.asset,
        payout.owner,
        payout.payer,
        payout.nonce,
        "",
        payout.amount,
        payout.valid_before,
        payout.from_block,
    )


def _batches(payouts: Sequence[Payout]) -> list[Sequence[Payout]]:
    return [payouts[at : at + BATCH_MAX] for at in range(0, len(payouts), BATCH_MAX)]
