"""Tests of the cookie of a session: what is taken for one, and what a browser is told to do with it."""

from __future__ import annotations

import pytest

from antiphon.accounts.pepper import Pepper
from antiphon.console.cookies import CHARACTERS, NAME, SECURE_NAME, SessionCookie, Tokens

NEW, OLD, STRANGE = Pepper("n" * 32), Pepper("o" * 32), Pepper("s" * 32)
CHANCE = bytes(range(32))


def test_a_token_is_known_by_whoever_has_its_pepper() -> None:
    """Also once that has become the former one; its digest does not change by that."""
    token = Tokens([OLD]).make(CHANCE)
    assert len(token) == CHARACTERS
    assert Tokens([OLD]).digest(token) == Tokens([NEW, OLD]).digest(token) == OLD.digest(token)
    assert Tokens([NEW]).digest(token) is None


@pytest.mark.parametrize("token", ["", "x", "A" * CHARACTERS, "é" * CHARACTERS, "=" * CHARACTERS, "%" * CHARACTERS])
def test_what_no_gateway_made_is_no_token(token: str) -> None:
    """Whatever it looks like, nothing is looked up for it."""
    assert Tokens([NEW]).digest(token) is None


def test_a_token_of_another_place_is_none() -> None:
    """A changed character is noticed, and so is the token of a gateway with another pepper."""
    token = Tokens([STRANGE]).make(CHANCE)
    assert Tokens([NEW, OLD]).digest(token) is None
    own = Tokens([NEW]).make(CHANCE)
    assert Tokens([NEW]).digest(("B" if own[0] == "A" else "A") + own[1:]) is None


def test_a_browser_keeps_it_from_scripts_and_other_sites() -> None:
    """Over TLS it has the name that only the host itself can set."""
    plain = SessionCookie(secure=False).given("t", 60)
    assert plain == f"{NAME}=t; Max-Age=60; Path=/; HttpOnly; SameSite=Strict".encode()
    assert SessionCookie(secure=True).given("t", 60) == (
        f"{SECURE_NAME}=t; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure".encode()
    )
    assert SessionCookie(secure=True).taken_away().startswith(f"{SECURE_NAME}=; Max-Age=0;".encode())


def test_it_is_found_among_others() -> None:
    """By its whole name: that of plain HTTP is not taken where there is TLS."""
    header = f"theme=dark; {NAME}=abc; other=1"
    assert SessionCookie(secure=False).token(header) == "abc"
    assert SessionCookie(secure=True).token(header) == ""
    assert SessionCookie(secure=False).token("") == ""
