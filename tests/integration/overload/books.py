"""The books of gateways that charge: money to begin with, and the proof in the end."""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from antiphon.credits import ledger, store
from antiphon.credits.ledger import AccountKey
from antiphon.db import Connection
from antiphon.db.open import open_database
from tests.integration.charging.lab import differing

FUNDS = 10**12
JSON = Any  # Any: what a command prints


class Books:
    """The database of these gateways, whose settings stand in `config`."""

    def __init__(self, url: str, config: Path) -> None:
        self._config = config
        self._database = open_database(url, data_dir=config.parent)

    async def fund(self, account: str) -> None:
        """Give an account more play money than all tests can spend."""
        key: AccountKey = ("DEV", ledger.user(account))
        journal = ledger.grant(key, f"overload:{account}", FUNDS, at_ms=1_800_000_000_000)
        await self._database.write(partial(store.post, journal=journal))

    async def require_sound(self) -> int:
        """`antiphon ledger verify` finds no fault, receipts say what the journals do; how many receipts there are."""
        command = (sys.executable, "-m", "antiphon", "ledger", "verify", "--json", "--config", str(self._config))
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        findings: JSON = json.loads(output)
        assert (process.returncode, findings["ok"]) == (0, True), findings
        assert await self._database.read(differing) == []
        return int(findings["receipts"])

    async def held(self) -> int:
        """What is kept back of all accounts and budgets, by requests or by gateways."""
        return int(await self._database.read(held))

    async def close(self) -> None:
        """Let go of the database."""
        await self._database.close()


def held(connection: Connection) -> int:
    """As the accounts say."""
    row = connection.one("SELECT COALESCE(SUM(held), 0) FROM ledger_accounts")
    assert row is not None
    return int(row[0])
