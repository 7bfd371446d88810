"""POST /v1/credits/topup through the application, with the library's own client at the other end."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from typing import Any

import msgspec
import pytest
from eth_account import Account
from x402 import x402Client
from x402.http.x402_http_client import x402HTTPClient
from x402.mechanisms.evm.exact import register_exact_evm_client

from antiphon.accounts.keyring import Keyring
from antiphon.accounts.keys import digest
from antiphon.accounts.limits import Limits
from antiphon.gateway.app import Application
from antiphon.gateway.routes import _topup
from antiphon.gateway.table import Table
from antiphon.ids import seeded
from antiphon.key import CLIENT, Key
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics
from antiphon.topup import model
from antiphon.topup.routes import TopupRoutes
from antiphon.topup.service import Topups
from tests.fixtures.topup.desk import MICRO, Desk
from tests.fixtures.topup.payer import Payer, v1_header, v2_header
from tests.unit.http.recording import RecordingWire, exchange_of

Json = Any  # Any: what a client sends or is told
URL = "https://gw.example/v1/credits/topup"
TEN = {"amount": "10"}


class Served:
    """The route behind the application, for one key."""

    def __init__(self, topups: Topups | None, account: str, **other: Any) -> None:  # Any: fields of the key
        key = Key("one", **{"id": "key-1", "live": True, "account_name": account, "scopes": CLIENT, **other})
        self.app = Application(
            Table((_topup(TopupRoutes(topups, base_url="https://gw.example")),)),
            Keyring({digest("sk-one"): key}),
            limits=Limits(),
            metrics=Metrics(),
            log=Log(form="json", stream=io.StringIO(), now=lambda: 0.0),
            ids=seeded(1),
        )

    async def post(self, body: Json = TEN, **headers: bytes) -> RecordingWire:
        """One request."""
        given = {name.replace("_", "-").encode(): value for name, value in headers.items()}
        path = "/v1/credits/topup"
        exchange, wire = exchange_of("POST", path, {b"authorization": b"Bearer sk-one", **given})
        exchange.add(body if isinstance(body, bytes) else msgspec.json.encode(body), 1 << 20)
        await self.app(exchange)
        return wire


def unpacked(header: str) -> Json:
    """The JSON of a header."""
    return json.loads(base64.b64decode(header))


async def test_the_price(desk: Desk) -> None:
    """Without a payment: both versions are told what to sign, and neither key nor wallet is asked for more."""
    wire = await Served(desk.topups, Payer().address).post()
    assert (wire.status, wire.headers["content-type"]) == (402, "application/json")
    body = json.loads(wire.body)
    assert (body["x402Version"], body["error"]) == (1, "X-PAYMENT header is required")
    (offer,) = body["accepts"]
    assert (offer["network"], offer["maxAmountRequired"], offer["resource"]) == ("base-sepolia", "10000000", URL)
    second = unpacked(wire.headers["payment-required"])
    assert (second["x402Version"], second["accepts"][0]["amount"]) == (2, "10000000")
    assert second["accepts"][0]["payTo"] == desk.terms.pay_to


async def test_a_payment_of_the_first_version(desk: Desk) -> None:
    """The answer is the documented one, and its header names the transaction."""
    payer = desk.payer()
    served, header = Served(desk.topups, payer.address), v1_header(payer.pay(desk.terms, 10 * MICRO))
    wire = await served.post(x_payment=header)
    body = json.loads(wire.body)
    assert (body["credits_added"], body["balance"], body["balance_usdc"]) == (1000, 1000, "10.00")
    assert body["txHash"].startswith("0x")
    told = unpacked(wire.headers["x-payment-response"])
    assert told == {
        "success": True,
        "transaction": body["txHash"],
        "network": "base-sepolia",
        "payer": payer.address,
    }
    again = json.loads((await served.post(x_payment=header)).body)
    assert again == {**body, "credits_added": 0, "replayed": True}


async def test_the_librarys_client_pays(desk: Desk) -> None:
    """It reads our 402, signs within its spend cap, and understands the answer."""
    payer = desk.payer()
    served = Served(desk.topups, payer.address)
    client = x402Client()
    register_exact_evm_client(client, Account.from_key(payer.private_key))
    client.set_spend_controls({"max_amount_per_payment": "$100"})
    http = x402HTTPClient(client)
    unpaid = await served.post({"amount": "2.50"})
    headers, payload = await http.handle_402_response(unpaid.headers, unpaid.body, URL)
    assert payload.x402_version == 2
    given = {name.lower().replace("-", "_"): value.encode() for name, value in headers.items()}
    paid = await served.post({"amount": "2.50"}, **given)
    assert (paid.status, json.loads(paid.body)["credits_added"]) == (200, 250)
    settled = http.get_payment_settle_response(lambda name: paid.headers.get(name.lower()))
    assert (settled.success, settled.network) == (True, "eip155:84532")


async def test_the_price_is_of_the_body(desk: Desk) -> None:
    """A payment of one, with a body that asks for ten, buys neither; the refusal has the price once more."""
    payer = desk.payer()
    served, payment = Served(desk.topups, payer.address), payer.pay(desk.terms, MICRO)
    wire = await served.post(payment_signature=v2_header(payment, desk.terms))
    assert (wire.status, json.loads(wire.body)["error"]) == (402, model.WRONG_VALUE)
    assert unpacked(wire.headers["payment-required"])["error"] == model.WRONG_VALUE
    assert (await served.post({"amount": "1"}, payment_signature=v2_header(payment, desk.terms))).status == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [(b"", None), (b"[]", None), ({}, "amount"), ({"amount": 10}, "amount"), ({"amount": "0"}, "amount"),
     ({"amount": "1e3"}, "amount"), ({"amount": "5000"}, "amount"), ({"amount": "10", "x": 1}, "x")],
)  # fmt: skip
async def test_bodies(desk: Desk, body: Json, param: str | None) -> None:
    """What is wrong with one is a bad request, with or without a payment."""
    served = Served(desk.topups, Payer().address)
    for header in ({}, {"x_payment": b"garbage"}):
        wire = await served.post(body, accept=b"application/json", **header)
        assert (wire.status, json.loads(wire.body)["error"]["param"]) == (400, param)


@pytest.mark.parametrize("name", ["x_payment", "payment_signature"])
async def test_garbage(desk: Desk, name: str) -> None:
    """It is a bad request, and not a refusal that would have a client sign again."""
    wire = await Served(desk.topups, Payer().address).post(**{name: b"garbage"})
    assert wire.status == 400
    assert wire.body.startswith(name.upper().replace("_", "-").encode())


async def test_doubt_and_haste(desk: Desk) -> None:
    """503 and 409 say when to send the same again."""
    payer = desk.payer()
    served, header = Served(desk.topups, payer.address), v1_header(payer.pay(desk.terms, 10 * MICRO))
    desk.facilitator.idle = True
    first, second = await asyncio.gather(served.post(x_payment=header), served.post(x_payment=header))
    assert (first.status, first.headers["retry-after"]) == (503, "5")
    assert b"do not sign a new one" in first.body
    assert (second.status, second.headers["retry-after"]) == (409, "1")


@pytest.mark.parametrize(("chain", "live"), [(False, True), (False, False), (True, False)])
async def test_development(desk: Desk, *, chain: bool, live: bool) -> None:
    """Where there is no chain, and for keys that spend play money, there is the faucet."""
    served = Served(desk.topups if chain else None, Payer().address, live=live)
    wire = await served.post(x_payment=b"garbage")
    body = json.loads(wire.body)
    assert (wire.status, body["accepts"][0]["network"]) == (402, "dev")
    assert "POST /v1/dev/faucet" in body["detail"]
    assert "payment-required" not in wire.headers


async def test_the_operators_keys(desk: Desk) -> None:
    """What is never charged is not to be paid for; a key without the scope is refused like anywhere."""
    assert (await Served(desk.topups, "", id="").post()).status == 403
    assert (await Served(desk.topups, "", scopes=frozenset({"inference"})).post()).status == 403
    assert (await Served(desk.topups, Payer().address, id="", credit="USDC").post()).status == 402
