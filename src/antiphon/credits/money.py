"""Amounts of micro-USDC as people read them. Pure."""

from __future__ import annotations

from antiphon.errors import InsufficientCredits

MICRO = 1_000_000
MICRO_PER_CREDIT = 10_000  # 100 credits are 1 USDC


def usdc_text(amount: int) -> str:
    """The exact amount in USDC, with two decimals or as many as it takes: `10.00`, `9.998731`."""
    return usdc(amount).decode()


def usdc(amount: int) -> bytes:
    """As `usdc_text`, for a header."""
    if amount < 0:
        return b"-" + usdc(-amount)
    digits = b"%d.%06d" % divmod(amount, MICRO)
    return digits[:-4] + digits[-4:].rstrip(b"0") if digits.endswith(b"0") else digits


def usdc_number(amount: int) -> bytes:
    """The exact amount in USDC as a number of JSON: `10`, `9.998731`."""
    whole, part = amount // MICRO, amount % MICRO
    return (b"%d.%06d" % (whole, part)).rstrip(b"0") if part else b"%d" % whole


def credits_of(amount: int) -> int:
    """How many whole credits an amount is; what is less than one is left out."""
    return amount // MICRO_PER_CREDIT


def shortage(free: int, needed: int) -> InsufficientCredits:
    """The refusal of what takes more than there is; says what would be enough."""
    return InsufficientCredits(
        f"There is not enough credit: {usdc_text(needed)} USDC are needed, {usdc_text(max(free, 0))} USDC are free."
    )
