"""Sign-in and keys on the wire: bodies and answers. Pure."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.accounts.model import LIMIT_MAX, NAMES_MAX, SPEND_CAP_MAX, Grant, KeyRecord, Kind, State
from antiphon.accounts.service import MS, OVERLAP_S, OVERLAP_S_MAX, Minted
from antiphon.accounts.wallet import MESSAGE_CHARACTERS_MAX
from antiphon.key import INFERENCE, Scope

Address = Annotated[str, Meta(max_length=64)]
ChainId = Annotated[int, Meta(ge=1, le=9_007_199_254_740_991)]
Limit = Annotated[int, Meta(ge=0, le=LIMIT_MAX)]
Names = Annotated[frozenset[Annotated[str, Meta(max_length=200)]], Meta(max_length=NAMES_MAX)]
Price = Annotated[int, Meta(ge=0, le=SPEND_CAP_MAX)]
KeyName = Annotated[str, Meta(min_length=1, max_length=64)]
LIFETIME_S_MAX = 10 * 366 * 86_400


class ChallengeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to sign in; without a chain it is the first that the gateway takes."""

    address: Address
    chain_id: ChainId | None = None


class WalletBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A signed text for a key. Without `signature` it is answered with the challenge for `address`.

    `revoke_others` voids all other keys of the account, for a wallet whose keys are lost.
    """

    message: Annotated[str, Meta(max_length=MESSAGE_CHARACTERS_MAX)] | None = None
    signature: Annotated[str, Meta(max_length=4_096)] | None = None
    address: Address | None = None
    chain_id: ChainId | None = None
    name: KeyName | None = None
    revoke_others: bool = False


class WireChallenge(Struct, frozen=True):
    """What to sign, until when."""

    message: str
    nonce: str
    expires_at: str


class WireSignedIn(Struct, frozen=True, omit_defaults=True):
    """The key, shown once, or the challenge where there was no signature."""

    api_key: str = ""
    address: str = ""
    key_id: str = ""
    message: str = ""
    nonce: str = ""
    expires_at: str = ""


class WirePrices(Struct, frozen=True, forbid_unknown_fields=True):
    """What a model may cost, in micro-USDC for 1,000,000 tokens; null: anything."""

    prompt: Price | None = None
    completion: Price | None = None


class KeyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made. Empty lists: all; a limit of 0, no cap and no lifetime: none."""

    name: KeyName
    scopes: frozenset[Scope] = INFERENCE
    models: Names = frozenset()
    projects: Names = frozenset()
    requests_per_minute: Limit = 0
    tokens_per_minute: Limit = 0
    parallel_max: Limit = 0
    spend_cap_micro_usdc: Annotated[int, Meta(ge=0, le=SPEND_CAP_MAX)] | None = None
    expires_in_s: Annotated[int, Meta(ge=1, le=LIFETIME_S_MAX)] | None = None
    nodes: Names = frozenset()
    max_price_micro_usdc: WirePrices = WirePrices()


class RotationBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How much longer the old key is good."""

    overlap_s: Annotated[int, Meta(ge=0, le=OVERLAP_S_MAX)] = OVERLAP_S


class WireKey(Struct, frozen=True):
    """A key without the key: `first` and `last` are its characters that may be shown."""

    id: str
    account: str
    name: str
    kind: Kind
    first: str
    last: str
    state: State
    scopes: list[Scope]
    models: list[str]
    projects: list[str]
    requests_per_minute: int
    tokens_per_minute: int
    parallel_max: int
    spend_cap_micro_usdc: int | None
    created_at_ms: int
    expires_at_ms: int | None
    revoked_at_ms: int | None
    replaced_by: str | None
    nodes: list[str]
    max_price_micro_usdc: WirePrices
    object: str = "key"


class WireKeys(Struct, frozen=True):
    """The list."""

    data: list[WireKey]
    object: str = "list"


class WireMinted(Struct, frozen=True):
    """A new key, shown once."""

    api_key: str
    key: WireKey


def grant(body: KeyBody, now_ms: int) -> Grant:
    """What the key is to be allowed."""
    return Grant(
        body.name,
        body.scopes,
        body.models,
        body.projects,
        body.requests_per_minute,
        body.tokens_per_minute,
        body.parallel_max,
        body.spend_cap_micro_usdc,
        None if body.expires_in_s is None else now_ms + body.expires_in_s * MS,
        body.nodes,
        body.max_price_micro_usdc.prompt,
        body.max_price_micro_usdc.completion,
    )


def shown(record: KeyRecord, now_ms: int) -> WireKey:
    """A key as its account sees it."""
    allowed = record.grant
    return WireKey(
        id=record.id,
        account=record.account,
        name=allowed.name,
        kind=record.kind,
        first=record.first,
        last=record.last,
        state=record.state(now_ms),
        scopes=sorted(allowed.scopes),
        models=sorted(allowed.models),
        projects=sorted(allowed.projects),
        requests_per_minute=allowed.requests_per_minute,
        tokens_per_minute=allowed.tokens_per_minute,
        parallel_max=allowed.parallel_max,
        spend_cap_micro_usdc=allowed.spend_cap,
        created_at_ms=record.created_at_ms,
        expires_at_ms=allowed.expires_at_ms,
        revoked_at_ms=record.revoked_at_ms,
        replaced_by=record.replaced_by,
        nodes=sorted(allowed.nodes),
        max_price_micro_usdc=WirePrices(allowed.prompt_price_max, allowed.completion_price_max),
    )


def shown_once(minted: Minted, now_ms: int) -> WireMinted:
    """A new key with what is kept of it."""
    return WireMinted(minted.key, shown(minted.record, now_ms))
