"""A facilitator over HTTP: x402's own behind a real socket, and answers that are none."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from x402.schemas import PaymentPayload, PaymentRequirements

from antiphon.errors import Unavailable
from antiphon.topup import model
from antiphon.topup.facilitator import Answer, FacilitatorFailed
from antiphon.topup.in_process import InProcessFacilitator
from antiphon.topup.model import Payment
from antiphon.topup.remote import RemoteFacilitator
from tests.fixtures.topup.desk import MICRO, Desk
from tests.fixtures.topup.web import Answering, Web, as_json

from .test_wire import PAYMENT, TERMS

TEN = 10 * MICRO
SUPPORTED = {"kinds": [{"x402Version": 2, "scheme": "exact", "network": TERMS.network}], "extensions": []}


def served(inner: InProcessFacilitator) -> Answering:
    """What a facilitator answers, with everything it was sent held against the library's own models."""

    async def answer(path: str, body: Any) -> tuple[int, bytes]:  # Any: JSON
        if path == "/supported":
            return as_json(SUPPORTED)
        payload = PaymentPayload.model_validate(body["paymentPayload"])
        required = PaymentRequirements.model_validate(body["paymentRequirements"])
        assert (body["x402Version"], payload.x402_version, payload.accepted) == (2, 2, required)
        payment, amount = _payment(payload), int(required.amount)
        if path == "/verify":
            told = await inner.verify(payment, amount)
            return as_json({"isValid": told.good, "invalidReason": told.reason or None})
        told = await inner.settle(payment, amount)
        return as_json({"success": told.good, "errorReason": told.reason or None, "transaction": told.tx_hash})

    return answer


def _payment(payload: PaymentPayload) -> Payment:
    given = payload.payload["authorization"]
    value, after, before = (int(given[name]) for name in ("value", "validAfter", "validBefore"))
    authorization = model.Authorization(given["from"], given["to"], value, after, before, given["nonce"])
    return Payment("exact", payload.accepted.network, None, authorization, payload.payload["signature"], 2)


async def test_payments_by_way_of_a_facilitator_elsewhere(desk: Desk) -> None:
    """It is down at first, then credits a payment; a used one is refused by it."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    web = Web(served(desk.inner))
    async with web:
        remote = RemoteFacilitator(web.url, desk.terms)
        desk.topups._facilitator = remote
        web.stop()
        with pytest.raises(Unavailable, match="do not sign a new one"):
            await desk.topups.pay(payer.address, TEN, payment)
        await web.start()
        assert not (await desk.topups.pay(payer.address, TEN, payment)).replayed
        assert await desk.balance(payer) == TEN
        assert await remote.settle(payment, TEN) == Answer(good=False, reason=model.NONCE_USED)
        assert web.asked.count("/supported") == 1
    await remote.close()


async def test_what_it_does_not_support() -> None:
    """A facilitator of another chain is not asked to settle here."""

    async def answer(_path: str, _body: object) -> tuple[int, bytes]:
        return as_json({"kinds": []})

    async with Web(answer) as web:
        remote = RemoteFacilitator(web.url, TERMS)
        with pytest.raises(FacilitatorFailed, match="does not settle `exact` on eip155:84532"):
            await remote.verify(PAYMENT, TEN)
        await remote.close()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            402,
            b'{"isValid": false, "invalidReason": "poor"}',
            Answer(good=False, reason="poor"),
        ),
        (200, b'{"isValid": true, "payer": "0x"}', Answer(good=True)),
        (500, b"oops", None),
        (200, b"{}", None),
        (200, b"\xff", None),
    ],
)
async def test_answers(status: int, body: bytes, expected: Answer | None) -> None:
    """A refusal is one whatever its status; what is not x402's tells nothing."""

    async def answer(path: str, _body: object) -> tuple[int, bytes]:
        return as_json(SUPPORTED) if path == "/supported" else (status, body)

    async with Web(answer) as web:
        remote = RemoteFacilitator(web.url, TERMS)
        if expected is None:
            with pytest.raises(FacilitatorFailed, match="none of x402's"):
                await remote.verify(PAYMENT, TEN)
        else:
            assert await remote.verify(PAYMENT, TEN) == expected
        await remote.close()


def test_the_whole_question() -> None:
    """A payment of the first version is told in the words of the second."""
    first = msgspec.structs.replace(PAYMENT, network="base-sepolia", x402_version=1)

    class Unused(RemoteFacilitator):
        def __init__(self) -> None:
            self._terms = TERMS

    told = msgspec.json.decode(Unused()._question(first, TEN))
    assert told["paymentPayload"]["accepted"]["network"] == "eip155:84532"
    assert told["paymentPayload"]["payload"]["authorization"]["from"] == PAYMENT.authorization.payer
