"""The nodes of one gateway for tests, and a machine that becomes one: its clock stands still, its ids repeat."""

from __future__ import annotations

from antiphon.accounts.pepper import Pepper
from antiphon.clock import Clock, ManualClock, SystemClock
from antiphon.db import Database
from antiphon.ids import seeded
from antiphon.nodes import enrolment
from antiphon.nodes.invites import Invites
from antiphon.nodes.model import Node
from antiphon.nodes.service import Enrolment, Nodes
from tests.unit.accounts.wallets import SECRET, address_of, signed

PEPPER = Pepper("p" * 32)


def nkey(letter: str = "A") -> str:
    """A public key at the broker, as far as its form goes."""
    return "U" + letter * 55


class Membership:
    """A gateway's nodes, with a machine that has a wallet."""

    def __init__(self, database: Database, *, seed: int = 1, clock: SystemClock | None = None) -> None:
        self.clock = ManualClock()
        self._now: Clock = clock or self.clock
        ids = seeded(seed)
        self.nodes = Nodes(database, (PEPPER,), clock=self._now, ids=ids)
        self.invites = Invites(database, (PEPPER,), clock=self._now, ids=ids)

    @property
    def now_s(self) -> int:
        """The time of both."""
        return int(self._now.now())

    def enrolment(
        self,
        secret: str,
        *,
        key: str | None = None,
        wallet: str = SECRET,
        at_s: int | None = None,
        name: str = "host",
    ) -> Enrolment:
        """What the machine shows with an invite's secret."""
        address, key = address_of(wallet), key or nkey()
        issued_at_s = self.now_s if at_s is None else at_s
        text = enrolment.enrolment_text(address, key, secret, issued_at_s)
        return Enrolment(secret, key, address, signed(text, wallet), issued_at_s, name)

    async def enrolled(self, *, key: str | None = None, name: str = "host") -> Node:
        """A machine that was invited and came."""
        invited = await self.invites.make()
        return await self.nodes.enrol(self.enrolment(invited.secret, key=key, name=name))

    async def let_in(self, node: Node, epoch: int | None = None, *, wallet: str = SECRET) -> Node:
        """The node with a lease."""
        text = enrolment.lease_text(node.id, epoch, self.now_s)
        return await self.nodes.let_in(node.id, epoch, signed(text, wallet), self.now_s)
