"""Who is due what: sums exact, minimum kept, nothing twice, nothing of a node in quarantine."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.credits.earnings import Earned
from antiphon.credits.ledger import node
from antiphon.payouts.model import Left, planned

OWNERS = ("0xA", "0xB", "0xC")
EARNED = st.lists(st.tuples(st.sampled_from("nmop"), st.sampled_from(OWNERS), st.integers(0, 50), st.integers(0, 50)))


def earned(name: str, owner: str, amount: int, paid: int = 0) -> Earned:
    """What a node earned for an owner."""
    return Earned(node(name, owner), name, owner, amount + paid, paid)


def test_owners_get_one_payment() -> None:
    """For all their nodes together, by the accounts that it comes from."""
    plan = planned([earned("a", "0xA", 7), earned("b", "0xA", 5, 3)], sending={}, quarantined=(), minimum=12)
    (due,) = plan.due
    assert (due.owner, due.amount, due.parts) == ("0xA", 12, {"node:a@0xA": 7, "node:b@0xA": 5})
    assert (plan.amount, plan.left) == (12, ())


def test_what_is_left_and_why() -> None:
    """Below the minimum, on its way, held back with its node, or without a wallet to go to."""
    found = [earned("a", "0xA", 4), earned("b", "0xB", 99), earned("c", "0xC", 50), Earned("node:d", "d", "", 9, 0)]
    plan = planned([*found, earned("e", "0xC", 2)], sending={"0xB": 10}, quarantined={"c"}, minimum=5)
    assert plan.due == ()
    assert set(plan.left) == {
        Left("0xA", 4, "below the minimum"),
        Left("0xB", 99, "a payment is on its way"),
        Left("0xC", 50, "a node is in quarantine"),
        Left("0xC", 2, "below the minimum"),
        Left("d", 9, "no wallet"),
    }


@given(EARNED, st.sets(st.sampled_from("nmop")), st.sets(st.sampled_from(OWNERS)), st.integers(0, 60))
def test_every_unit_is_due_or_left(
    told: list[tuple[str, str, int, int]], quarantined: set[str], sending: set[str], minimum: int
) -> None:
    """Once, whatever was earned by whom."""
    found = {(name, owner): earned(name, owner, amount, paid) for name, owner, amount, paid in told}
    plan = planned(list(found.values()), sending=dict.fromkeys(sending, 1), quarantined=quarantined, minimum=minimum)
    assert plan.amount + sum(one.amount for one in plan.left) == sum(one.owed for one in found.values())
    assert all(one.amount >= minimum and one.owner not in sending for one in plan.due)
