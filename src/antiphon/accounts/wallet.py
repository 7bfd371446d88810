"""The text that a wallet signs to sign in (EIP-4361): written, read strictly, held against what is expected. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from antiphon.accounts.ethereum import checksummed
from antiphon.errors import Unauthenticated

PATH = "/v1/auth/wallet"
STATEMENT = "Sign in to get an API key. This costs nothing and moves no funds."
CLOCK_TOLERANCE_S = 60.0  # a wallet's clock may be ahead of ours by so much
MESSAGE_CHARACTERS_MAX = 4_096
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
_PRINTABLE = r"[A-Za-z0-9 \-._~:/?#\[\]@!$&'()*+,;=]"
MESSAGE = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<domain>[^\s/?#@]+)"
    r" wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9a-fA-F]{40})\n\n"
    rf"(?:(?P<statement>{_PRINTABLE}+)\n)?\n"
    r"URI: (?P<uri>[!-~]+)\n"
    r"Version: 1\n"
    r"Chain ID: (?P<chain_id>[1-9][0-9]{0,15})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,128})\n"
    rf"Issued At: (?P<issued_at>{_TIME})"
    rf"(?:\nExpiration Time: (?P<expires_at>{_TIME}))?"
    rf"(?:\nNot Before: (?P<not_before>{_TIME}))?"
    rf"(?:\nRequest ID: (?P<request_id>{_PRINTABLE}*))?"
)


class Origin(Struct, frozen=True):
    """One address of the gateway as clients call it, without a path: `https://gateway.example`."""

    scheme: str
    domain: str  # the host, with the port where it is not the scheme's own

    @property
    def uri(self) -> str:
        """What a sign-in text names as its URI."""
        return f"{self.scheme}://{self.domain}{PATH}"


class SignInText(Struct, frozen=True):
    """What a sign-in text says. Times are in seconds since 1970."""

    domain: str
    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at_s: float
    expires_at_s: float | None = None
    not_before_s: float | None = None
    scheme: str | None = None
    statement: str | None = STATEMENT


def refused(reason: str) -> Unauthenticated:
    """The refusal of a sign-in: it speaks of what was sent, never of what is kept."""
    return Unauthenticated(f"Sign-in refused: {reason}.", code="sign_in_refused")


def written(text: SignInText) -> str:
    """The text as a wallet shows and signs it."""
    lines = [
        f"{text.domain} wants you to sign in with your Ethereum account:",
        text.address,
        "",
        *(() if text.statement is None else (text.statement,)),
        "",
        f"URI: {text.uri}",
        "Version: 1",
        f"Chain ID: {text.chain_id}",
        f"Nonce: {text.nonce}",
        f"Issued At: {time_text(text.issued_at_s)}",
    ]
    if text.expires_at_s is not None:
        lines.append(f"Expiration Time: {time_text(text.expires_at_s)}")
    return "\n".join(lines)


def read(message: str) -> SignInText:
    """What a message says; refused when one character of it is not as EIP-4361 has it, or when it lists resources."""
    found = MESSAGE.fullmatch(message) if len(message) <= MESSAGE_CHARACTERS_MAX else None
    if found is None:
        raise refused("the message is not the text of EIP-4361 that the challenge gave, or one of the same form")
    return SignInText(
        domain=found["domain"],
        address=found["address"],
        uri=found["uri"],
        chain_id=int(found["chain_id"]),
        nonce=found["nonce"],
        issued_at_s=_seconds(found["issued_at"]),
        expires_at_s=None if found["expires_at"] is None else _seconds(found["expires_at"]),
        not_before_s=None if found["not_before"] is None else _seconds(found["not_before"]),
        scheme=found["scheme"],
        statement=found["statement"],
    )


def require_meant(text: SignInText, origins: Sequence[Origin], chain_ids: Sequence[int], now_s: float) -> None:
    """Refuse a text that was signed for somebody else, for another chain or for another time."""
    origin = next((one for one in origins if one.domain == text.domain), None)
    if origin is None or text.scheme not in (None, origin.scheme):
        raise refused("wrong domain")
    if text.uri != origin.uri:
        raise refused("wrong URI")
    if text.chain_id not in chain_ids:
        raise refused("wrong chain")
    if text.issued_at_s > now_s + CLOCK_TOLERANCE_S:
        raise refused("issued in the future")
    if text.expires_at_s is not None and text.expires_at_s <= now_s:
        raise refused("expired")
    if text.not_before_s is not None and text.not_before_s > now_s + CLOCK_TOLERANCE_S:
        raise refused("not valid yet")
    if checksummed(text.address) != text.address:
        raise refused("the address has not the checksum of EIP-55")


def time_text(seconds: float) -> str:
    """A time as the texts and the answers have it: `2026-11-21T01:49:00Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise refused("a time in the message does not exist") from None
