"""What a request costs: its worst case is held before it is served, what was delivered is charged when it has ended.

A request holds money once, however often the gateway tries; a free one waits for nothing. Whatever happens to it, it
ends here once, with a receipt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from antiphon.chat import Usage
from antiphon.clock import Clock
from antiphon.credits import pricing
from antiphon.credits.budgets import Budgets
from antiphon.credits.closing import Closing
from antiphon.credits.draft import Asked, Body, Draft, kept
from antiphon.credits.lease import LeasedHold
from antiphon.credits.leases import Leases
from antiphon.credits.ledger import Earner, charge
from antiphon.credits.receipt import Outcome, Reason, Served, payable
from antiphon.engines.receipt import SignedReceipt
from antiphon.errors import InsufficientCredits

NOTHING = Usage()
MADE_ANEW: frozenset[Reason] = frozenset({"delivered", "failed"})  # not what the request's own limit of time ended


class Nodes(Protocol):
    """Who has to do with what nodes did."""

    def earner(self, served: tuple[Served, ...]) -> Earner | None:
        """Who earns of a request that these served; None where nobody does."""
        ...

    def signed(self, attempt: str) -> SignedReceipt | None:
        """What a node signed of an attempt, asked for once."""
        ...


class Meter:
    """Holds for requests and charges them. `on_refused` hears of who lacks money, `on_receipt` of what was charged."""

    def __init__(
        self,
        leases: Leases,
        budgets: Budgets,
        *,
        clock: Clock,
        on_refused: Callable[[], None],
        on_receipt: Callable[[Draft], None],
        nodes: Nodes | None = None,
    ) -> None:
        self.leases = leases
        self._budgets = budgets
        self._clock = clock
        self._on_refused = on_refused
        self._on_receipt = on_receipt
        self._nodes = nodes

    async def open(self, asked: Asked) -> Charge:
        """Hold the most that the request can cost; InsufficientCredits when the account or the key has less."""
        began_at_ms = self.now_ms()
        most = _most(asked)
        return Charge(self, asked, await self._hold(asked, most) if most else None, began_at_ms)

    def open_now(self, asked: Asked) -> Charge | None:
        """As `open`, where that needs no waiting; else None, and nothing is held."""
        most = _most(asked)
        if not most:
            return Charge(self, asked, None, self.now_ms())
        if asked.key.spend_cap is not None:
            return None
        hold = self.leases.open_now(asked.account, asked.answer_id, most)
        return None if hold is None else Charge(self, asked, hold, self.now_ms())

    async def _hold(self, asked: Asked, amount: int) -> LeasedHold:
        """Hold it where somebody has to be asked first."""
        budgeted = asked.key.spend_cap is not None
        try:
            if budgeted:
                await self._budgets.hold(asked.key, asked.answer_id, amount)
            try:
                return await self.leases.open(asked.account, asked.answer_id, amount)
            except BaseException:
                if budgeted:
                    self._budgets.release(asked.answer_id)
                raise
        except InsufficientCredits:
            self._on_refused()
            raise

    def closing(self, draft: Draft, hold: LeasedHold | None) -> Closing:
        """What is to be written of a request that was closed."""
        nodes, served, asked = self._nodes, draft.served, draft.asked
        earner = None if nodes is None or not served else nodes.earner(served)
        if nodes is not None and earner is not None:
            signed = tuple(found for one in served if (found := nodes.signed(one.attempt)) is not None)
            draft = replace(draft, signed=signed) if signed else draft
        self._on_receipt(draft)
        if hold is None:
            return Closing(asked.answer_id, None, draft)
        if earner is not None:
            hold.earner = earner
        return Closing(asked.answer_id, hold if draft.charged else None, draft, asked.key.spend_cap is not None)

    def now_ms(self) -> int:
        """The time, in milliseconds since 1970."""
        return int(self._clock.now() * 1000)


class Charge:
    """One request from its hold to its receipt: `end` tells how it ended, `close` that nothing more is sent."""

    # What has not happened yet; an instance holds only what has.
    charged = 0  # once it has ended
    otherwise: Reason = "failed"  # why it ended, where nobody says so
    _outcome: Outcome | None = None
    _answer: Body | None = None
    _closed = False
    _stands = True
    _waits = False
    _told: Usage | None = None  # the last usage that was priced, what was believed of it, and its price
    _believed = NOTHING
    _priced = NOTHING
    _ended_at_ms = 0

    def __init__(self, meter: Meter, asked: Asked, hold: LeasedHold | None, began_at_ms: int) -> None:
        self.id = asked.answer_id
        self.free = hold is None
        self._meter = meter
        self._asked = asked
        self._hold = hold
        self._began_at_ms = began_at_ms

    @property
    def ended(self) -> bool:
        """Whether it is known what it cost."""
        return self._outcome is not None

    @property
    def held(self) -> int:
        """The most that it can cost; 0 where it is free."""
        return 0 if self._hold is None else self._hold.amount

    @property
    def balance(self) -> int:
        """What the account has left as far as this gateway knows, this request paid; not for free ones."""
        assert self._hold is not None, "something is held"
        return self._hold.lease.left

    def priced(self, usage: Usage) -> Usage:
        """What it took as far as that is believed, with what it costs; a free request's usage as it is."""
        if usage is self._told:
            return self._priced
        hold, asked = self._hold, self._asked
        if hold is None:
            return usage
        believed = asked.terms.believed(usage)
        cost = charge(hold.amount, pricing.cost(asked.model.prices, believed))
        self._told, self._believed = usage, believed
        self._priced = priced = replace(believed, cost=cost)
        return priced

    def answered(self, body: bytes) -> None:
        """Note the answer's body, as it was sent."""
        self._answer = kept(body)

    def wait(self) -> None:
        """Let the end come later than the close: somebody is about to find out what it took."""
        self._waits = True

    def end(self, outcome: Outcome) -> None:
        """Say how it ended; what is said later does not count."""
        if self._outcome is not None:
            return
        self._outcome = outcome
        priced, hold = self.priced(outcome.usage), self._hold
        if hold is not None and payable(priced, outcome.reason, streamed=self._asked.streamed):
            self.charged = priced.cost or 0
            hold.owe(self.charged)
        if self._closed:
            self._settle()

    def close(self, stands: bool) -> None:
        """Charge it, and write its receipt.

        What does not stand will be made anew for whoever asks again, and is charged then, not now.
        """
        self._closed = True
        self._stands = stands
        if self._outcome is not None:
            self._settle()
        elif not self._waits:
            self.end(Outcome(NOTHING, self.otherwise))

    def _settle(self) -> None:
        """Have all else done where many are; what is not to be charged is known now."""
        assert self._outcome is not None, "it has ended"
        hold = self._hold
        forgotten = hold is not None and hold.state != "open"  # for too long, or the gateway ends
        if forgotten or (self.charged and not self._stands and self._outcome.reason in MADE_ANEW):
            self.charged = 0
            self._outcome = replace(self._outcome, reason="not_charged")
        self._ended_at_ms = self._meter.now_ms()
        self._meter.leases.settlements.put(self)

    def closing(self) -> Closing:
        """Capture what was held; what is to be written of it."""
        outcome, hold = self._outcome, self._hold
        assert outcome is not None, "it has ended"
        if hold is not None:
            self._meter.leases.end(hold, self.charged, self._ended_at_ms)
        draft = Draft(  # by position: it is made for each request
            self._asked,
            outcome.usage if hold is None else self._believed,
            outcome.node,
            self.held,
            self.charged,
            "free" if hold is None and outcome.reason == "delivered" else outcome.reason,
            self._began_at_ms,
            self._ended_at_ms,
            self._answer,
            outcome.served,
        )
        return self._meter.closing(draft, hold)


def _most(asked: Asked) -> int:
    """The most that the request can cost."""
    terms = asked.terms
    return pricing.quote(asked.model.prices, terms.prompt_tokens, terms.completion_tokens)
