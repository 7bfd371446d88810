"""A whole local chain: the program, the token on it, a test wallet with money, and who settles payments."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Self

from msgspec import Struct

from antiphon.chain.anvil import Anvil
from antiphon.chain.packages import packages
from antiphon.chain.token import deploy
from antiphon.chain.wallets import address_of, kept_wallet
from antiphon.errors import ConfigError

TEST_MONEY = 1_000 * 1_000_000  # micro-USDC
GAS_MONEY = 100 * 10**18  # wei
PACKAGES = "packages"
WALLET_FILE = "wallet-key"
FACILITATOR_FILE = "facilitator-key"
MERCHANT_FILE = "merchant-key"
URL_FILE = "rpc-url"  # there while the chain runs, for commands beside the gateway


class Wallet(Struct, frozen=True):
    """A private key, in hexadecimal, and its address."""

    private_key: str
    address: str


class LocalChain:
    """Runs while it is entered. Everything of it is in one folder, so that deleting the folder begins anew.

    `on_end` is told when the chain ended by itself and was begun anew.
    """

    def __init__(self, folder: Path, *, on_end: Callable[[str], None], packages_folder: Path | None = None) -> None:
        self.folder = folder
        self._packages_folder = packages_folder or folder / PACKAGES
        self._on_end = on_end
        self._lock = -1
        self._anvil: Anvil | None = None

    def __enter__(self) -> Self:
        """Start it; ConfigError when that cannot be."""
        parts = packages(self._packages_folder)
        self._lock = _locked(self.folder)
        self.wallet = _kept(self.folder / WALLET_FILE)
        self.facilitator = _kept(self.folder / FACILITATOR_FILE)
        self.merchant = _kept(self.folder / MERCHANT_FILE)
        self._anvil = Anvil(parts.anvil, self.folder, on_end=self._on_end)
        try:
            self._anvil.start()
            self.token = deploy(self._anvil.rpc, parts)
            self._furnish()
            (self.folder / URL_FILE).write_text(self.rpc_url, encoding="ascii")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it; its state is kept."""
        (self.folder / URL_FILE).unlink(missing_ok=True)
        if self._anvil is not None:
            self._anvil.stop()
        os.close(self._lock)

    @property
    def anvil(self) -> Anvil:
        """The running program."""
        assert self._anvil is not None, "enter it first"
        return self._anvil

    @property
    def rpc_url(self) -> str:
        """Where the chain answers."""
        return self.anvil.rpc.url

    def _furnish(self) -> None:
        """Gas for whoever settles; test money for a test wallet that has none, at every start."""
        self.anvil.rpc.call("anvil_setBalance", self.facilitator.address, hex(GAS_MONEY))
        if self.token.balance(self.wallet.address) == 0:
            self.token.mint(self.wallet.address, TEST_MONEY)


def running_url(folder: Path) -> str:
    """Where the chain of a folder answers; ConfigError when none runs there."""
    try:
        return (folder / URL_FILE).read_text(encoding="ascii")
    except OSError:
        raise ConfigError(f"chain: none runs in {folder} now: `antiphon serve --chain local` starts it.") from None


def _kept(path: Path) -> Wallet:
    private_key = kept_wallet(path)
    return Wallet(private_key, address_of(private_key))


def _locked(folder: Path) -> int:
    """The descriptor that holds the folder; two chains on one state would undo each other."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(f"chain: {folder} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise ConfigError(f"chain: another gateway runs its local chain in {folder}.") from None
    return descriptor
