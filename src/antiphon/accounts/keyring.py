"""All keys that a gateway knows: those of its settings, and those of the database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from antiphon.accounts.keys import well_formed
from antiphon.accounts.stored_keys import StoredKeys
from antiphon.errors import Unauthenticated
from antiphon.key import Key


class Keyring:
    """Finding one costs a hash and a dictionary or two; only a key that was not asked for lately costs a look-up."""

    def __init__(self, keys: Mapping[str, Key], stored: StoredKeys | None = None) -> None:
        self._keys = {bytes.fromhex(name): key for name, key in keys.items()}
        self._stored = stored

    def find(self, key: bytes, now_s: float = 0.0) -> Key | None:
        """The key's owner at the event loop's time `now_s`; None says that only `look_up` knows."""
        seen = hashlib.sha256(key).digest()
        found = self._keys.get(seen)
        if found is None and self._stored is not None:
            return self._stored.find(seen, now_s)
        return found

    async def look_up(self, key: bytes) -> Key:
        """The key's owner. Unauthenticated says nothing of whether such a key ever existed.

        A text that is no key of ours is not looked up.
        """
        text = key.decode("latin-1")
        found = await self._stored.look_up(text) if self._stored is not None and well_formed(text) else None
        if found is None:
            raise Unauthenticated("The API key is not valid.")
        return found
