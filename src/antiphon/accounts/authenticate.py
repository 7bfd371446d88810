"""The key of a request, before anything else of it is read: a bearer token, or Anthropic's header."""

from __future__ import annotations

from antiphon.errors import Unauthenticated

KEY_BYTES_MAX = 512
API_KEY = b"x-api-key"


def bearer(headers: dict[bytes, bytes]) -> bytes:
    """The token of the Authorization header, else that of `x-api-key`; Unauthenticated when there is none."""
    value = headers.get(b"authorization")
    if value is None:
        token = headers.get(API_KEY, b"").strip()
        if token and len(token) <= KEY_BYTES_MAX:
            return token
        raise Unauthenticated("Missing API key: send it as `Authorization: Bearer KEY`.", code="missing_api_key")
    scheme, _, token = value.partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token or len(token) > KEY_BYTES_MAX:
        raise Unauthenticated("The Authorization header is not `Bearer KEY`.")
    return token
