"""What owners of nodes are owed, and payments of it as they are kept. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from antiphon.credits.earnings import Earned

VALID_S = 3_600  # how long a wallet's authorization is good: after it an unused one is dead, and can be made anew
SOON_S = 60  # one that is good for less is not sent any more

State = Literal["sending", "paid", "dead"]


class Payout(Struct, frozen=True):
    """A payment to one owner, kept before anything is sent: the token takes each nonce of a wallet once."""

    id: str
    owner: str
    network: str
    asset: str
    payer: str
    nonce: str
    amount: int
    valid_before: int
    from_block: int  # no block before it can hold the transfer
    state: State = "sending"
    tx_hash: str = ""


class Due(Struct, frozen=True):
    """What one owner is to be paid, by the accounts that it comes from; whole micro-USDC."""

    owner: str
    parts: dict[str, int]

    @property
    def amount(self) -> int:
        """All of it."""
        return sum(self.parts.values())


class Left(Struct, frozen=True):
    """What one owner is not paid now, and why."""

    owner: str
    amount: int
    why: Literal["below the minimum", "a node is in quarantine", "a payment is on its way", "no wallet"]


class Plan(Struct, frozen=True):
    """Who is to be paid what, and who is not."""

    due: tuple[Due, ...]
    left: tuple[Left, ...]

    @property
    def amount(self) -> int:
        """All that is due."""
        return sum(one.amount for one in self.due)


def planned(
    earned: Sequence[Earned], *, sending: Mapping[str, int], quarantined: Collection[str], minimum: int
) -> Plan:
    """What is due to whom. `sending` is what is on its way to owners; what nodes in quarantine earned is held back."""
    parts: dict[str, dict[str, int]] = {}
    left: list[Left] = []
    for one in earned:
        if one.owed <= 0:
            continue
        if not one.owner:
            left.append(Left(one.node, one.owed, "no wallet"))
        elif one.node in quarantined:
            left.append(Left(one.owner, one.owed, "a node is in quarantine"))
        else:
            parts.setdefault(one.owner, {})[one.account] = one.owed
    due = []
    for owner, own in sorted(parts.items()):
        amount = sum(own.values())
        if owner in sending:
            left.append(Left(owner, amount, "a payment is on its way"))
        elif amount < minimum:
            left.append(Left(owner, amount, "below the minimum"))
        else:
            due.append(Due(owner, own))
    return Plan(tuple(due), tuple(left))
