"""The cookie of a session: what it holds proves that a gateway made it; a made-up one costs no look-up. Pure."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence

from antiphon.accounts.pepper import Pepper

RANDOM_BYTES = 32
MAC_BYTES = 16
CHARACTERS = 64  # of base64, for both together
PURPOSE = b"antiphon console session"
NAME = "antiphon_session"
SECURE_NAME = f"__Host-{NAME}"  # which browsers take only over TLS, from the host itself, for all paths


class Tokens:
    """Makes tokens under the first pepper, and knows those that were made under any of them."""

    def __init__(self, peppers: Sequence[Pepper]) -> None:
        self._peppers = tuple(peppers)
        self._keys = [hmac.digest(pepper.secret, PURPOSE, "sha256") for pepper in peppers]

    def make(self, chance: bytes) -> str:
        """A token around 32 random bytes."""
        return base64.urlsafe_b64encode(chance + _mac(self._keys[0], chance)).decode()

    def digest(self, token: str) -> str | None:
        """What is kept of a token: its HMAC under the pepper that it was made under; None for one of nobody here."""
        if len(token) != CHARACTERS:
            return None
        try:
            octets = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        chance, mac = octets[:RANDOM_BYTES], octets[RANDOM_BYTES:]
        for pepper, key in zip(self._peppers, self._keys, strict=True):
            if hmac.compare_digest(mac, _mac(key, chance)):
                return pepper.digest(token)
        return None


class SessionCookie:
    """How the token goes to the browser and back. `secure`: over TLS only."""

    def __init__(self, *, secure: bool) -> None:
        self._name = SECURE_NAME if secure else NAME
        self._attributes = "; Path=/; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")

    def given(self, token: str, lasts_s: int) -> bytes:
        """The value of a Set-Cookie header that has the browser keep it so long."""
        return f"{self._name}={token}; Max-Age={lasts_s}{self._attributes}".encode()

    def taken_away(self) -> bytes:
        """The value of a Set-Cookie header that has the browser forget it."""
        return f"{self._name}=; Max-Age=0{self._attributes}".encode()

    def token(self, header: str) -> str:
        """The token in a Cookie header, "" where there is none."""
        for pair in header.split(";"):
            name, _, value = pair.strip().partition("=")
            if name == self._name:
                return value
        return ""


def _mac(key: bytes, chance: bytes) -> bytes:
    return hmac.digest(key, chance, "sha256")[:MAC_BYTES]
