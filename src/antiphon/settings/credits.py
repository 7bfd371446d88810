"""The settings of credit: what is given away, and how long receipts are kept."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

GiftedCredits = Annotated[int, Meta(ge=0, le=100_000_000)]


class CreditSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Play money, which no key for USDC can spend, and receipts. 100 credits are one DEV."""

    signup_grant: Annotated[
        GiftedCredits,
        Meta(description="Credits in play money that an account gets with its first test key; 0 means none."),
    ] = 500
    faucet_grant: Annotated[
        GiftedCredits,
        Meta(
            description="Credits in play money that `POST /v1/dev/faucet` gives an account once a day, while "
            "`development_key` is true; 0 means none."
        ),
    ] = 500
    receipt_days: Annotated[
        Annotated[int, Meta(ge=1, le=36_500)],
        Meta(description="Days for which the receipt of a request is kept."),
    ] = 400
