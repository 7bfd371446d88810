"""The sums of a lease in memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.credits.lease import Lease, LeasedHold, Refusal
from antiphon.credits.ledger import Earner
from antiphon.credits.money import shortage


def lease_of(granted: int) -> Lease:
    """A lease that was granted so much."""
    lease = Lease(("USDC", "user:ann"), 1, 0.0)
    lease.granted = granted
    return lease


@given(
    granted=st.integers(0, 1000),
    events=st.lists(st.tuples(st.integers(1, 200), st.integers(0, 300), st.sampled_from(["settled", "lost", "void"]))),
)
def test_room_is_what_was_granted_and_is_not_used(granted: int, events: list[tuple[int, int, str]]) -> None:
    """Never more than was granted less what is spent, whatever becomes of the holds."""
    lease, spent = lease_of(granted), 0
    for amount, cost, end in events:
        if lease.room < amount:
            continue
        hold = LeasedHold("h", lease, amount, 0.0)
        assert lease.room == granted - spent - amount
        hold.owe(min(cost, amount))
        assert lease.left == -min(cost, amount)
        if end == "void":
            assert hold.release("voided")
            assert lease.left == 0
        else:
            assert hold.capture(cost, 0)
            assert (lease.room, lease.left) == (granted - spent - min(cost, amount), -min(cost, amount))
            if end == "settled":
                lease.settled(hold.charged)
                spent += hold.charged
            else:
                lease.lost(hold.charged)
        assert (lease.used, lease.unsettled) == (0, 0)
        assert lease.room == granted - spent
        assert lease.needed == spent == lease.spent


def test_a_hold_ends_once() -> None:
    """Whatever came first stands."""
    lease = lease_of(100)
    captured, voided = (LeasedHold(name, lease, 40, 0.0) for name in "ab")
    assert captured.capture(30, 5)
    assert voided.release("expired")
    for hold in (captured, voided):
        assert not hold.capture(40, 6)
        assert not hold.release("voided")
    assert (captured.state, voided.state, lease.used) == ("captured", "expired", 30)
    captured.earner = Earner("node:n", 1)
    settlement = captured.settlement
    assert (settlement.request_id, settlement.cost, settlement.at_ms) == ("a", 30, 5)
    assert settlement.earner == Earner("node:n", 1)


def test_what_others_want() -> None:
    """Only for a while, and only what is not used."""
    lease = lease_of(10)
    lease.cautious_until = 5.0
    assert lease.coveted(4.9)
    assert not lease.coveted(5.0)
    LeasedHold("h", lease, 10, 0.0)
    assert not lease.coveted(4.9)


def test_a_refusal_holds_for_who_had_asked() -> None:
    """And for as much or more; each gets an error of its own."""
    refusal = Refusal(10, 7, shortage(0, 10))
    first, second = refusal.holds_for(10, 7), refusal.holds_for(11, 3)
    assert first is not None
    assert second is not None
    assert first is not second
    assert first.message == second.message
    assert refusal.holds_for(9, 7) is None
    assert refusal.holds_for(10, 8) is None
