"""Nonces prove by themselves that they are ours, and until when they are good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.accounts.nonces import HEX_CHARACTERS, LIFETIME_S, Nonces

NOW = 1_795_225_740.9
CHANCE = bytes(range(12))
NONCES = Nonces([b"secret"])


def test_a_nonce_tells_until_when_it_is_good() -> None:
    """Five minutes from now on, in whole seconds."""
    nonce = NONCES.make(NOW, CHANCE)
    assert len(nonce) == HEX_CHARACTERS
    assert nonce.isalnum()
    assert NONCES.expires_at_s(nonce) == int(NOW) + LIFETIME_S
    assert NONCES.make(NOW, b"x" * 12) != nonce


@given(place=st.integers(0, HEX_CHARACTERS - 1), other=st.sampled_from("0123456789abcdef"))
def test_a_changed_nonce_is_none_of_ours(place: int, other: str) -> None:
    """Neither a longer life nor another chance can be written into it."""
    nonce = NONCES.make(NOW, CHANCE)
    changed = nonce[:place] + other + nonce[place + 1 :]
    assert (NONCES.expires_at_s(changed) is None) == (changed != nonce)


@pytest.mark.parametrize("nonce", ["", "12345678", "z" * HEX_CHARACTERS, "0" * HEX_CHARACTERS])
def test_an_invented_nonce_is_none_of_ours(nonce: str) -> None:
    """Whatever its form."""
    assert NONCES.expires_at_s(nonce) is None


def test_capitals_are_another_nonce() -> None:
    """Each nonce has one spelling, so that none can be used twice."""
    assert NONCES.expires_at_s(NONCES.make(NOW, CHANCE).upper()) is None


def test_gateways_with_the_same_secret_know_each_other() -> None:
    """Also while one of them has a new secret already."""
    nonce = NONCES.make(NOW, CHANCE)
    assert Nonces([b"secret"]).expires_at_s(nonce) is not None
    assert Nonces([b"new", b"secret"]).expires_at_s(nonce) is not None
    assert Nonces([b"new"]).expires_at_s(nonce) is None
