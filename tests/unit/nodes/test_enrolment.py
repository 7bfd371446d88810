"""Tokens and signed texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import ConfigError, Unauthenticated
from antiphon.nodes.enrolment import (
    Token,
    enrolment_text,
    lease_text,
    read,
    require_signed,
    require_timely,
    written,
)
from tests.unit.accounts.wallets import ADDRESS, SECRET, signed

TOKEN = Token("http://gateway.example:8000", "0f" * 24)


@given(st.binary(min_size=24, max_size=24), st.from_regex(r"https?://[a-z.]{1,40}(:[0-9]{1,5})?", fullmatch=True))
def test_a_token_is_read_as_it_was_written(secret: bytes, url: str) -> None:
    """Whatever secret and address it holds, blanks around it aside."""
    token = Token(url, secret.hex())
    assert read(f" {written(token)}\n") == token


@given(st.integers(min_value=0, max_value=len(written(TOKEN)) - 1))
def test_a_part_of_a_token_is_none(end: int) -> None:
    """Whoever did not copy all of it is told so."""
    with pytest.raises(ConfigError, match="Copy the whole line"):
        read(written(TOKEN)[:end])


@pytest.mark.parametrize("text", ["", "join_", "é" * 20, "join_" + "A" * 600, "dkn_live_x", written(TOKEN) + "x"])
def test_what_is_no_token(text: str) -> None:
    """Other texts are refused in the same words."""
    with pytest.raises(ConfigError, match="no token"):
        read(text)


def test_texts_are_signed_by_the_wallet() -> None:
    """Each text binds what it names, so that no signature serves for another."""
    texts = {
        enrolment_text(ADDRESS, "UA", "aa", 0),
        enrolment_text(ADDRESS, "UB", "aa", 0),
        enrolment_text(ADDRESS, "UA", "ab", 0),
        enrolment_text(ADDRESS, "UA", "aa", 60),
        lease_text("node_1", None, 0),
        lease_text("node_1", 1, 0),
        lease_text("node_2", 1, 0),
        lease_text("node_2", 1, 60),
    }
    assert len(texts) == 8
    assert not any("aa" in text.split("Invite: ")[-1][:2] for text in texts)  # the secret itself is shown to nobody
    one, other, *_ = sorted(texts)
    require_signed(one, signed(one, SECRET), ADDRESS)
    for text, signature in ((one, signed(other, SECRET)), (one, "0x"), (one, "")):
        with pytest.raises(Unauthenticated):
            require_signed(text, signature, ADDRESS)


def test_a_clock_may_be_five_minutes_off() -> None:
    """More than that is told."""
    require_timely(1_000, 1_300.0)
    require_timely(1_300, 1_000.0)
    for issued_at_s in (699, 1_301):
        with pytest.raises(Unauthenticated, match="5 minutes"):
            require_timely(issued_at_s, 1_000.0)
