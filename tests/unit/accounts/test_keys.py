"""Keys: their form, the check that betrays a typing mistake, the digest that settings hold."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.accounts.keys import ALPHABET, digest, mint, well_formed

KINDS: tuple[Literal["live", "test"], ...] = ("live", "test")


@pytest.mark.parametrize("kind", KINDS)
def test_a_minted_key_has_its_form(kind: Literal["live", "test"]) -> None:
    """A prefix that names the kind, then 43 random characters and 6 that check them."""
    key = mint(kind)
    assert re.fullmatch(rf"dkn_{kind}_[0-9A-Za-z]{{49}}", key)
    assert well_formed(key)


def test_no_key_is_minted_twice() -> None:
    """The random part differs each time."""
    assert len({mint("live") for _ in range(100)}) == 100


@given(place=st.integers(9, 57), other=st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(place: int, other: str) -> None:
    """CRC-32 finds every error of a single character."""
    key = mint("test")
    changed = key[:place] + other + key[place + 1 :]
    assert well_formed(changed) == (changed == key)


@pytest.mark.parametrize("text", ["", "dkn_test_", "dkn_test_000000", "sk-abc", "dkn_other_0123456789"])
def test_other_texts_are_not_well_formed(text: str) -> None:
    """Neither another prefix nor a wrong check passes for a key."""
    assert not well_formed(text)


def test_a_digest_is_sha_256() -> None:
    """The digest is the standard's own for the text."""
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
