"""Amounts, ids and what makes a payment the right one."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.errors import BadRequest
from antiphon.topup.model import (
    TOO_EARLY,
    TOO_LATE,
    WRONG_VALUE,
    Authorization,
    Payment,
    Terms,
    amount_of,
    mismatch,
    payment_id,
    topup,
    untimely,
)

PAY_TO, PAYER = "0x" + "aB" * 20, "0x" + "cD" * 20
TERMS = Terms("eip155:8453", "base", "0x" + "12" * 20, "USD Coin", "2", PAY_TO, 1_000_000, 100_000_000)
AUTHORIZATION = Authorization(PAYER, PAY_TO, 10_000_000, 1_000, 1_300, "0x" + "ef" * 32)
PAYMENT = Payment("exact", "eip155:8453", None, AUTHORIZATION, "0x00", 2)


@pytest.mark.parametrize(
    ("text", "amount"), [("10", 10_000_000), ("1", 1_000_000), ("2.5", 2_500_000), ("99.999999", 99_999_999)]
)
def test_amounts(text: str, amount: int) -> None:
    """USDC as text is exact micro-USDC."""
    assert amount_of(text, TERMS) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.999999",
        "100.000001",
        "1e1",
        "-1",
        "+1",
        " 1",
        "1 ",
        "01",
        "1.",
        ".5",
        "1.0000001",
        "1,5",
        "٣",
        "1" * 10,
    ],
)
def test_what_is_no_amount(text: str) -> None:
    """Anything but a plain decimal number within the bounds is refused, with the field's name."""
    with pytest.raises(BadRequest, match="amount") as refusal:
        amount_of(text, TERMS)
    assert refusal.value.param == "amount"


def test_an_id_is_of_chain_token_payer_and_nonce() -> None:
    """The case of letters makes no other payment of it, and neither do amount and times."""
    own = payment_id(TERMS, AUTHORIZATION)
    same = msgspec.structs.replace(AUTHORIZATION, payer=PAYER.lower(), value=1, valid_before=9)
    assert payment_id(TERMS, same) == own
    assert payment_id(TERMS, msgspec.structs.replace(AUTHORIZATION, nonce="0x" + "ee" * 32)) != own
    assert payment_id(msgspec.structs.replace(TERMS, network="eip155:84532"), AUTHORIZATION) != own


def test_the_payment_that_was_asked_for() -> None:
    """It fits in both versions, each with its own name of the chain."""
    assert mismatch(PAYMENT, TERMS, 10_000_000) is None
    assert mismatch(msgspec.structs.replace(PAYMENT, network="base", x402_version=1), TERMS, 10_000_000) is None
    assert mismatch(msgspec.structs.replace(PAYMENT, asset=TERMS.asset.upper()), TERMS, 10_000_000) is None
    assert mismatch(PAYMENT, TERMS, 10_000_001) == WRONG_VALUE


def test_times() -> None:
    """An authorization is good from its first second until shortly before its last."""
    assert untimely(AUTHORIZATION, 999) == TOO_EARLY
    assert untimely(AUTHORIZATION, 1_000) is None
    assert untimely(AUTHORIZATION, 1_293) is None
    assert untimely(AUTHORIZATION, 1_294) == TOO_LATE
    assert untimely(msgspec.structs.replace(AUTHORIZATION, valid_before=10**9), 1_000) == TOO_LATE


def test_what_is_kept() -> None:
    """A payment is kept with the terms under which it was made."""
    kept = topup(PAYMENT, TERMS, "acme", 7)
    assert kept.id == payment_id(TERMS, AUTHORIZATION)
    assert (kept.account, kept.amount, kept.from_block, kept.state) == ("acme", 10_000_000, 7, "settling")
    assert (kept.pay_to, kept.asset, kept.network) == (PAY_TO, TERMS.asset, TERMS.network)
