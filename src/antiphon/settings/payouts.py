"""The settings of payouts to owners of nodes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.settings.bounds import MicroUSDC


class PayoutSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What owners of nodes have earned, paid out in USDC by `antiphon payout run`. Off unless it is enabled."""

    enabled: Annotated[bool, Meta(description="Whether `antiphon payout run` may send money.")] = False
    minimum_micro_usdc: Annotated[
        MicroUSDC,
        Meta(description="What an owner is owed at least before it is paid out."),
    ] = 1_000_000
