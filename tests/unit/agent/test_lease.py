"""A node's lease: taken, renewed, lost."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from antiphon.agent import lease as lease_module
from antiphon.agent.gateway import Gateway, Refused
from antiphon.agent.lease import ASKED_EVERY_S, Lease
from antiphon.agent.wallet import Wallet
from antiphon.clock import ManualClock
from antiphon.errors import AntiphonError, Unavailable
from antiphon.nodes.wire import WireLease
from tests.unit.accounts.wallets import SECRET

TOLD = WireLease("attic", 3, "jwt-1", ["nats://g:1"], expires_at_ms=86_400_000, now_ms=0)


class Scripted(Gateway):
    """A gateway that answers by a script, and lets the time of a check pass with each answer that is awaited."""

    def __init__(self, *answers: WireLease | AntiphonError) -> None:
        self.clock = ManualClock()
        super().__init__("http://g", Wallet(SECRET), clock=self.clock)
        self.asked: list[int | None] = []
        self._answers = list(answers)

    async def let_in(self, node: str, epoch: int | None) -> WireLease:
        """The next answer."""
        assert node == "node_1"
        self.asked.append(epoch)
        answer = self._answers.pop(0)
        if isinstance(answer, AntiphonError):
            raise answer
        return answer


def lease_of(gateway: Scripted, troubles: list[str] | None = None) -> Lease:
    """The lease of one node there."""
    told = [] if troubles is None else troubles
    return Lease(gateway, "node_1", "seed", clock=gateway.clock, random=Random(1), on_trouble=told.append)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two checks, or two tries."""
    monkeypatch.setattr(lease_module, "CHECK_S", 0.0)
    monkeypatch.setattr(lease_module, "RETRY_S", 0.0)


async def test_it_is_taken_however_long_it_takes() -> None:
    """A gateway that cannot be asked is asked again; what it says is told."""
    gateway, troubles = Scripted(Unavailable("down"), Unavailable("still down"), TOLD), list[str]()
    lease = lease_of(gateway, troubles)
    await lease.take()
    assert (gateway.asked, troubles) == ([None, None, None], ["down", "still down"])
    assert (lease.name, lease.credentials().token) == ("node_1-3", "jwt-1")
    with pytest.raises(Refused):
        await lease_of(Scripted(Refused("banned"))).take()


async def test_it_is_renewed_in_time() -> None:
    """Credentials are the new ones from then on; it ends when the broker has moved."""
    moved = replace(TOLD, jwt="jwt-3", servers=["nats://h:1"])
    gateway = Scripted(TOLD, replace(TOLD, jwt="jwt-2"), moved)
    lease = lease_of(gateway)
    await lease.take()

    def passing() -> float:
        gateway.clock.advance(ASKED_EVERY_S / 4)
        return 0.0

    await lease.keep(passing)
    assert (gateway.asked, lease.credentials().token) == ([None, 3, 3], "jwt-3")
    assert gateway.clock.monotonic() >= 2 * ASKED_EVERY_S


async def test_a_lost_broker_is_asked_about() -> None:
    """Perhaps it is somewhere else now, or does not let this node in any more: the gateway knows."""
    gateway = Scripted(TOLD, TOLD, Refused("another agent"))
    lease = lease_of(gateway)
    await lease.take()

    def lost_for_s() -> float:
        gateway.clock.advance(1.0)
        return 100.0

    with pytest.raises(Refused, match="another agent"):
        await lease.keep(lost_for_s)
    assert gateway.asked == [None, 3, 3]
    assert gateway.clock.monotonic() < ASKED_EVERY_S
