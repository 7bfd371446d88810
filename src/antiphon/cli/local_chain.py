"""`antiphon serve --chain local`: the chain started before the gateway, told of when both are up, stopped after it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from antiphon.cli.announcer import program
from antiphon.cli.output import Output, bold
from antiphon.credits.money import usdc_text

if TYPE_CHECKING:
    from antiphon.chain.local import LocalChain
    from antiphon.gateway.announcements import Announce, Announcement
    from antiphon.settings.model import Settings

AMOUNT = "10"
SAFE_ABOVE = 10**15
DEFAULT_BASE_URL = "http://127.0.0.1:8000/v1"


class Facts(Struct, frozen=True):
    """What a person needs to know of a chain that runs."""

    rpc_url: str
    chain_id: int
    asset: str
    wallet: str
    wallet_key_file: str
    wallet_micro_usdc: int


@contextmanager
def chained(settings: Settings, output: Output, announce: Announce) -> Iterator[tuple[Settings, Announce]]:
    """Run a chain around the gateway where the settings want one; the settings then, and how it announces itself."""
    if settings.chain is None:
        yield settings, announce
        return
    from antiphon.chain.local import PACKAGES, LocalChain
    from antiphon.settings.local_chain import FOLDER
    from antiphon.topup.in_process import require_installed

    require_installed()
    folder = settings.data_dir / FOLDER
    if not (folder / PACKAGES).exists():
        output.note("Fetching a local chain by npm, this once ...")
    with LocalChain(folder, on_end=output.note) as chain:
        told = facts(chain)
        if output.as_json:
            import msgspec

            output.json({"event": "chain", **msgspec.to_builtins(told)})
        yield (
            _paid_on(settings, chain.rpc_url, chain.merchant.address, chain.facilitator.private_key),
            _telling(told, output, announce),
        )


def beside(settings: Settings) -> Settings:
    """The settings for a command beside the gateway: where they want a chain, with the one that runs."""
    if settings.chain is None:
        return settings
    from antiphon.chain.local import FACILITATOR_FILE, MERCHANT_FILE, running_url
    from antiphon.chain.wallets import address_of, read_wallet
    from antiphon.settings.local_chain import FOLDER

    folder = settings.data_dir / FOLDER
    rpc_url, merchant = running_url(folder), address_of(read_wallet(folder / MERCHANT_FILE))
    return _paid_on(settings, rpc_url, merchant, read_wallet(folder / FACILITATOR_FILE))


def facts(chain: LocalChain) -> Facts:
    """What is to be told of a chain."""
    from antiphon.chain.local import WALLET_FILE
    from antiphon.chain.token import CHAIN_ID, USDC

    return Facts(
        chain.rpc_url,
        CHAIN_ID,
        USDC,
        chain.wallet.address,
        str(chain.folder / WALLET_FILE),
        chain.token.balance(chain.wallet.address),
    )


def paying_text(told: Facts, base_url: str, *, heading: Callable[[str], str] = str) -> str:
    """What a person needs to pay from the test wallet."""
    address = "" if base_url == DEFAULT_BASE_URL else f" --base-url {base_url}"
    return "\n".join(
        [
            heading("A chain with test money"),
            f"  chain     {told.rpc_url}, chain id {told.chain_id}",
            f"  wallet    {told.wallet}, {usdc_text(told.wallet_micro_usdc)} test USDC",
            f"  its key   {told.wallet_key_file}",
            "",
            heading("Sign in and pay with it in another terminal"),
            f"{program()} topup {AMOUNT}{address} --key-file {shlex.quote(told.wallet_key_file)}",
            "",
        ]
    )


def _telling(told: Facts, output: Output, announce: Announce) -> Announce:
    """Announces as before, and tells of the chain once the gateway is ready."""

    def announced(announcement: Announcement) -> None:
        announce(announcement)
        if announcement.kind == "ready" and not output.as_json:
            base_url = announcement.base_url.rstrip("/").removesuffix("/v1") + "/v1"
            output.line(paying_text(told, base_url, heading=bold if output.terminal else str))

    return announced


def _paid_on(settings: Settings, rpc_url: str, merchant: str, facilitator_key: str) -> Settings:
    """The settings with top-ups on that chain."""
    import msgspec

    from antiphon.chain.token import CHAIN_ID
    from antiphon.settings.secret import Secret

    topup = msgspec.structs.replace(
        settings.topup,
        network=f"eip155:{CHAIN_ID}",
        rpc_url=Secret(rpc_url),
        pay_to=merchant,
        facilitator_key=Secret(facilitator_key),
        # Nobody can undo a block of this chain, and where nothing happens none becomes an old one.
        safe_above_micro_usdc=SAFE_ABOVE,
    )
    return msgspec.structs.replace(settings, topup=topup)
