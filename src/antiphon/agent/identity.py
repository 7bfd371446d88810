"""Who a node is: its keys, its gateway and its name there, kept in files that only their owner can read.

The wallet has a file of its own, so that its owner can put one there, and keep it.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from antiphon.agent.wallet import new_key
from antiphon.errors import ConfigError
from antiphon.link.credentials import new_seed, write_secret
from antiphon.topup.wallet import PRIVATE_KEY, address_of

FOLDER = "node"
WALLET_FILE = "wallet.key"
STATE_FILE = "node.json"
LOCK_FILE = "lock"


class Membership(Struct, frozen=True):
    """What a machine is at one gateway: the id of the node, and the seed of its key at the broker."""

    gateway: str
    nkey_seed: str
    node: str = ""  # empty before it has enrolled


class Identity:
    """The files of one node in a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir.expanduser() / FOLDER
        self._lock: BinaryIO | None = None

    def take(self) -> None:
        """Make the folder this process's own until `close`; ConfigError when another process has it."""
        path = self.folder / LOCK_FILE
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = path.open("ab")
        except OSError as error:
            raise ConfigError(f"{self.folder} cannot be used: {error}.") from error
        try:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            message = (
                f"Another `antiphon node` runs as the node of {self.folder}: stop it, or give this one --data-dir."
            )
            raise ConfigError(message) from None
        self._lock = lock

    def close(self) -> None:
        """Let another process have the folder."""
        if self._lock is not None:
            self._lock.close()

    def wallet_key(self) -> str:
        """The private key of the wallet, made if there is none; ConfigError when its file holds no key."""
        path = self.folder / WALLET_FILE
        text = self._read(path)
        if text is None:
            text = new_key()
            self._write(path, text.encode() + b"\n")
        key = text.strip()
        if PRIVATE_KEY.fullmatch(key) is None or address_of(key) is None:
            raise ConfigError(f"{path} holds no private key: put 64 hexadecimal digits there, or remove the file.")
        return key

    def membership(self) -> Membership | None:
        """What was kept last; ConfigError when it cannot be read."""
        path = self.folder / STATE_FILE
        text = self._read(path)
        if text is None:
            return None
        try:
            return msgspec.json.decode(text, type=Membership)
        except msgspec.MsgspecError as error:
            raise ConfigError(f"{path} cannot be read: {error}. Remove it, then join with a new token.") from error

    def begun(self, gateway: str) -> Membership:
        """A membership to enrol with: the one that is there if it is of this gateway, else one with a new key."""
        known = self.membership()
        if known is not None and known.gateway == gateway:
            return known
        fresh = Membership(gateway, new_seed())
        self.keep(fresh)
        return fresh

    def keep(self, membership: Membership) -> None:
        """Keep it for the next start."""
        self._write(self.folder / STATE_FILE, msgspec.json.encode(membership))

    def _read(self, path: Path) -> str | None:
        try:
            return path.read_text("ascii")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} cannot be read: {error}.") from error

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_secret(path, data)
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error}.") from error
