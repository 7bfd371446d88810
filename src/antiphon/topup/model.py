"""Payments and top-ups as values, and the rules that they keep by themselves. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Literal

from msgspec import Struct

from antiphon.credits.money import MICRO, usdc_text
from antiphon.errors import BadRequest

AMOUNT = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,6}))?")
DECIMALS = 6  # of the token: its own unit is the books' micro-USDC
SCHEME = "exact"
TIMEOUT_S = 300  # how long an authorization is to be good, as the offer says
SOON_S = 6  # one that is good for less could not be settled any more
VALID_S_MAX = 86_400  # one that is good for longer would be watched for all that time
LATE_S = 60  # after its end, by the chain's clock, an unused authorization never was and never will be

State = Literal["settling", "credited", "dead"]

# Reasons, as x402 spells them.
INVALID_SCHEME = "invalid_scheme"
INVALID_NETWORK = "invalid_network"
INVALID_ASSET = "invalid_payment_requirements"
WRONG_RECIPIENT = "invalid_exact_evm_payload_recipient_mismatch"
WRONG_VALUE = "invalid_exact_evm_payload_authorization_value_mismatch"
WRONG_SIGNATURE = "invalid_exact_evm_payload_signature"
TOO_LATE = "invalid_exact_evm_payload_authorization_valid_before"
TOO_EARLY = "invalid_exact_evm_payload_authorization_valid_after"
TOO_POOR = "invalid_exact_evm_insufficient_balance"
NONCE_USED = "invalid_exact_evm_nonce_already_used"
# Refusals of a facilitator that only the payer can cure; any other may be ours, or the chain's.
PAYERS_FAULTS = frozenset(
    {
        WRONG_RECIPIENT,
        WRONG_VALUE,
        WRONG_SIGNATURE,
        TOO_LATE,
        TOO_EARLY,
        TOO_POOR,
        "insufficient_funds",  # as facilitators of the first version say it
        "invalid_exact_evm_payload_authorization_value",
        "invalid_exact_evm_payload_undeployed_smart_wallet",
        "eip6492_factory_not_allowed",
    }
)


class Terms(Struct, frozen=True):
    """What is paid, and to whom. Amounts are micro-USDC; addresses have their checksums."""

    network: str
    v1_network: str
    asset: str
    name: str  # of the token: signatures name it, and its version
    version: str
    pay_to: str
    amount_min: int
    amount_max: int
    any_payer: bool = False  # whether others may pay for an account than the wallet whose it is
    safe_above: int = 100 * MICRO  # from there on a block has to be safe before it counts


class Authorization(Struct, frozen=True):
    """What a wallet signed: whoever shows it to the token moves that money, once, between two times."""

    payer: str
    to: str
    value: int
    valid_after: int
    valid_before: int
    nonce: str


class Payment(Struct, frozen=True):
    """An authorization with its signature, and what its sender says it is for."""

    scheme: str
    network: str
    asset: str | None  # not said in the first version
    authorization: Authorization
    signature: str
    x402_version: int


class Topup(Struct, frozen=True):
    """A payment as it is kept, from before it is settled on."""

    id: str
    network: str
    asset: str
    pay_to: str
    payer: str
    nonce: str
    account: str
    amount: int
    valid_before: int
    from_block: int  # no block before it can hold the transfer
    state: State = "settling"
    tx_hash: str = ""


def amount_of(text: str, terms: Terms) -> int:
    """The micro-USDC that a body asks for; BadRequest names the rule that it breaks."""
    found = AMOUNT.fullmatch(text)
    if found is None:
        raise BadRequest("amount: expected USDC as a decimal number with at most 6 decimals.", param="amount")
    amount = int(found[1]) * MICRO + int((found[2] or "").ljust(DECIMALS, "0"))
    if not terms.amount_min <= amount <= terms.amount_max:
        least, most = usdc_text(terms.amount_min), usdc_text(terms.amount_max)
        raise BadRequest(f"amount: expected {least} to {most} USDC.", param="amount")
    return amount


def payment_id(terms: Terms, authorization: Authorization) -> str:
    """What one authorization is called for ever: the token takes each nonce of a payer once."""
    parts = (terms.network, terms.asset, authorization.payer, authorization.nonce)
    return hashlib.sha256("|".join(parts).lower().encode()).hexdigest()


def mismatch(payment: Payment, terms: Terms, amount: int) -> str | None:
    """The reason why a payment is not the one that was asked for; None when it is."""
    authorization = payment.authorization
    if payment.scheme != SCHEME:
        return INVALID_SCHEME
    if payment.network != (terms.v1_network if payment.x402_version == 1 else terms.network):
        return INVALID_NETWORK
    if payment.asset is not None and payment.asset.lower() != terms.asset.lower():
        return INVALID_ASSET
    if authorization.to != terms.pay_to:
        return WRONG_RECIPIENT
    return None if authorization.value == amount else WRONG_VALUE


def untimely(authorization: Authorization, now_s: float) -> str | None:
    """The reason why an authorization cannot be used now; None when it can."""
    if authorization.valid_after > now_s:
        return TOO_EARLY
    return None if now_s + SOON_S < authorization.valid_before <= now_s + VALID_S_MAX else TOO_LATE


def topup(payment: Payment, terms: Terms, account: str, from_block: int) -> Topup:
    """What is kept of a payment before anything is done with it."""
    authorization = payment.authorization
    return Topup(
        payment_id(terms, authorization),
        terms.network,
        terms.asset,
        terms.pay_to,
        authorization.payer,
        authorization.nonce,
        account,
        authorization.value,
        authorization.valid_before,
        from_block,
    )
