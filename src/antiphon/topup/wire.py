"""A top-up on the wire: its body and answers, and the x402 headers, in the first version and in the second. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from antiphon.accounts.ethereum import ADDRESS, checksummed
from antiphon.errors import BadRequest
from antiphon.topup.model import SCHEME, TIMEOUT_S, Authorization, Payment, Terms

DESCRIPTION = "Credits for an account, paid in USDC."
JSON_TYPE = "application/json"
HEADER_BYTES_MAX = 16_384
NONCE = re.compile(r"0x[0-9a-fA-F]{64}")
SIGNATURE = re.compile(r"0x(?:[0-9a-fA-F]{2}){1,4096}")
NUMBER = re.compile(r"0|[1-9][0-9]{0,77}")
PATH = "/v1/credits/topup"
T = TypeVar("T")


class TopupBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How much, in USDC: a text, such as `10` or `2.50`."""

    amount: Annotated[str, Meta(min_length=1, max_length=20)]


class WireToppedUp(Struct, frozen=True, rename="camel"):
    """What came of it. `replayed`: this payment was credited before, and not again."""

    credits_added: int = field(name="credits_added")
    balance: int
    balance_usdc: str = field(name="balance_usdc")
    tx_hash: str
    replayed: bool = False


class Extra(Struct, frozen=True):
    """What signatures name of the token."""

    name: str
    version: str


class OfferV1(Struct, frozen=True, rename="camel"):
    """What would pay, as x402's first version says it."""

    scheme: str
    network: str
    max_amount_required: str
    resource: str
    description: str
    mime_type: str
    pay_to: str
    asset: str
    max_timeout_seconds: int
    extra: Extra


class RefusalV1(Struct, frozen=True, rename="camel"):
    """The body of a 402: why, and what would pay."""

    x402_version: int
    error: str
    accepts: list[OfferV1]
    detail: str = ""


class Offer(Struct, frozen=True, rename="camel"):
    """What would pay, as x402's second version says it."""

    scheme: str
    network: str
    asset: str
    amount: str
    pay_to: str
    max_timeout_seconds: int
    extra: Extra


class Resource(Struct, frozen=True, rename="camel"):
    """What is paid for."""

    url: str
    description: str
    mime_type: str


class Refusal(Struct, frozen=True, rename="camel"):
    """The header of a 402: why, and what would pay."""

    x402_version: int
    error: str
    resource: Resource
    accepts: list[Offer]


class WireAuthorization(Struct, frozen=True, rename="camel"):
    """What was signed; numbers are texts."""

    payer: str = field(name="from")
    to: str
    value: str
    valid_after: str
    valid_before: str
    nonce: str


class Signed(Struct, frozen=True):
    """It, with its signature."""

    signature: str
    authorization: WireAuthorization


class HeaderV1(Struct, frozen=True, rename="camel"):
    """What X-PAYMENT holds."""

    x402_version: int
    scheme: str
    network: str
    payload: Signed


class Accepted(Struct, frozen=True, rename="camel"):
    """Which offer the payment is for."""

    scheme: str
    network: str
    asset: str | None = None


class HeaderV2(Struct, frozen=True, rename="camel"):
    """What PAYMENT-SIGNATURE holds."""

    x402_version: int
    accepted: Accepted
    payload: Signed


class Settlement(Struct, frozen=True):
    """What the answer's own header says."""

    success: bool
    transaction: str
    network: str
    payer: str


_v1 = msgspec.json.Decoder(HeaderV1)
_v2 = msgspec.json.Decoder(HeaderV2)


def offer(terms: Terms, amount: int) -> Offer:
    """What pays that amount."""
    extra = Extra(terms.name, terms.version)
    return Offer(SCHEME, terms.network, terms.asset, str(amount), terms.pay_to, TIMEOUT_S, extra)


def refusal_v1(terms: Terms, amount: int, resource: str, error: str, detail: str) -> RefusalV1:
    """The body of a 402, with all that clients of the first version insist on."""
    made = OfferV1(
        SCHEME,
        terms.v1_network,
        str(amount),
        resource,
        DESCRIPTION,
        JSON_TYPE,
        terms.pay_to,
        terms.asset,
        TIMEOUT_S,
        Extra(terms.name, terms.version),
    )
    return RefusalV1(1, error, [made], detail)


def refusal(terms: Terms, amount: int, resource: str, error: str) -> bytes:
    """The header of a 402 for clients of the second version."""
    told = Refusal(2, error, Resource(resource, DESCRIPTION, JSON_TYPE), [offer(terms, amount)])
    return encoded(told)


def encoded(told: Struct) -> bytes:
    """A struct as x402's headers hold it."""
    return base64.b64encode(msgspec.json.encode(told))


def signed(payment: Payment) -> Signed:
    """The payment's own part, as wallets write it."""
    given = payment.authorization
    return Signed(
        payment.signature,
        WireAuthorization(
            given.payer, given.to, str(given.value), str(given.valid_after), str(given.valid_before), given.nonce
        ),
    )


def read_v1(header: bytes) -> Payment:
    """The payment in X-PAYMENT; BadRequest when it holds none."""
    found = _decoded(header, _v1, "X-PAYMENT", version=1)
    return _payment(found.scheme, found.network, None, found.payload, "X-PAYMENT", version=1)


def read_v2(header: bytes) -> Payment:
    """The payment in PAYMENT-SIGNATURE; BadRequest when it holds none."""
    name = "PAYMENT-SIGNATURE"
    found = _decoded(header, _v2, name, version=2)
    accepted = found.accepted
    return _payment(accepted.scheme, accepted.network, accepted.asset, found.payload, name, version=2)


def _decoded(header: bytes, decoder: msgspec.json.Decoder[T], name: str, *, version: int) -> T:
    try:
        if len(header) > HEADER_BYTES_MAX:
            raise _garbage(name, f"more than {HEADER_BYTES_MAX} bytes")
        found = decoder.decode(base64.b64decode(header, validate=True))
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _garbage(name, str(error) or "it is nested too deeply") from None
    if getattr(found, "x402_version", None) != version:
        raise _garbage(name, f"x402Version is not {version}")
    return found


def _payment(scheme: str, network: str, asset: str | None, payload: Signed, name: str, *, version: int) -> Payment:
    given = payload.authorization
    if not (ADDRESS.fullmatch(given.payer) and ADDRESS.fullmatch(given.to)):
        raise _garbage(name, "`from` and `to` are addresses")
    if not all(NUMBER.fullmatch(one) for one in (given.value, given.valid_after, given.valid_before)):
        raise _garbage(name, "`value`, `validAfter` and `validBefore` are whole numbers, as texts")
    if NONCE.fullmatch(given.nonce) is None or SIGNATURE.fullmatch(payload.signature) is None:
        raise _garbage(name, "`nonce` is 0x and 64 hexadecimal digits, `signature` 0x and whole bytes")
    authorization = Authorization(
        checksummed(given.payer),
        checksummed(given.to),
        int(given.value),
        int(given.valid_after),
        int(given.valid_before),
        given.nonce.lower(),
    )
    return Payment(scheme, network, asset, authorization, payload.signature, version)


def _garbage(name: str, reason: str) -> BadRequest:
    return BadRequest(f"{name}: expected base64 of a payment's JSON: {reason}.", param=name)
