"""What a node's wallet signs is recognised as a wallet's."""

from __future__ import annotations

from antiphon.accounts.ethereum import signer
from antiphon.agent.wallet import Wallet, new_key
from tests.unit.accounts.wallets import ADDRESS, SECRET, signed


def test_a_text_is_signed_as_other_wallets_do() -> None:
    """Letter by letter, since signatures are deterministic."""
    wallet = Wallet(SECRET)
    assert wallet.address == ADDRESS
    for text in ("", "a", "Größe\n" * 100):
        assert wallet.signed(text) == signed(text)
        assert signer(text, wallet.signed(text)) == ADDRESS


def test_every_new_key_is_another() -> None:
    """And each of them is a wallet's."""
    assert len({Wallet(new_key()).address for _ in range(5)}) == 5
