"""`antiphon payout` and `antiphon earnings`: what owners of nodes earned, and its way to their wallets."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter

from antiphon.cli.flags import SettingFlags, assignments
from antiphon.cli.local_chain import beside
from antiphon.cli.output import Output
from antiphon.key import Ledger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from antiphon.db import Database
    from antiphon.payouts.model import Payout, Plan
    from antiphon.payouts.service import Payouts, Report
    from antiphon.settings.model import Settings
    from antiphon.topup.rpc import Rpc

Result = TypeVar("Result")
OFF = "payouts.enabled: payouts are off; set it to true where money may be sent."


def earnings(
    owner: str | None = None,
    /,
    *,
    ledger: Ledger = "USDC",
    json: bool = False,
    flags: Annotated[SettingFlags, Parameter(name="*")] = SettingFlags(),
) -> int:
    """Print what nodes have earned, what of it was paid out, and what is owed.

    Parameters
    ----------
    owner
        A wallet's address: only its nodes.
    ledger
        USDC, or DEV for play money.
    json
        Print JSON.
    flags
        What to set.

    """
    import msgspec

    from antiphon.credits.earnings import Earnings
    from antiphon.credits.money import usdc_text

    output = Output(as_json=json)
    found = asyncio.run(_over(_settings(flags), lambda database: Earnings(database).of(owner, ledger)))
    if json:
        output.json([{**msgspec.to_builtins(one), "owed": one.owed} for one in found])
        return 0
    rows = [(one.node, one.owner, *map(usdc_text, (one.earned, one.paid, one.owed))) for one in found]
    output.table([("NODE", "OWNER", f"EARNED ({ledger})", "PAID", "OWED"), *rows])
    return 0


def plan(*, json: bool = False, flags: Annotated[SettingFlags, Parameter(name="*")] = SettingFlags()) -> int:
    """Print who is to be paid what, and who is not and why; nothing is sent.

    Parameters
    ----------
    json
        Print JSON.
    flags
        What to set.

    """
    import msgspec

    output, settings = Output(as_json=json), beside(_settings(flags))
    found = asyncio.run(_paying(settings, lambda payouts, _rpc: payouts.plan()))
    if json:
        output.json(msgspec.to_builtins(found))
        return 0
    _show_plan(output, found)
    return 0


def run(
    *,
    key_file: Path,
    json: bool = False,
    flags: Annotated[SettingFlags, Parameter(name="*")] = SettingFlags(),
) -> int:
    """Pay what is due, each owner once: run it again whenever it was broken off, or says that something is open.

    Parameters
    ----------
    key_file
        File with the private key of the wallet that top-ups are paid to.
    json
        Print JSON.
    flags
        What to set.

    """
    import msgspec

    from antiphon.chain.wallets import read_wallet
    from antiphon.errors import ConfigError
    from antiphon.payouts.wallet import GasSender, Wallet

    output, settings = Output(as_json=json), beside(_settings(flags))
    if not settings.payouts.enabled:
        raise ConfigError(OFF)
    key = read_wallet(key_file)
    gas = settings.topup.facilitator_key
    gas_key = key if gas is None else gas.reveal()
    found = asyncio.run(_paying(settings, lambda payouts, rpc: payouts.run(Wallet(key), GasSender(gas_key, rpc))))
    if json:
        output.json(msgspec.to_builtins(found))
    else:
        _show_report(output, found)
    return 1 if found.trouble or found.open else 0


def _show_plan(output: Output, found: Plan) -> None:
    from antiphon.credits.money import usdc_text

    rows = [(one.owner, usdc_text(one.amount), "due") for one in found.due]
    rows += [(one.owner, usdc_text(one.amount), one.why) for one in found.left]
    output.table([("OWNER", "USDC", "STATE"), *rows])
    output.note(f"{usdc_text(found.amount)} USDC are due to {len(found.due)} owners.")


def _show_report(output: Output, found: Report) -> None:
    for payouts, what in ((found.paid, "paid"), (found.dead, "never made, and owed again"), (found.open, "on its way")):
        for one in payouts:
            output.line(_line(one, what))
    if found.trouble:
        output.note(f"Not all was sent: {found.trouble}")
    if found.open:
        output.note("Run it again in a while: the chain does not tell yet of what is on its way.")


def _line(payout: Payout, what: str) -> str:
    from antiphon.credits.money import usdc_text

    return f"{payout.owner}  {usdc_text(payout.amount)} USDC  {what}"


def _settings(flags: SettingFlags) -> Settings:
    from antiphon.settings.load import load

    return load(config=flags.config, variables=os.environ, flags=assignments(flags), folder=Path.cwd()).settings


async def _over(settings: Settings, use: Callable[[Database], Awaitable[Result]]) -> Result:
    """What `use` does with the database that the settings name."""
    from antiphon.clock import SystemClock
    from antiphon.db.open import open_database

    url = None if settings.database.url is None else settings.database.url.reveal()
    database = open_database(url, data_dir=settings.data_dir, clock=SystemClock())
    try:
        return await use(database)
    finally:
        await database.close()


async def _paying(settings: Settings, use: Callable[[Payouts, Rpc], Awaitable[Result]]) -> Result:
    """What `use` does with payouts; ConfigError when there is no chain, or it cannot be asked."""
    from antiphon.clock import SystemClock
    from antiphon.errors import ConfigError
    from antiphon.gateway.topups import token_contract
    from antiphon.gateway.values import topup_terms
    from antiphon.ids import Ids
    from antiphon.payouts.service import Payouts
    from antiphon.topup.contract import Mismatch
    from antiphon.topup.rpc import Rpc, RpcFailed

    terms, url = topup_terms(settings), settings.topup.rpc_url
    if terms is None or url is None:
        raise ConfigError("topup.network: no chain is set, so nothing can be paid out.")
    contract, rpc = token_contract(settings, terms), Rpc(url.reveal())

    async def work(database: Database) -> Result:
        minimum = settings.payouts.minimum_micro_usdc
        payouts = Payouts(database, contract, terms, minimum=minimum, clock=SystemClock(), ids=Ids())
        return await use(payouts, rpc)

    try:
        return await _over(settings, work)
    except (RpcFailed, Mismatch) as failure:
        raise ConfigError(f"topup.rpc_url: the chain cannot be asked: {failure}.") from failure
    finally:
        contract.close()
        rpc.close()
