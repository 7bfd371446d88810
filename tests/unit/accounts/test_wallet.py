"""The text of a sign-in: written as EIP-4361 has it, read strictly, and meant for this gateway, chain and time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon.accounts.wallet import STATEMENT, Origin, SignInText, read, require_meant, time_text, written
from antiphon.errors import Unauthenticated

from .wallets import ADDRESS

NOW = 1_795_225_740.0  # 2026-11-21T01:49:00Z
NONCE = "006b00f9b81ae969fe5d722feee84d24d764c1f5f296b5013e2952cd"
ORIGIN = Origin("https", "gw.example")
TEXT = SignInText(
    "gw.example", ADDRESS, "https://gw.example/v1/auth/wallet", 8453, NONCE, NOW, NOW + 300, statement=STATEMENT
)
MESSAGE = f"""\
gw.example wants you to sign in with your Ethereum account:
{ADDRESS}

Sign in to get an API key. This costs nothing and moves no funds.

URI: https://gw.example/v1/auth/wallet
Version: 1
Chain ID: 8453
Nonce: {NONCE}
Issued At: 2026-11-21T01:49:00Z
Expiration Time: 2026-11-21T01:54:00Z"""


def test_the_text_is_the_published_form() -> None:
    """To the letter, and what was written is read again."""
    assert written(TEXT) == MESSAGE
    assert read(MESSAGE) == TEXT


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        (MESSAGE.replace("gw.example wants", "https://gw.example wants"), {"scheme": "https"}),
        (MESSAGE.replace(STATEMENT, "I agree (really)!"), {"statement": "I agree (really)!"}),
        (MESSAGE.replace(STATEMENT + "\n", ""), {"statement": None}),
        (MESSAGE.replace("01:49:00Z", "01:49:00.250Z"), {"issued_at_s": NOW + 0.25}),
        (MESSAGE.replace("01:49:00Z", "03:49:00+02:00"), {}),
        (MESSAGE.replace("\nExpiration Time: 2026-11-21T01:54:00Z", ""), {"expires_at_s": None}),
        (MESSAGE + "\nNot Before: 2026-11-21T01:49:00Z", {"not_before_s": NOW}),
        (MESSAGE + "\nRequest ID: r-1", {}),
    ],
)
def test_what_wallets_may_add_is_read(changed: str, fields: dict[str, Any]) -> None:  # Any: values of fields
    """A scheme, a statement of their own or none, other spellings of a time, a time before which it is void."""
    assert read(changed) == replace(TEXT, **fields)


@pytest.mark.parametrize(
    "changed",
    [
        "",
        MESSAGE + "\n",
        "\n" + MESSAGE,
        MESSAGE.replace("\n", "\r\n"),
        MESSAGE.replace("Version: 1", "Version: 2"),
        MESSAGE.replace("Version: 1\n", ""),
        MESSAGE.replace("Chain ID: 8453", "Chain ID: 08453"),
        MESSAGE.replace("Chain ID: 8453", "Chain ID: -1"),
        MESSAGE.replace("Chain ID: 8453", "Chain ID: 99999999999999999"),
        MESSAGE.replace("Chain ID: 8453", "Chain ID: \u0661"),
        MESSAGE.replace(NONCE, "1234567"),
        MESSAGE.replace(NONCE, "a" * 129),
        MESSAGE.replace(NONCE, NONCE + "-"),
        MESSAGE.replace("01:49:00Z", "01:49Z"),
        MESSAGE.replace("01:49:00Z", "25:49:00Z"),
        MESSAGE.replace("2026-11-21T01:49:00Z", "2026-02-30T01:49:00Z"),
        MESSAGE.replace("2026-11-21T01:49:00Z", "0000-01-01T00:00:00Z"),
        MESSAGE.replace("01:49:00Z", "01:49:00"),
        MESSAGE.replace("Issued At", "issued at"),
        MESSAGE.replace(STATEMENT, "one\ntwo"),
        MESSAGE.replace(STATEMENT, "caf\u00e9"),
        MESSAGE.replace(STATEMENT, "a" * 5_000),
        MESSAGE.replace("URI: ", "Also: me\nURI: "),
        MESSAGE.replace("Nonce: ", "Nonce: 12345678\nNonce: "),
        MESSAGE + "\nResources:\n- https://gw.example/everything",
        MESSAGE + "\nRequest ID: a\nb",
        MESSAGE + "\nNot Before: soon",
        MESSAGE.replace("Ethereum", "Solana"),
        MESSAGE.replace("gw.example wants", "a b wants"),
        MESSAGE.replace("gw.example wants", "user@gw.example wants"),
        MESSAGE.replace(ADDRESS, ADDRESS[:-1]),
        MESSAGE.replace(ADDRESS, ADDRESS.replace("0x", "0X")),
    ],
)
def test_another_text_is_refused(changed: str) -> None:
    """One line more, one character else: it is not the text that people were shown."""
    with pytest.raises(Unauthenticated, match="^Sign-in refused: ") as caught:
        read(changed)
    assert caught.value.code == "sign_in_refused"


@given(text=st.text(max_size=300))
def test_anything_may_come(text: str) -> None:
    """No text breaks the reader, alone or put into a good one."""
    for message in (text, MESSAGE.replace(STATEMENT, text), MESSAGE + text):
        try:
            found = read(message)
        except Unauthenticated:
            continue
        assert found.nonce == NONCE


def test_a_text_that_is_meant_passes() -> None:
    """At any time of its life, with the wallet's clock a minute ahead."""
    for text in (TEXT, replace(TEXT, issued_at_s=NOW + 60), replace(TEXT, scheme="https"), replace(TEXT, chain_id=1)):
        require_meant(text, [Origin("http", "localhost"), ORIGIN], [8453, 1], NOW)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"domain": "gw.example.evil"}, "wrong domain"),
        ({"domain": "gw.example:8443"}, "wrong domain"),
        ({"scheme": "http"}, "wrong domain"),
        ({"uri": "https://gw.example/"}, "wrong URI"),
        ({"uri": "https://gw.example/v1/auth/wallet/"}, "wrong URI"),
        ({"uri": "http://gw.example/v1/auth/wallet"}, "wrong URI"),
        ({"domain": "localhost"}, "wrong URI"),
        ({"chain_id": 1}, "wrong chain"),
        ({"issued_at_s": NOW + 61}, "issued in the future"),
        ({"expires_at_s": NOW}, "expired"),
        ({"expires_at_s": NOW - 1}, "expired"),
        ({"not_before_s": NOW + 61}, "not valid yet"),
        ({"address": ADDRESS.lower()}, "the address has not the checksum of EIP-55"),
        ({"address": "0x" + ADDRESS[2:].upper()}, "the address has not the checksum of EIP-55"),
    ],
)
def test_a_text_for_another_purpose_is_refused(fields: dict[str, Any], reason: str) -> None:  # Any: values of fields
    """Phishers get texts for their own domains, so the domain and all else is held against ours."""
    with pytest.raises(Unauthenticated, match=f"^Sign-in refused: {reason}.$"):
        require_meant(replace(TEXT, **fields), [ORIGIN, Origin("http", "localhost")], [8453], NOW)


def test_times_are_whole_seconds() -> None:
    """In the form of RFC 3339."""
    assert time_text(NOW + 0.9) == "2026-11-21T01:49:00Z"
