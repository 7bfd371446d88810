"""The keys of the broker that all gateways of one database share, sealed under their pepper."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from antiphon.accounts.pepper import Pepper
from antiphon.db import Database
from antiphon.errors import ConfigError
from antiphon.link.credentials import BrokerKeys
from antiphon.nodes import store
from antiphon.nodes.seal import NONCE_BYTES, seal, unseal

NAME = "broker keys"


async def shared_keys(database: Database, peppers: Sequence[Pepper]) -> BrokerKeys:
    """The keys, made by whoever needs them first; ConfigError when they were sealed under another pepper."""
    draft = seal(msgspec.json.encode(BrokerKeys.make()), peppers[0], os.urandom(NONCE_BYTES))
    sealed = await database.write(lambda connection: store.keep_secret(connection, NAME, draft))
    opened = unseal(sealed, peppers)
    if opened is None:
        raise ConfigError(
            "auth.pepper: the broker's keys in the database were sealed under another pepper. Set that one, or list it "
            "as `auth.former_pepper`."
        )
    return msgspec.json.decode(opened, type=BrokerKeys)
