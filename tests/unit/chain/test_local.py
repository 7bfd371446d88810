"""A whole local chain: money where it is wanted, kept from start to start."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.chain.local import GAS_MONEY, TEST_MONEY, LocalChain, running_url
from antiphon.chain.wallets import address_of, known_wallet
from antiphon.errors import ConfigError


def nobody(sentence: str) -> None:
    """Fail when the chain ends by itself."""
    raise AssertionError(sentence)


def test_it_is_furnished(local_chain: LocalChain) -> None:
    """The test wallet has money, who settles has gas, and who is paid is neither of them."""
    assert local_chain.token.balance(local_chain.wallet.address) == TEST_MONEY
    assert local_chain.anvil.rpc.number("eth_getBalance", local_chain.facilitator.address, "latest") <= GAS_MONEY
    assert len({local_chain.wallet.address, local_chain.facilitator.address, local_chain.merchant.address}) == 3
    assert (local_chain.folder / "wallet-key").stat().st_mode & 0o777 == 0o600


def test_the_next_start_finds_all_as_it_was(chain_packages: Path, tmp_path: Path) -> None:
    """Wallets and what they have."""
    somebody = address_of(known_wallet(7))
    with LocalChain(tmp_path, on_end=nobody, packages_folder=chain_packages) as chain:
        wallet = chain.wallet
        chain.token.mint(somebody, 5)
        block = chain.anvil.rpc.number("eth_blockNumber")
    with LocalChain(tmp_path, on_end=nobody, packages_folder=chain_packages) as chain:
        assert chain.wallet == wallet
        assert chain.token.balance(somebody) == 5
        assert chain.token.balance(wallet.address) == TEST_MONEY
        assert chain.anvil.rpc.number("eth_blockNumber") >= block


def test_commands_find_it_while_it_runs(chain_packages: Path, tmp_path: Path) -> None:
    """And are told when it does not."""
    with LocalChain(tmp_path, on_end=nobody, packages_folder=chain_packages) as chain:
        assert running_url(tmp_path) == chain.rpc_url
    with pytest.raises(ConfigError, match="none runs in .* now"):
        running_url(tmp_path)


def test_two_chains_never_share_a_folder(local_chain: LocalChain, chain_packages: Path) -> None:
    """The second is refused, and the first goes on."""
    with (
        pytest.raises(ConfigError, match="another gateway runs its local chain"),
        LocalChain(local_chain.folder, on_end=nobody, packages_folder=chain_packages),
    ):
        pass
    assert local_chain.anvil.rpc.number("eth_chainId") == 84532


def test_a_folder_that_cannot_be_made_is_told_of(chain_packages: Path, tmp_path: Path) -> None:
    """The message names it."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConfigError, match="chain: .* cannot be used"),
        LocalChain(tmp_path / "file" / "chain", on_end=nobody, packages_folder=chain_packages),
    ):
        pass
