"""The seam to whoever puts payments on the chain: it checks them, pays the gas, and is not believed."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from antiphon.topup.model import Payment


class FacilitatorFailed(Exception):
    """It could not be asked, or broke: nothing is known of the payment."""


class Answer(Struct, frozen=True):
    """What it says of a payment: whether it is good, or settled and where; if not, the reason as x402 spells it."""

    good: bool
    reason: str = ""
    tx_hash: str = ""


class Facilitator(Protocol):
    """Both may take seconds, and raise FacilitatorFailed."""

    async def verify(self, payment: Payment, amount: int) -> Answer:
        """Whether the payment would go through now."""
        ...

    async def settle(self, payment: Payment, amount: int) -> Answer:
        """Put it on the chain, and wait for it a while."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...
