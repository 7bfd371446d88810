"""The settings of keys that the database holds, and of wallets that sign in for one; the values they stand for."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from antiphon.settings.bounds import Count, CountOrNone, TokenRate
from antiphon.settings.secret import Secret

HOST = r"([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])"
OriginAddress = Annotated[
    str,
    Meta(
        max_length=300,
        pattern=rf"^https?://{HOST}(:[1-9][0-9]{{0,4}})?$",
        title="an http:// or https:// address without a path",
    ),
]
ChainId = Annotated[int, Meta(ge=1, le=9_007_199_254_740_991)]


class AuthSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that the database holds, and wallets that sign in for one."""

    sign_in: Annotated[
        bool,
        Meta(description="Whether whoever has a wallet may sign in and get a key."),
    ] = False
    origins: Annotated[
        tuple[OriginAddress, ...],
        Meta(
            description="Addresses of the gateway that sign-in texts may name, the first where the request does not "
            "say; absent: `server.base_url`, else the address it listens on."
        ),
    ] = ()
    chain_ids: Annotated[
        tuple[ChainId, ...],
        Meta(description="Chains that sign-in texts may name, the first where the request does not say."),
    ] = (8453, 84532)
    sign_ins_per_minute: Annotated[
        CountOrNone,
        Meta(description="Sign-ins that lead to a key in a minute; 0 means no limit."),
    ] = 600
    keys_per_account_max: Annotated[
        Count,
        Meta(description="Keys of one account that are good at once, those with a successor aside."),
    ] = 20
    key_kind: Annotated[
        Literal["live", "test"] | None,
        Meta(description="Prefix of new keys; absent: `test` while there is a development key, otherwise `live`."),
    ] = None
    account_requests_per_minute: Annotated[
        CountOrNone,
        Meta(description="Requests of all stored keys of one account in a minute; 0 means no limit."),
    ] = 0
    account_tokens_per_minute: Annotated[
        TokenRate,
        Meta(description="Tokens of all stored keys of one account in a minute; 0 means no limit."),
    ] = 0
    account_parallel_max: Annotated[
        CountOrNone,
        Meta(description="Requests at once of all stored keys of one account; 0 means no limit."),
    ] = 0
    pepper: Annotated[
        Secret | None,
        Meta(
            description="What digests of stored keys are keyed with, 32 characters or more, the same on all gateways "
            "of a database; absent: made once, in the file `pepper` in `data_dir`."
        ),
    ] = None
    former_pepper: Annotated[
        Secret | None,
        Meta(description="The pepper before, under which keys are still good."),
    ] = None
