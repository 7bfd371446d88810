"""Headers and bodies of both versions, against the models of x402's own package."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from x402.schemas import PaymentRequired
from x402.schemas.v1 import PaymentRequiredV1

from antiphon.errors import BadRequest
from antiphon.topup import wire
from antiphon.topup.model import Terms
from antiphon.topup.networks import BASE_SEPOLIA as NETWORK
from tests.fixtures.topup.payer import Payer, v1_header, v2_header

PAY_TO = Payer().address
TERMS = Terms(NETWORK.id, NETWORK.v1_name, NETWORK.asset, NETWORK.name, NETWORK.version, PAY_TO, 1, 10**9)
URL = "https://gw.example/v1/credits/topup"
PAYMENT = Payer().pay(TERMS, 10_000_000)


def header(value: object) -> bytes:
    """Base64 of JSON."""
    return base64.b64encode(json.dumps(value).encode())


def changed(place: str, value: object) -> bytes:
    """A good header of the first version, with one thing wrong."""
    told: Any = json.loads(base64.b64decode(v1_header(PAYMENT)))
    *parents, last = place.split(".")
    inner = told
    for name in parents:
        inner = inner[name]
    inner[last] = value
    return header(told)


def test_a_refusal_of_the_first_version() -> None:
    """It has all that its clients insist on, and reads as the library's model."""
    told = json.loads(msgspec.json.encode(wire.refusal_v1(TERMS, 10_000_000, URL, "why", "")))
    assert told["x402Version"] == 1
    assert told["error"] == "why"
    (offer,) = told["accepts"]
    assert {"description", "mimeType", "resource", "maxTimeoutSeconds", "extra"} < set(offer)
    assert offer["resource"] == URL
    read = PaymentRequiredV1.model_validate(told).accepts[0]
    assert (read.network, read.max_amount_required, read.pay_to) == ("base-sepolia", "10000000", PAY_TO)


def test_a_refusal_of_the_second_version() -> None:
    """The header reads as the library's model."""
    told = PaymentRequired.model_validate_json(base64.b64decode(wire.refusal(TERMS, 10_000_000, URL, "why")))
    assert (told.x402_version, told.error) == (2, "why")
    assert told.resource is not None
    assert told.resource.url == URL
    assert (told.accepts[0].network, told.accepts[0].amount) == (NETWORK.id, "10000000")
    assert told.accepts[0].extra == {"name": "USDC", "version": "2"}


def test_a_payment_of_each_version() -> None:
    """What clients send is read as what was signed."""
    second = wire.read_v2(v2_header(PAYMENT, TERMS))
    assert second == msgspec.structs.replace(PAYMENT, asset=TERMS.asset)
    first = wire.read_v1(v1_header(PAYMENT))
    assert first == msgspec.structs.replace(PAYMENT, network="base-sepolia", x402_version=1)


def test_addresses_and_nonces_are_read_in_any_case() -> None:
    """The same payment is the same, however its letters are written."""
    low = changed("payload.authorization.from", PAYMENT.authorization.payer.lower())
    assert wire.read_v1(low).authorization == PAYMENT.authorization
    high = changed("payload.authorization.nonce", "0x" + PAYMENT.authorization.nonce[2:].upper())
    assert wire.read_v1(high).authorization == PAYMENT.authorization


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"garbage!",
        b"Z2FyYmFnZQ==",
        header([]),
        header({}),
        header({"x402Version": 1}),
        b"\xff\xfe",
        base64.b64encode(b"\xff\xfe"),
        base64.b64encode(b"[" * 100_000),
        base64.b64encode(b"{" + b" " * 20_000 + b"}"),
        changed("x402Version", 2),
        changed("x402Version", "1"),
        changed("payload.signature", "0x"),
        changed("payload.signature", "0xabc"),
        changed("payload.authorization.from", "acme"),
        changed("payload.authorization.to", "0x12"),
        changed("payload.authorization.value", "-1"),
        changed("payload.authorization.value", "1.5"),
        changed("payload.authorization.value", "1" * 79),
        changed("payload.authorization.validBefore", "soon"),
        changed("payload.authorization.nonce", "0x12"),
        changed("payload.authorization", None),
    ],
)
def test_garbage(garbage: bytes) -> None:
    """It is a bad request, which names the header."""
    with pytest.raises(BadRequest) as refusal:
        wire.read_v1(garbage)
    assert refusal.value.param == "X-PAYMENT"
    with pytest.raises(BadRequest, match="PAYMENT-SIGNATURE"):
        wire.read_v2(garbage)


def test_a_header_of_the_answer() -> None:
    """It is base64 of JSON."""
    told = wire.encoded(wire.Settlement(success=True, transaction="0x12", network="base", payer="0x34"))
    assert json.loads(base64.b64decode(told))["transaction"] == "0x12"


def test_what_a_facilitator_is_told() -> None:
    """Numbers are texts again."""
    assert wire.signed(PAYMENT).authorization.value == "10000000"
