"""The credit in the database, for commands."""

from __future__ import annotations

import pytest

from antiphon.cli.credit_desk import account_key, micro
from antiphon.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "amount"), [("2.50", 2_500_000), ("1", 1_000_000), ("0.000001", 1), ("1000000000", 10**15)]
)
def test_amounts(text: str, amount: int) -> None:
    """They are exact to the last of six decimals."""
    assert micro(text) == amount


@pytest.mark.parametrize("text", ["", "-1", "0", "1.0000001", "1000000001", "inf", "x"])
def test_amounts_that_are_none(text: str) -> None:
    """They are refused by name."""
    with pytest.raises(ConfigError, match="AMOUNT"):
        micro(text)


def test_accounts() -> None:
    """A wallet's address keeps its checksum, in the books too."""
    address = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
    assert account_key(address, "USDC") == ("USDC", f"user:{address}")
    with pytest.raises(ConfigError, match="ACCOUNT"):
        account_key(address.lower(), "USDC")
