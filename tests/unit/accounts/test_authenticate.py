"""The bearer token of a request, or a refusal that says how to send one."""

from __future__ import annotations

import pytest

from antiphon.accounts.authenticate import KEY_BYTES_MAX, bearer
from antiphon.errors import Unauthenticated


@pytest.mark.parametrize("value", [b"Bearer secret", b"bearer secret", b"BEARER   secret  "])
def test_a_token_is_read(value: bytes) -> None:
    """The scheme's case and blanks around the token do not matter."""
    assert bearer({b"authorization": value}) == b"secret"


@pytest.mark.parametrize("value", [b"", b"Bearer", b"Bearer ", b"Basic secret", b"secret", b"Bearersecret"])
def test_another_form_is_refused(value: bytes) -> None:
    """What is not `Bearer KEY` is told so."""
    with pytest.raises(Unauthenticated, match="is not `Bearer KEY`") as caught:
        bearer({b"authorization": value})
    assert caught.value.code == "invalid_api_key"


def test_no_header_has_a_code_of_its_own() -> None:
    """A caller who sent no key is told how to."""
    with pytest.raises(Unauthenticated, match="Authorization: Bearer KEY") as caught:
        bearer({})
    assert caught.value.code == "missing_api_key"


def test_a_token_has_a_greatest_length() -> None:
    """The longest token is taken, one byte more is refused unread."""
    longest = b"k" * KEY_BYTES_MAX
    assert bearer({b"authorization": b"Bearer " + longest}) == longest
    with pytest.raises(Unauthenticated, match="is not `Bearer KEY`"):
        bearer({b"authorization": b"Bearer " + longest + b"k"})


def test_anthropics_header_is_a_token_too() -> None:
    """Where there is no other; an empty or a long one is none."""
    assert bearer({b"x-api-key": b" secret "}) == b"secret"
    assert bearer({b"authorization": b"Bearer first", b"x-api-key": b"second"}) == b"first"
    for value in (b" ", b"k" * (KEY_BYTES_MAX + 1)):
        with pytest.raises(Unauthenticated) as caught:
            bearer({b"x-api-key": value})
        assert caught.value.code == "missing_api_key"
