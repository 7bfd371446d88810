"""The settings of top-ups in USDC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from antiphon.accounts.ethereum import ADDRESS, well_cased
from antiphon.settings.bounds import Count, HTTPAddress, MicroUSDC, NonEmpty
from antiphon.settings.paths import SettingPath
from antiphon.settings.secret import Secret
from antiphon.topup.networks import NETWORKS
from antiphon.topup.wallet import PRIVATE_KEY, PUBLIC_KEYS, address_of

NetworkId = Annotated[
    str, Meta(pattern=r"^eip155:[1-9][0-9]{0,15}$", title="a chain as CAIP-2 names it, such as `eip155:8453`")
]
AddressText = Annotated[str, Meta(pattern=r"^0x[0-9a-fA-F]{40}$", title="`0x` and 40 hexadecimal digits")]
ADDRESS_OF_NODE = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
WaitSeconds = Annotated[float, Meta(ge=1, le=40)]


class TopupSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Top-ups in USDC, by x402. Without `network` there are none: whoever asks is sent to the faucet."""

    network: Annotated[
        NetworkId | None,
        Meta(description="The chain, such as `eip155:8453`, which is Base; absent: there are no top-ups."),
    ] = None
    rpc_url: Annotated[
        Secret | None,
        Meta(description="Address of a node of that chain; best given as `${VARIABLE}`, since most hold a key."),
    ] = None
    pay_to: Annotated[
        AddressText | None,
        Meta(description="Where the money goes. No other gateway with another database may have the same."),
    ] = None
    facilitator_key: Annotated[
        Secret | None,
        Meta(description="Private key of a wallet with a little money for gas, which this gateway settles with."),
    ] = None
    facilitator_url: Annotated[
        HTTPAddress | None,
        Meta(description="Address of a facilitator that settles instead of this gateway."),
    ] = None
    asset: Annotated[
        AddressText | None,
        Meta(description="Address of the token; absent: that of USDC, on Base and Base Sepolia."),
    ] = None
    asset_name: Annotated[
        NonEmpty | None,
        Meta(description="The token's own name, which signatures name; absent: that of USDC there."),
    ] = None
    asset_version: Annotated[
        NonEmpty | None,
        Meta(description="The version that signatures name; absent: that of USDC there."),
    ] = None
    amount_min_micro_usdc: Annotated[MicroUSDC, Meta(description="Smallest top-up.")] = 1_000_000
    amount_max_micro_usdc: Annotated[MicroUSDC, Meta(description="Largest top-up.")] = 1_000_000_000
    any_payer: Annotated[
        bool,
        Meta(description="Whether other wallets than the account's own may pay for it."),
    ] = False
    safe_above_micro_usdc: Annotated[
        MicroUSDC,
        Meta(description="Payments from there on are credited when their block is safe from being undone."),
    ] = 100_000_000
    settle_wait_s: Annotated[
        WaitSeconds,
        Meta(description="How long a request waits for the chain before it is answered 503."),
    ] = 20.0
    logs_range_blocks: Annotated[
        Count,
        Meta(description="Blocks that one search of logs may span: what the node allows."),
    ] = 1_000


def broken(topup: TopupSettings, *, development_key: bool, loopback_rpc: bool) -> Iterator[tuple[SettingPath, str]]:
    """Each broken rule with the path of the setting to change."""
    if topup.network is None:
        given = [name for name in ("rpc_url", "pay_to", "facilitator_key", "facilitator_url") if getattr(topup, name)]
        if given:
            yield ("network",), f"`{given[0]}` is set, so name the chain"
        return
    for name in ("rpc_url", "pay_to"):
        if not getattr(topup, name):
            yield (name,), "`topup.network` is set, so this is needed too"
    if topup.rpc_url is not None and ADDRESS_OF_NODE.fullmatch(topup.rpc_url.reveal()) is None:
        yield ("rpc_url",), "expected an http:// or https:// address without user, query or fragment"
    if (topup.facilitator_key is None) == (topup.facilitator_url is None):
        yield ("facilitator_key",), "give exactly one of `facilitator_key` and `facilitator_url`"
    if topup.amount_min_micro_usdc < 1 or topup.amount_min_micro_usdc > topup.amount_max_micro_usdc:
        yield ("amount_min_micro_usdc",), "must be at least 1, and not above `amount_max_micro_usdc`"
    yield from _asset(topup)
    known = NETWORKS.get(topup.network)
    real = known is None or not known.test
    if real and development_key:
        yield ("network",), "real money is paid there: set `development_key` to false"
    yield from _facilitator(topup, loopback_test=loopback_rpc and not real)


def _asset(topup: TopupSettings) -> Iterator[tuple[SettingPath, str]]:
    if topup.network not in NETWORKS:
        for name in ("asset", "asset_name", "asset_version"):
            if getattr(topup, name) is None:
                yield (name,), f"USDC on `{topup.network}` is not known here, so this is needed"
    for name in ("asset", "pay_to"):
        address = getattr(topup, name)
        if address is not None and ADDRESS.fullmatch(address) and not well_cased(address):
            yield (name,), "its checksum is wrong: a letter or digit of it is not right"


def _facilitator(topup: TopupSettings, *, loopback_test: bool) -> Iterator[tuple[SettingPath, str]]:
    """Whose key settles: a wallet of nobody else, which is not the one that is paid."""
    if topup.facilitator_key is None:
        return
    private_key = topup.facilitator_key.reveal()
    address = address_of(private_key) if PRIVATE_KEY.fullmatch(private_key) else None
    if address is None:
        yield ("facilitator_key",), "expected a private key, 64 hexadecimal digits with or without 0x"
        return
    if topup.pay_to is not None and address.lower() == topup.pay_to.lower():
        yield ("pay_to",), "it is the facilitator's own address: money goes where no gateway has the key"
    if not loopback_test and private_key.removeprefix("0x").lower() in PUBLIC_KEYS:
        yield ("facilitator_key",), "it is one of a test chain's keys, which everybody has"
