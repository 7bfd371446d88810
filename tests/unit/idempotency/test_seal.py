"""What is kept of an answer: it comes back whole, to whoever has the request, and to nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.idempotency.seal import Kept, seal, unseal

SECRET, NONCE = b"s" * 32, b"n" * 12
HEADERS = st.tuples(st.binary(max_size=20), st.binary(max_size=20))


@given(st.integers(200, 299), st.lists(HEADERS, max_size=3).map(tuple), st.binary(max_size=2000))
def test_it_comes_back(status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes) -> None:
    """Whatever bytes it is made of."""
    kept = Kept(status, headers, body)
    assert unseal(seal(kept, SECRET, NONCE), SECRET) == kept


def test_nobody_else_can_read_it() -> None:
    """Another secret opens nothing, and no word of it can be seen."""
    text = seal(Kept(200, (), b"plain words"), SECRET, NONCE)
    assert "plain" not in text
    with pytest.raises(ValueError, match="MAC"):
        unseal(text, b"t" * 32)


def test_a_change_is_found() -> None:
    """A bit of it that turned makes it worthless."""
    text = seal(Kept(200, (), b"x"), SECRET, NONCE)
    with pytest.raises(ValueError, match="MAC"):
        unseal(text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:], SECRET)


def test_streams_become_small() -> None:
    """Events that are much alike take a tenth of their size."""
    body = b"".join(b'data: {"id":"chatcmpl-1","choices":[{"delta":{"content":"w%d"}}]}\n\n' % n for n in range(2000))
    assert len(seal(Kept(200, (), body), SECRET, NONCE)) < len(body) / 8
