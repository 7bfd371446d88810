"""The rule of charging, and what is believed of a usage."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import Usage
from antiphon.credits.pricing import cost, quote
from antiphon.credits.receipt import Reason, Terms, digest, payable, reason_of
from antiphon.models.catalogue import Prices

counts = st.integers(-(10**9), 10**9)
bounds = st.integers(0, 10**6)
prices = st.builds(Prices, bounds, bounds, st.none() | bounds, st.none() | bounds, st.none() | bounds)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (None, "delivered"),
        ("client_gone", "client_gone"),
        ("deadline_exceeded", "timed_out"),
        ("first_token_timeout", "timed_out"),
        ("engine_failed", "failed"),
        ("unavailable", "failed"),
    ],
)
def test_reasons(failure: str | None, reason: Reason) -> None:
    """Every failure has one."""
    assert reason_of(failure) == reason


@pytest.mark.parametrize("reason", ["client_gone", "timed_out", "failed"])
def test_delivered_tokens_are_paid(reason: Reason) -> None:
    """The part of a stream that came; of a plain answer that did not, nothing; a whole answer always."""
    assert payable(Usage(5, 2), reason, streamed=True)
    assert not payable(Usage(5, 0), reason, streamed=True)
    assert not payable(Usage(5, 2), reason, streamed=False)
    assert payable(Usage(5, 0), "delivered", streamed=False)


@given(terms=st.builds(Terms, bounds, bounds), usage=st.builds(Usage, counts, counts, counts, counts, counts))
def test_nothing_impossible_is_believed(terms: Terms, usage: Usage) -> None:
    """Neither more than could be taken nor less than nothing."""
    believed = terms.believed(usage)
    assert 0 <= believed.prompt_tokens <= terms.prompt_tokens
    assert 0 <= believed.completion_tokens <= terms.completion_tokens
    assert min(believed.cached_tokens, believed.reasoning_tokens, believed.image_tokens) >= 0


@given(
    own=prices,
    terms=st.builds(Terms, bounds, bounds),
    usage=st.builds(Usage, counts, counts, counts, counts, counts),
)
def test_what_is_believed_fits_the_hold(own: Prices, terms: Terms, usage: Usage) -> None:
    """Whatever an engine says, and whatever is priced apart."""
    most = quote(own, prompt_tokens=terms.prompt_tokens, completion_tokens=terms.completion_tokens)
    assert 0 <= cost(own, terms.believed(usage)) <= most


def test_digests_are_sha_256() -> None:
    """In hexadecimal."""
    assert digest(b"body") == hashlib.sha256(b"body").hexdigest()
