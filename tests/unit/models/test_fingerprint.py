"""Fingerprints: the same beginning gives the same numbers, on every gateway, and another one gives others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.models.fingerprint import BOUNDARIES, HELD_TOKENS, fingerprint


@given(text=st.text(min_size=1, max_size=40), times=st.integers(1, 400), rest=st.text(max_size=3000))
def test_what_goes_on_begins_alike(text: str, times: int, rest: str) -> None:
    """A longer text has all numbers of a shorter one in front of its own."""
    short, long = fingerprint("m", (text * times,)), fingerprint("m", (text * times + rest,))
    assert long[: len(short)] == short
    assert len(short) == sum(boundary <= len(text) * times for boundary in BOUNDARIES)


@given(at=st.integers(0, 2_000))
def test_from_where_texts_differ_all_numbers_do(at: int) -> None:
    """Those before are the same."""
    text = "x" * 4_000
    one, other = fingerprint("m", (text,)), fingerprint("m", (f"{text[:at]}y{text[at + 1 :]}",))
    assert [a == b for a, b in zip(one, other, strict=True)] == [boundary <= at for boundary in BOUNDARIES[: len(one)]]


def test_it_is_the_same_everywhere() -> None:
    """Nodes keep the numbers and tell them to other gateways, also of later versions."""
    assert fingerprint("model", ("user", "x" * 600)) == (12132349638490803013,)
    assert fingerprint("other", ("user", "x" * 600)) != fingerprint("model", ("user", "x" * 600))


def test_it_is_bounded() -> None:
    """However long the text is, and whatever characters are in it."""
    numbers = fingerprint("m", ("\ud800" + "x" * 2_000_000,))
    assert len(numbers) == len(BOUNDARIES) < 100
    assert len(HELD_TOKENS) == len(BOUNDARIES) + 1
