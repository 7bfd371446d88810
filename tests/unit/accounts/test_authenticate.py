"""A bearer token becomes a key, or a refusal that says nothing of other keys."""

from __future__ import annotations

import pytest

from antiphon.accounts.authenticate import KEY_BYTES_MAX, authenticate
from antiphon.accounts.keys import Keyring, digest
from antiphon.errors import Unauthenticated
from antiphon.key import Key

OWNER = Key("owner")


def asked(value: bytes, *, token: str = "secret") -> Key:
    """Who calls with this Authorization header, where `token` is the only key."""
    return authenticate({b"authorization": value}, Keyring({digest(token): OWNER}))


@pytest.mark.parametrize("value", [b"Bearer secret", b"bearer secret", b"BEARER   secret  "])
def test_a_known_token_is_its_owner(value: bytes) -> None:
    """The scheme's case and blanks around the token do not matter."""
    assert asked(value) is OWNER


@pytest.mark.parametrize("value", [b"", b"Bearer", b"Bearer ", b"Basic secret", b"secret", b"Bearersecret"])
def test_another_form_is_refused(value: bytes) -> None:
    """What is not `Bearer KEY` is told so."""
    with pytest.raises(Unauthenticated, match="is not `Bearer KEY`") as caught:
        asked(value)
    assert caught.value.code == "invalid_api_key"


def test_an_unknown_token_is_refused() -> None:
    """The refusal repeats nothing of the token."""
    with pytest.raises(Unauthenticated) as caught:
        asked(b"Bearer guess")
    assert (caught.value.status, caught.value.message) == (401, "The API key is not valid.")


def test_no_header_has_a_code_of_its_own() -> None:
    """A caller who sent no key is told how to."""
    with pytest.raises(Unauthenticated, match="Authorization: Bearer KEY") as caught:
        authenticate({}, Keyring({}))
    assert caught.value.code == "missing_api_key"


def test_a_token_has_a_greatest_length() -> None:
    """The longest token is looked up, one byte more is refused unread."""
    longest = "k" * KEY_BYTES_MAX
    assert asked(b"Bearer " + longest.encode(), token=longest) is OWNER
    with pytest.raises(Unauthenticated, match="is not `Bearer KEY`"):
        asked(b"Bearer " + longest.encode() + b"k", token=longest + "k")
