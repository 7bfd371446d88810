"""The console's own addresses on the wire: bodies and answers. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from antiphon.accounts.authenticate import KEY_BYTES_MAX
from antiphon.accounts.ethereum import ADDRESS
from antiphon.accounts.wallet import MESSAGE_CHARACTERS_MAX
from antiphon.key import Key, Ledger, Scope


class SessionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A key, or a text that a wallet has signed: the one of a challenge.

    `revoke_others` voids all other keys of the wallet's account, and so ends its other sessions.
    """

    api_key: Annotated[str, Meta(min_length=1, max_length=KEY_BYTES_MAX)] | None = None
    message: Annotated[str, Meta(max_length=MESSAGE_CHARACTERS_MAX)] | None = None
    signature: Annotated[str, Meta(max_length=4_096)] | None = None
    revoke_others: bool = False


class WireSignIn(Struct, frozen=True):
    """What somebody who has not signed in may know: whether wallets may, and on which chains."""

    version: str
    wallets: bool
    chain_ids: list[int]


class WireOwnKey(Struct, frozen=True):
    """The key that the caller came with; one of the settings has no id."""

    id: str
    name: str


class WireSession(Struct, frozen=True):
    """How long the session is good at most, and how long unused."""

    ends_at_ms: int
    idle_s: int


class WireGateway(Struct, frozen=True):
    """Which gateway this is."""

    version: str
    base_url: str
    started_at_ms: int


class WireFeatures(Struct, frozen=True):
    """What can be done here besides asking models."""

    sign_in: bool
    topup: bool
    faucet: bool


class WireChain(Struct, frozen=True):
    """What top-ups are paid with, and where."""

    network: str
    chain_id: int
    usdc: str
    token_name: str
    token_version: str
    min_micro_usdc: int
    max_micro_usdc: int
    local: bool


class Facts(Struct, frozen=True):
    """What is true of the gateway, whoever asks."""

    gateway: WireGateway
    features: WireFeatures
    chain_ids: tuple[int, ...]
    chain: WireChain | None = None


class WireOverview(Struct, frozen=True):
    """Who the caller is, what they may do, and what there is here. `session` is null for who came with a key."""

    account: str
    wallet: bool
    key: WireOwnKey
    scopes: list[Scope]
    admin: bool
    ledger: Ledger | None
    session: WireSession | None
    gateway: WireGateway
    features: WireFeatures
    chain: WireChain | None


class WireSetting(Struct, frozen=True):
    """One setting as it is now; a secret is `set` or null."""

    name: str
    value: Any  # Any: a setting is whatever its type says
    default: Any
    type: str
    description: str
    secret: bool
    changed: bool


class WireSettings(Struct, frozen=True):
    """All settings of this gateway."""

    settings: list[WireSetting]


class WireMoment(Struct, frozen=True):
    """Something that happened to a request, and who tells it."""

    at_ms: int
    source: Literal["receipt", "node", "ledger", "interaction", "log"]
    what: str
    details: dict[str, str | int | float | bool | None]


class WireMoments(Struct, frozen=True):
    """What is kept of a request, in the order of time."""

    moments: list[WireMoment]


def overview(key: Key, facts: Facts, session: WireSession | None) -> WireOverview:
    """What the caller is shown first."""
    return WireOverview(
        account=key.account,
        wallet=ADDRESS.fullmatch(key.account) is not None,
        key=WireOwnKey(key.id, key.name),
        scopes=sorted(key.scopes),
        admin="admin" in key.scopes,
        ledger=key.ledger,
        session=session,
        gateway=facts.gateway,
        features=facts.features,
        chain=facts.chain,
    )
