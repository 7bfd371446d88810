"""`antiphon ledger verify --on-chain` on a real chain."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from antiphon.chain.local import LocalChain
from antiphon.db import Connection
from antiphon.db.open import open_database
from tests.fixtures.topup.desk import MICRO, Desk, terms_of
from tests.fixtures.topup.payer import Payer

Run = Callable[..., Any]
CONFIG = """
topup:
  network: eip155:84532
  rpc_url: {rpc}
  pay_to: "{pay_to}"
  facilitator_url: http://127.0.0.1:9
"""


async def pay(chain: LocalChain, path: Path, pay_to: str) -> None:
    """One payment of two USDC."""
    database = open_database(f"sqlite:///{path}", data_dir=Path("/nonexistent"))
    desk = Desk(database, chain, terms_of(chain, pay_to))
    payer = desk.payer()
    await desk.topups.pay(payer.address, 2 * MICRO, payer.pay(desk.terms, 2 * MICRO))
    await desk.close()
    await database.close()


async def change(path: Path) -> None:
    """Let the payment be in a transaction that there is not."""
    database = open_database(f"sqlite:///{path}", data_dir=Path("/nonexistent"))
    await database.write(partial(_changed, tx_hash="0x" + "00" * 32))
    await database.close()


def _changed(connection: Connection, tx_hash: str) -> None:
    connection.run("UPDATE topups SET tx_hash = :tx_hash", tx_hash=tx_hash)


@pytest.fixture
def words(place: Path, local_chain: LocalChain) -> tuple[str, ...]:
    """What is typed after `verify`, for books with a payment."""
    pay_to = Payer().address
    asyncio.run(pay(local_chain, place / "antiphon.db", pay_to))
    config = place / "antiphon.yaml"
    config.write_text(CONFIG.format(rpc=local_chain.rpc_url, pay_to=pay_to))
    return "--on-chain", "--config", str(config), "--data-dir", str(place)


def test_books_that_agree(run: Run, words: tuple[str, ...]) -> None:
    """Both sums stand in one line."""
    ran = run("ledger", "verify", *words)
    assert ran.code == 0
    told = "1 payments: 2.00 USDC on the chain, 2.00 in the books; the recipient has 2.00 now."
    assert ran.out.splitlines()[-1] == told


def test_a_payment_that_is_not_there(run: Run, words: tuple[str, ...], place: Path) -> None:
    """It is named, and the exit code is 1."""
    asyncio.run(change(place / "antiphon.db"))
    ran = run("ledger", "verify", *words)
    assert ran.code == 1
    assert ran.out.splitlines()[-2].endswith("the chain does not have it")
    told = json.loads(run("ledger", "verify", *words, "--json").out)
    assert (told["ok"], told["chain"]["on_chain"], told["chain"]["in_books"]) == (False, 0, 2 * MICRO)


def test_no_chain(run: Run, words: tuple[str, ...], place: Path) -> None:
    """It says which setting names one, or why it cannot be asked."""
    config = place / "antiphon.yaml"
    config.write_text("{}")
    ran = run("ledger", "verify", *words)
    assert ran.code != 0
    assert "topup.network" in ran.notes
    config.write_text(CONFIG.format(rpc="http://127.0.0.1:9", pay_to=Payer().address))
    assert "the chain cannot be asked" in run("ledger", "verify", *words).notes
