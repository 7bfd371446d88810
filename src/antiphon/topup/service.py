"""Top-ups: from a signed authorization to credit, once, whatever fails on the way.

A payment is refused (402) only when nothing was taken and the payer alone can cure it. In any doubt the answer is 503,
and the same payment is to be sent again: what a wallet signed once can be taken once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from antiphon.clock import Clock
from antiphon.credits import ledger
from antiphon.credits.ledger import Account
from antiphon.credits.service import Credits
from antiphon.db import Database
from antiphon.errors import Conflict, PaymentRefused, Unavailable
from antiphon.topup import model, store
from antiphon.topup.contract import Mismatch, TokenContract
from antiphon.topup.facilitator import Answer, Facilitator, FacilitatorFailed
from antiphon.topup.model import Payment, Terms, Topup
from antiphon.topup.reconciler import Reconciler
from antiphon.topup.rpc import RpcFailed

ATTEMPT_MS = 15_000  # after it another request may go on with a payment; two at once would only cost gas
AGAIN_S = 5
LATE_NODES_S = (0.25, 0.5, 1.0)
NOTHING_TOLD = Answer(good=False, reason="the facilitator did not answer")
IN_DOUBT = "payment_in_doubt"
OnTrouble = Callable[[str, str], None]


class Receipt(Struct, frozen=True):
    """A payment that is credited. `replayed`: it was before this request."""

    topup: Topup
    tx_hash: str
    replayed: bool


class Topups:
    """Payments of one gateway. Make it within a running event loop, `start` it, `close` it.

    `on_trouble` is told of what a person may have to look at: a payment's id, and a sentence.
    """

    def __init__(
        self,
        database: Database,
        credits_: Credits,
        terms: Terms,
        facilitator: Facilitator,
        contract: TokenContract,
        *,
        clock: Clock,
        on_trouble: OnTrouble,
    ) -> None:
        self.terms = terms
        self._database = database
        self._credits = credits_
        self._facilitator = facilitator
        self._contract = contract
        self._clock = clock
        self._on_trouble = on_trouble
        self._reconciler = Reconciler(database, contract, clock=clock, on_trouble=on_trouble)
        self._busy: set[str] = set()
        self._tasks: set[asyncio.Task[Receipt]] = set()

    async def start(self) -> None:
        """Find out what became of payments that were left unsettled, now and every minute."""
        self._reconciler.start()

    async def close(self) -> None:
        """Let what is being settled end, then let go."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._reconciler.close()
        await self._facilitator.close()
        self._contract.close()

    async def balance(self, account: str) -> Account:
        """What an account has."""
        return await self._credits.balance(("USDC", ledger.user(account)))

    async def pay(self, account: str, amount: int, payment: Payment) -> Receipt:
        """Credit a payment to the account. A caller that is cancelled does not stop it."""
        authorization = payment.authorization
        if reason := model.mismatch(payment, self.terms, amount):
            raise PaymentRefused(f"The payment is not the one that was asked for: {reason}.", code=reason)
        if authorization.payer != account and not self.terms.any_payer:
            raise PaymentRefused("The payer is not this account's wallet.", code="payer_mismatch")
        topup_id = model.payment_id(self.terms, authorization)
        if topup_id in self._busy:
            raise _in_progress()
        self._busy.add(topup_id)
        task = asyncio.get_running_loop().create_task(self._pay(topup_id, account, amount, payment))
        self._tasks.add(task)
        task.add_done_callback(partial(self._done, topup_id))
        return await asyncio.shield(task)

    def _done(self, topup_id: str, task: asyncio.Task[Receipt]) -> None:
        self._busy.discard(topup_id)
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked may be gone: it is not to be reported as never looked at

    async def _pay(self, topup_id: str, account: str, amount: int, payment: Payment) -> Receipt:
        try:
            topup = await self._database.read(partial(store.find, topup_id=topup_id))
            if topup is None:
                topup = await self._admitted(account, amount, payment)
                return await self._settled(topup, payment, fresh=True)
            return await self._known(topup, account, amount) or await self._settled(topup, payment, fresh=False)
        except (RpcFailed, FacilitatorFailed, Mismatch) as failure:
            self._on_trouble(topup_id, str(failure))
            self._reconciler.hasten()
            raise _in_doubt("The payment cannot be settled now.") from failure
        except Unavailable as failure:
            if failure.code == IN_DOUBT:
                raise
            raise _in_doubt("The database does not answer.") from failure

    async def _admitted(self, account: str, amount: int, payment: Payment) -> Topup:
        """A payment that was not seen before, kept, once it seems good. Refused ones leave nothing behind."""
        if reason := model.untimely(payment.authorization, self._clock.now()):
            raise _refused(reason)
        verdict = await self._facilitator.verify(payment, amount)
        if not verdict.good and verdict.reason != model.NONCE_USED:  # used by whom? the chain will tell
            if verdict.reason in model.PAYERS_FAULTS:
                raise _refused(verdict.reason)
            raise FacilitatorFailed(f"the facilitator does not take the payment: {verdict.reason}")
        topup = model.topup(payment, self.terms, account, await self._contract.first_block())
        now_ms = self._now_ms()
        if not await self._database.write(
            partial(store.insert, topup=topup, until_ms=now_ms + ATTEMPT_MS, at_ms=now_ms)
        ):
            raise _in_progress()
        return topup

    async def _known(self, topup: Topup, account: str, amount: int) -> Receipt | None:
        """The answer to a payment that was seen before; None when it is claimed, to be settled again."""
        if topup.account != account:
            raise PaymentRefused("The payment was made for another account.", code="payer_mismatch")
        if topup.amount != amount:
            raise _refused(model.WRONG_VALUE)  # another authorization with the same nonce
        if topup.state == "credited":
            return Receipt(topup, topup.tx_hash, replayed=True)
        if topup.state == "settling":
            now_ms = self._now_ms()
            claim = partial(store.claim, topup_id=topup.id, until_ms=now_ms + ATTEMPT_MS, now_ms=now_ms)
            if not await self._database.write(claim):
                raise _in_progress()
        try:
            return await self._looked(topup)
        except (RpcFailed, Mismatch):
            await self._release(topup)
            raise

    async def _settled(self, topup: Topup, payment: Payment, *, fresh: bool) -> Receipt:
        """Settle, then ask the chain. Whatever the facilitator says is no more than a hint where to look."""
        told = NOTHING_TOLD
        try:
            told = await self._facilitator.settle(payment, topup.amount)
        except FacilitatorFailed as failure:
            self._on_trouble(topup.id, str(failure))
        receipt = None
        try:
            receipt = await self._looked(topup, told)
        finally:
            if receipt is None:
                await self._release(topup)
        if receipt is not None:
            return receipt
        if fresh and not told.tx_hash and told.reason in model.PAYERS_FAULTS:
            raise _refused(told.reason)
        if not told.good:
            self._on_trouble(topup.id, f"settling ended with `{told.reason}`")
        self._reconciler.hasten()
        raise _in_doubt("The payment is on its way.")

    async def _looked(self, topup: Topup, told: Answer = NOTHING_TOLD) -> Receipt | None:
        """The receipt of a payment that the chain has; None while it does not; PaymentRefused when it never will.

        A payment that was settled just now is looked for again: one address may be many nodes, of which some are late.
        """
        finding = await self._contract.look(topup, told.tx_hash)
        for pause_s in LATE_NODES_S if told.good else ():
            if finding.state != "open" or finding.reason:
                break
            await asyncio.sleep(pause_s)
            finding = await self._contract.look(topup, told.tx_hash)
        await self._reconciler.keep(topup, finding)
        if finding.state == "paid":
            return Receipt(topup, finding.tx_hash, replayed=False)
        if finding.state == "dead":
            raise PaymentRefused(f"The payment was never made, {finding.reason}: sign a new one.", code="payment_dead")
        return None

    async def _release(self, topup: Topup) -> None:
        with contextlib.suppress(Unavailable):  # then it is free again when the attempt's time is up
            await self._database.write(partial(store.release, topup_id=topup.id))

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


def _refused(reason: str) -> PaymentRefused:
    return PaymentRefused(f"The payment is not good: {reason}.", code=reason)


def _in_doubt(what: str) -> Unavailable:
    text = f"{what} Send the same payment again, and do not sign a new one."
    return Unavailable(text, code="payment_in_doubt", retry_after_s=AGAIN_S)


def _in_progress() -> Conflict:
    text = "This payment is being processed: send it again in a moment."
    return Conflict(text, code="payment_in_progress", retry_after_s=1)
