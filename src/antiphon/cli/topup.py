"""`antiphon topup`: credit bought from the terminal, by a wallet that signs in, if it has no key, and pays once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from antiphon.cli.output import Output

if TYPE_CHECKING:
    from antiphon.cli.endpoint import Endpoint


@dataclass(frozen=True, kw_only=True)
class PayerFlags:
    """Which gateway, and whose wallet."""

    base_url: str | None = None
    """Base URL of the gateway; otherwise OPENAI_BASE_URL, then our own gateway on this machine."""
    key: str | None = None
    """Key of the account; otherwise ANTIPHON_CLIENT_KEY. Without any the wallet signs in."""
    key_file: Path | None = None
    """File with the wallet's private key; otherwise ANTIPHON_WALLET_KEY, then the local chain's test wallet."""
    config: Path | None = None
    """Configuration file that tells where our own gateway listens and where its data is."""


def topup(
    amount: str,
    /,
    *,
    json: bool = False,
    flags: Annotated[PayerFlags, Parameter(name="*")] = PayerFlags(),
) -> int:
    """Pay so many USDC, and never more.

    Parameters
    ----------
    amount
        USDC, such as 10 or 2.50.
    json
        Print JSON.
    flags
        Which gateway, and whose wallet.

    """
    from antiphon.cli.client import Client, checked
    from antiphon.cli.credit_desk import micro
    from antiphon.cli.endpoint import Endpoint
    from antiphon.cli.payment import pay
    from antiphon.cli.wallet_sign_in import sign_in
    from antiphon.topup.in_process import require_installed

    require_installed()
    micro(amount)  # only what is an amount is shown to a wallet
    output = Output(as_json=json)
    found, wallet = _endpoint(flags), _wallet(flags)
    signed_in = None if found.key else sign_in(found, wallet)
    client = Client(found if signed_in is None else Endpoint(found.base_url, signed_in.api_key))
    if signed_in is not None:
        output.note(f"{signed_in.address} signed in. Its key, shown only now:\n{signed_in.api_key}\n")
    before = checked(client.get("/credits/balance"))
    paid = pay(client, found.base_url, amount, wallet)
    told = {"balance_before_usdc": before["balance_usdc"], **paid}
    if signed_in is not None:
        told |= {"address": signed_in.address, "api_key": signed_in.api_key}
    if json:
        output.json(told)
        return 0
    _show(output, told)
    return 0


def _show(output: Output, told: dict[str, Any]) -> None:  # Any: what the gateway says
    output.line(f"before       {told['balance_before_usdc']} USDC")
    output.line(f"after        {told['balance_usdc']} USDC")
    output.line(f"transaction  {told['txHash']}")
    if told.get("replayed"):
        output.note("This payment was credited before, and not again.")


def _endpoint(flags: PayerFlags) -> Endpoint:
    """The gateway, with the key that was given; the development key has no account to pay for."""
    from antiphon.cli.endpoint import Endpoint, endpoint
    from antiphon.settings.environment import CLIENT_KEY_VARIABLE

    found = endpoint(base_url=flags.base_url, key=None, variables=os.environ, folder=Path.cwd(), config=flags.config)
    return Endpoint(found.base_url, flags.key or os.environ.get(CLIENT_KEY_VARIABLE))


def _wallet(flags: PayerFlags) -> str:
    """The private key that pays."""
    from antiphon.chain.local import WALLET_FILE
    from antiphon.chain.wallets import address_of, read_wallet
    from antiphon.errors import ConfigError
    from antiphon.settings.environment import WALLET_KEY_VARIABLE
    from antiphon.settings.load import load
    from antiphon.settings.local_chain import FOLDER

    if flags.key_file is not None:
        return read_wallet(flags.key_file)
    if given := os.environ.get(WALLET_KEY_VARIABLE):
        address_of(given)
        return given
    data_dir = load(config=flags.config, variables=os.environ, folder=Path.cwd()).settings.data_dir
    file = data_dir / FOLDER / WALLET_FILE
    if not file.is_file():
        raise ConfigError(f"There is no wallet: give --key-file or {WALLET_KEY_VARIABLE}.")
    return read_wallet(file)
