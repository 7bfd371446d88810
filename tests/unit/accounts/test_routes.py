"""/v1/auth and /v1/keys through the application: wallets in, keys out, refusals as text where Dria's are."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import msgspec
import pytest

from antiphon.accounts.keyring import Keyring
from antiphon.accounts.keys import digest, mint
from antiphon.accounts.limits import Limits
from antiphon.accounts.routes import AuthRoutes, KeyRoutes
from antiphon.accounts.sign_in import SignIn, SignInRules
from antiphon.accounts.wallet import Origin
from antiphon.db import Database
from antiphon.gateway.app import Application
from antiphon.gateway.routes import _auth, _keys
from antiphon.gateway.table import Route, Table
from antiphon.http.exchange import Exchange
from antiphon.ids import seeded
from antiphon.key import ADMIN, CLIENT, Key
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics
from tests.unit.http.recording import RecordingWire, exchange_of

from .stored import PEPPER, Stored
from .wallets import ADDRESS, OTHER_SECRET, signed

Json = Any  # Any: what a client sends or is told
AS_JSON = {b"accept": b"application/json"}
MASTER = "sk-master"


class Served:
    """The routes of accounts, and one that takes a key, behind the application."""

    def __init__(self, database: Database, *, keys_max: int = 20) -> None:
        self.stored = Stored(database, keys_max=keys_max, now_s=asyncio.get_running_loop().time)
        clock, service = self.stored.clock, self.stored.service
        rules = SignInRules(True, (Origin("https", "gw.example"), Origin("http", "localhost:8000")), (8453,))
        sign_in = SignIn(service, rules, [PEPPER.secret], clock=clock, ids=seeded(3))
        self.lines = io.StringIO()
        self.app = Application(
            Table(
                (
                    *_auth(AuthRoutes(sign_in, on_change=self.stored.keys.refresh)),
                    *_keys(KeyRoutes(service, clock=clock, on_change=self.stored.keys.refresh)),
                    Route("POST", "/v1/chat", self._answer, "Answer.", "tests"),
                )
            ),
            Keyring({digest(MASTER): Key("master", scopes=ADMIN, account_name="acme")}, self.stored.keys),
            limits=Limits(),
            metrics=Metrics(),
            log=Log(form="json", access=True, stream=self.lines, now=lambda: 0.0),
            ids=seeded(1),
        )

    async def _answer(self, exchange: Exchange) -> None:
        exchange.respond(200, b"{}")

    async def ask(
        self, method: str, path: str, body: Json = None, *, key: str = "", headers: dict[bytes, bytes] | None = None
    ) -> RecordingWire:
        """Serve one request."""
        given = dict(headers or {}) | ({b"authorization": b"Bearer " + key.encode()} if key else {})
        exchange, wire = exchange_of(method, path, given)
        if body is not None:
            exchange.add(body if isinstance(body, bytes) else msgspec.json.encode(body), 1 << 20)
        await self.app(exchange)
        return wire

    async def told(self, method: str, path: str, body: Json = None, *, key: str = "", status: int = 200) -> Json:
        """The JSON of an answer with that status."""
        wire = await self.ask(method, path, body, key=key, headers=AS_JSON)
        assert wire.status == status, wire.body
        return msgspec.json.decode(wire.body) if wire.body else None

    async def sign_in(self, **fields: Json) -> Json:
        """What a wallet is told that signs in."""
        message = (await self.told("POST", "/v1/auth/challenge", {"address": ADDRESS}))["message"]
        body = {"message": message, "signature": signed(message), **fields}
        return await self.told("POST", "/v1/auth/wallet", body)


async def test_from_a_wallet_to_an_answer(database: Database) -> None:
    """Challenge, signature, key, request; nobody keeps an answer that holds a key."""
    served = Served(database)
    challenge = await served.told("POST", "/v1/auth/challenge", {"address": ADDRESS.lower()})
    assert set(challenge) == {"message", "nonce", "expires_at"}
    body = {"message": challenge["message"], "signature": signed(challenge["message"])}
    wire = await served.ask("POST", "/v1/auth/wallet", body)
    assert (wire.status, wire.headers["cache-control"]) == (200, "no-store")
    found = msgspec.json.decode(wire.body)
    assert found["api_key"].startswith("dkn_test_")
    assert found["address"] == ADDRESS
    assert (await served.ask("POST", "/v1/chat", key=found["api_key"])).status == 200
    assert found["api_key"] not in served.lines.getvalue()


async def test_the_listed_path_alone_is_enough(database: Database) -> None:
    """Without a signature it answers with the challenge, for the address of ours that was asked."""
    served = Served(database)
    wire = await served.ask("POST", "/v1/auth/wallet", {"address": ADDRESS}, headers={b"host": b"localhost:8000"})
    found = msgspec.json.decode(wire.body)
    assert set(found) == {"message", "nonce", "expires_at"}
    assert found["message"].startswith("localhost:8000 wants")
    body = {"address": ADDRESS, "message": found["message"], "signature": signed(found["message"])}
    assert (await served.told("POST", "/v1/auth/wallet", body))["address"] == ADDRESS


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("/v1/auth/challenge", b"{", 400, None),
        ("/v1/auth/challenge", {}, 400, "address"),
        ("/v1/auth/challenge", {"address": 1}, 400, "address"),
        ("/v1/auth/challenge", {"address": "acme"}, 400, "address"),
        ("/v1/auth/challenge", {"address": ADDRESS, "chain_id": 5}, 400, "chain_id"),
        ("/v1/auth/challenge", {"address": ADDRESS, "nonce": "mine"}, 400, "nonce"),
        ("/v1/auth/wallet", {}, 400, "address"),
        ("/v1/auth/wallet", {"signature": "0x"}, 400, "message"),
        ("/v1/auth/wallet", {"message": "m", "signature": 1}, 400, "signature"),
        ("/v1/auth/wallet", {"message": "m" * 5_000, "signature": "0x"}, 400, "message"),
        ("/v1/auth/wallet", {"message": "m", "signature": "0x"}, 401, None),
    ],
)
async def test_what_is_wrong_is_told(database: Database, path: str, body: Json, status: int, param: str | None) -> None:
    """400 with the field for what has not the form, 401 for a text that is not good."""
    served = Served(database)
    error = (await served.told("POST", path, body, status=status))["error"]
    assert error["param"] == param


async def test_refusals_are_text_unless_json_is_asked_for(database: Database) -> None:
    """As on all paths that only Dria has."""
    served = Served(database)
    message = (await served.told("POST", "/v1/auth/challenge", {"address": ADDRESS}))["message"]
    body = {"message": message, "signature": signed(message, OTHER_SECRET)}
    wire = await served.ask("POST", "/v1/auth/wallet", body)
    assert (wire.status, wire.headers["content-type"]) == (401, "text/plain; charset=utf-8")
    assert wire.body.startswith(b"Sign-in refused: the signature is not")
    assert (await served.told("POST", "/v1/auth/wallet", body, status=401))["error"]["code"] == "sign_in_refused"


async def test_an_account_manages_its_keys(database: Database) -> None:
    """Made, listed, used, revoked; the key itself is in one answer only."""
    served = Served(database)
    master = (await served.sign_in(name="laptop"))["api_key"]
    made = await served.told("POST", "/v1/keys", {"name": "agent", "parallel_max": 2}, key=master, status=201)
    assert made["key"]["scopes"] == ["inference"]
    assert (await served.ask("POST", "/v1/chat", key=made["api_key"])).status == 200
    listed = await served.told("GET", "/v1/keys", key=master)
    assert {row["name"]: row["state"] for row in listed["data"]} == {"agent": "active", "laptop": "active"}
    assert made["api_key"] not in str(listed)
    wire = await served.ask("DELETE", f"/v1/keys/{made['key']['id']}", key=master)
    assert (wire.status, wire.body) == (204, b"")
    assert (await served.ask("POST", "/v1/chat", key=made["api_key"])).status == 401
    assert (await served.ask("POST", "/v1/chat", key=master)).status == 200


async def test_a_key_is_rotated(database: Database) -> None:
    """Both are good until the overlap is over; without a body it is a day."""
    served = Served(database)
    old = await served.told("POST", "/v1/keys", {"name": "agent"}, key=MASTER, status=201)
    path = f"/v1/keys/{old['key']['id']}/rotate"
    new = await served.told("POST", path, {"overlap_s": 0}, key=MASTER, status=201)
    assert (await served.ask("POST", "/v1/chat", key=new["api_key"])).status == 200
    assert (await served.ask("POST", "/v1/chat", key=old["api_key"])).status == 401
    again = await served.told("POST", f"/v1/keys/{new['key']['id']}/rotate", key=MASTER, status=201)
    for key in (new, again):
        assert (await served.ask("POST", "/v1/chat", key=key["api_key"])).status == 200
    assert (await served.told("POST", path, key=MASTER, status=409))["error"]["code"] == "key_ended"


async def test_only_the_scope_keys_manages_them(database: Database) -> None:
    """And only as far as it goes itself."""
    served = Served(database)
    plain = await served.told("POST", "/v1/keys", {"name": "agent", "scopes": sorted(CLIENT)}, key=MASTER, status=201)
    for method, path in (
        ("GET", "/v1/keys"),
        ("POST", "/v1/keys"),
        ("DELETE", f"/v1/keys/{plain['key']['id']}"),
        ("POST", f"/v1/keys/{plain['key']['id']}/rotate"),
    ):
        wire = await served.ask(method, path, {"name": "more"}, key=plain["api_key"], headers=AS_JSON)
        assert (wire.status, b"scope `keys`" in wire.body) == (403, True)
    wallet = (await served.sign_in())["api_key"]
    error = (await served.told("POST", "/v1/keys", {"name": "a", "scopes": ["admin"]}, key=wallet, status=403))["error"]
    assert error["param"] == "scopes"


async def test_a_foreign_key_does_not_exist(database: Database) -> None:
    """An id of another account is answered like one that nobody has, word for word."""
    served = Served(database)
    foreign = await served.told("POST", "/v1/keys", {"name": "agent"}, key=MASTER, status=201)
    wallet = (await served.sign_in())["api_key"]
    for method, ending in (("DELETE", ""), ("POST", "/rotate")):
        answers = [
            (await served.ask(method, f"/v1/keys/{key_id}{ending}", key=wallet)).body
            for key_id in (foreign["key"]["id"], "key_000000000000000000000000")
        ]
        assert answers == [b"There is no key of that id."] * 2
    assert (await served.ask("POST", "/v1/chat", key=foreign["api_key"])).status == 200


async def test_a_refused_key_says_nothing_of_its_past(database: Database) -> None:
    """Never made, revoked or expired: the same answer to the letter, but for the request's id."""
    served = Served(database)
    body = {"name": "a", "expires_in_s": 60}
    revoked, expired = [await served.told("POST", "/v1/keys", body, key=MASTER, status=201) for _ in range(2)]
    await served.ask("DELETE", f"/v1/keys/{revoked['key']['id']}", key=MASTER)
    served.stored.clock.advance(60)
    answers = set()
    for key in (revoked["api_key"], expired["api_key"], mint("test"), "dkn_test_" + "0" * 49):
        wire = await served.ask("POST", "/v1/chat", key=key)
        shown = {name: value for name, value in wire.headers.items() if name != "x-request-id"}
        answers.add((wire.status, wire.body, str(sorted(shown.items()))))
    ((status, text, _),) = answers
    assert (status, text) == (401, b"The API key is not valid.")


async def test_a_sign_in_may_revoke_all_others(database: Database) -> None:
    """At once on this gateway."""
    served = Served(database, keys_max=1)
    lost = (await served.sign_in())["api_key"]
    assert (await served.ask("POST", "/v1/chat", key=lost)).status == 200
    found = (await served.sign_in(revoke_others=True))["api_key"]
    assert (await served.ask("POST", "/v1/chat", key=lost)).status == 401
    assert (await served.ask("POST", "/v1/chat", key=found)).status == 200
