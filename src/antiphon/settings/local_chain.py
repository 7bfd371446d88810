"""What `chain: local` stands for: sign-in, keys that spend, a priced model, and books that no real network shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from antiphon.db import address
from antiphon.settings.layers import Assignment
from antiphon.settings.serving import Prices

FOLDER = "chain"  # in the data folder: the chain's state, its wallets, and the books of its money
DATABASE = "antiphon.db"
LOCAL = "local"
SOURCE = "chain: local"
TEST_PRICES = Prices(prompt=1_000_000, completion=2_000_000)  # one and two USDC for a million tokens


def chosen(found: Sequence[Assignment]) -> bool:
    """Whether a chain on this machine is wanted."""
    return {one.path: one.value for one in found}.get(("chain",)) == LOCAL


def assignments(found: Sequence[Assignment], data_dir: Path) -> Iterator[Assignment]:
    """What is set by it, where nothing else is said; `data_dir` is the default folder."""
    if not chosen(found):
        return
    folder = Path(str({one.path: one.value for one in found}.get(("data_dir",), data_dir))).expanduser()
    yield Assignment(("auth", "sign_in"), True, SOURCE)
    yield Assignment(("auth", "key_kind"), "live", SOURCE)
    yield Assignment(("database", "url"), database_url(folder), SOURCE)


def database_url(data_dir: Path) -> str:
    """Where the books of test money are."""
    return f"sqlite:///{quote(str(data_dir.expanduser().absolute() / FOLDER / DATABASE))}"


def own_books(url: str, data_dir: Path) -> bool:
    """Whether a database is the local chain's own."""
    return not address.of_server(url) and address.file_path(url) == address.file_path(database_url(data_dir))
