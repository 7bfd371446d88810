"""What a keyed request is known by: what must differ differs, what may change does not matter."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.errors import BadRequest
from antiphon.idempotency.request import read
from antiphon.key import Key
from tests.unit.idempotency.asking import ANN, BODY, asked, request


def test_the_same_again() -> None:
    """Other headers, another key of the account and another request id are the same request."""
    again, _ = request(headers={b"x-stainless-retry-count": b"1", b"x-request-id": b"x"}, key=replace(ANN, name="pc"))
    assert read(again, BODY) == asked()


@pytest.mark.parametrize(
    ("path", "headers", "body", "key"),
    [
        ("/v1/completions", {}, BODY, ANN),
        ("/v1/chat/completions", {b"x-wire": b"exact"}, BODY, ANN),
        ("/v1/chat/completions", {b"x-session-id": b"s"}, BODY, ANN),
        ("/v1/chat/completions", {b"x-payment": b"p"}, BODY, ANN),
        ("/v1/chat/completions", {b"payment-signature": b"p"}, BODY, ANN),
        ("/v1/chat/completions", {}, BODY + b" ", ANN),
        ("/v1/chat/completions", {}, BODY, replace(ANN, models=frozenset({"m"}))),
        ("/v1/chat/completions", {}, BODY, replace(ANN, projects=frozenset({"p"}))),
        ("/v1/chat/completions", {}, BODY, replace(ANN, dria=True)),
        ("/v1/chat/completions", {}, BODY, replace(ANN, credit="USDC")),
    ],
)
def test_another_request(path: str, headers: dict[bytes, bytes], body: bytes, key: Key) -> None:
    """It has the same name and another fingerprint: whatever its key may not do or would be charged otherwise."""
    first, other = asked(), read(request(path=path, headers=headers, body=body, key=key)[0], body)
    assert other.name == first.name
    assert other.fingerprint != first.fingerprint
    assert other.secret != first.secret


def test_another_name() -> None:
    """Another key or account is another request altogether."""
    names = {asked().name, asked(b"k2").name, asked(key=Key("bea")).name, asked(b"1", key=Key("annk")).name}
    assert len(names) == 4


def test_nothing_tells_the_key() -> None:
    """What is stored is made of digests that differ from each other."""
    found = asked(b"secret-key")
    assert b"secret-key" not in (found.name + found.fingerprint).encode()
    assert len({found.name, found.fingerprint, found.secret.hex()}) == 3


@pytest.mark.parametrize("name", [b"x", b"x" * 255, b"0b0f9f4e-5a3c-4d8e-9d6f-2f1f3c1c7a10", b'"quoted"', b"two words"])
def test_good_keys(name: bytes) -> None:
    """Whatever is printable, and not too long."""
    assert asked(name).account == "ann"


@pytest.mark.parametrize("name", [b"", b"  ", b"x" * 256, b"a\tb", b"a\x00", "é".encode(), b"\x7f"])
def test_bad_keys(name: bytes) -> None:
    """They are refused by the header's name."""
    with pytest.raises(BadRequest, match="Idempotency-Key: expected 1 to 255") as caught:
        asked(name)
    assert caught.value.param == "Idempotency-Key"
