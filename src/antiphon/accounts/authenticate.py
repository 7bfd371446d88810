"""Bearer token to Key, before anything else of a request is read."""

from __future__ import annotations

from antiphon.accounts.keys import Keyring
from antiphon.errors import Unauthenticated
from antiphon.key import Key

KEY_BYTES_MAX = 512


def authenticate(headers: dict[bytes, bytes], keyring: Keyring) -> Key:
    """The caller's key; Unauthenticated says nothing of whether such a key ever existed."""
    value = headers.get(b"authorization")
    if value is None:
        raise Unauthenticated("Missing API key: send it as `Authorization: Bearer KEY`.", code="missing_api_key")
    scheme, _, token = value.partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token or len(token) > KEY_BYTES_MAX:
        raise Unauthenticated("The Authorization header is not `Bearer KEY`.")
    key = keyring.find(token)
    if key is None:
        raise Unauthenticated("The API key is not valid.")
    return key
