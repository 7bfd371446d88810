"""The chain's program: supervised, alone on its port, gone with its parent."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from antiphon.chain.anvil import BLOCK_S, Anvil
from antiphon.chain.local import LocalChain
from antiphon.chain.packages import packages
from antiphon.chain.wallets import address_of, known_wallet
from antiphon.errors import ConfigError, Unavailable

PATIENCE_S = 20.0


def nobody(sentence: str) -> None:
    """Fail when the chain ends by itself."""
    raise AssertionError(sentence)


def test_it_answers_once_started_and_not_once_stopped(chain_packages: Path, tmp_path: Path) -> None:
    """Its state is in the folder then."""
    anvil = Anvil(packages(chain_packages).anvil, tmp_path, on_end=nobody)
    anvil.start()
    assert anvil.rpc.number("eth_chainId") == 84532
    anvil.stop()
    with pytest.raises(Unavailable):
        anvil.rpc.call("eth_chainId")
    assert (tmp_path / "state.json").stat().st_size


def test_it_is_begun_anew_when_it_ends(chain_packages: Path, tmp_path: Path) -> None:
    """On the same port, and somebody is told."""
    told: list[str] = []
    ended = threading.Event()

    def on_end(sentence: str) -> None:
        told.append(sentence)
        ended.set()

    anvil = Anvil(packages(chain_packages).anvil, tmp_path, on_end=on_end)
    anvil.start()
    first = anvil.pid
    os.kill(first, signal.SIGKILL)
    assert ended.wait(PATIENCE_S)
    anvil._wait_until_ready()
    assert anvil.pid != first
    assert told == ["the local chain ended with status -9 and was begun anew"]
    anvil.stop()


def test_transactions_do_not_wait_for_the_next_block(local_chain: LocalChain) -> None:
    """Blocks come at intervals too, so the newest one's time is never far from now."""
    words = Path(f"/proc/{local_chain.anvil.pid}/cmdline").read_text(encoding="utf-8").split("\0")
    assert "--mixed-mining" in words
    assert words[words.index("--block-time") + 1] == str(BLOCK_S)
    assert "--prune-history" in words  # or it keeps files in the home folder
    before = local_chain.anvil.rpc.number("eth_blockNumber")
    local_chain.token.mint(address_of(known_wallet(300)), 1)
    assert local_chain.anvil.rpc.number("eth_blockNumber") > before


def test_a_program_that_ends_at_once_is_an_error(tmp_path: Path) -> None:
    """The message names the file with its words."""
    program = tmp_path / "anvil"
    program.write_text("#!/bin/sh\necho no room; exit 7\n")
    program.chmod(0o755)
    anvil = Anvil(program, tmp_path, on_end=nobody)
    with pytest.raises(ConfigError, match="did not start; .*anvil.log has its last words"):
        anvil.start()
    assert (tmp_path / "anvil.log").read_text() == "no room\n"
