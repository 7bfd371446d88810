"""Where children listen: unix sockets in a folder that only we can enter, a fresh name for each child."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import tempfile
from pathlib import Path

from antiphon.errors import ConfigError

PATH_BYTES_MAX = 100  # macOS takes 103, Linux 107
SUFFIX = ".sock"  # llama.cpp takes a host that ends so for a unix socket
NAME_BYTES = 6


def socket_folder(data_dir: Path) -> Path:
    """`data_dir/run`, made if absent and swept; a new temporary folder when that path is too long for a socket."""
    folder = (data_dir / "run").absolute()
    if len(os.fsencode(folder)) + 2 * NAME_BYTES + len(SUFFIX) + 1 > PATH_BYTES_MAX:
        return Path(tempfile.mkdtemp(prefix="antiphon-"))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigError(f"the folder {folder} for the engine's socket cannot be made: {error.strerror}") from error
    _sweep(folder)
    return folder


def fresh_socket(folder: Path) -> str:
    """A path where nothing listens yet. A used one would not do: llama.cpp does not bind to a file that exists."""
    return str(folder / (secrets.token_hex(NAME_BYTES) + SUFFIX))


def remove_socket(path: str) -> None:
    """Remove the file that a child left."""
    with contextlib.suppress(OSError):
        Path(path).unlink()


def _sweep(folder: Path) -> None:
    """Remove sockets on which nobody listens any more, left by a gateway that was killed."""
    for path in folder.glob("*" + SUFFIX):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
            asked.settimeout(0.2)
            try:
                asked.connect(str(path))
            except ConnectionRefusedError:
                remove_socket(str(path))
            except OSError:
                continue
