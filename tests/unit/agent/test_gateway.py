"""What a machine asks its gateway, and what it makes of the answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from antiphon.agent.gateway import Gateway, Refused
from antiphon.agent.wallet import Wallet
from antiphon.clock import ManualClock
from antiphon.errors import AntiphonError, ConfigError, Unavailable
from antiphon.nodes.enrolment import Token
from tests.unit.accounts.wallets import ADDRESS, SECRET
from tests.unit.cli.scripted_gateway import Answer, scripted
from tests.unit.nodes.membership import nkey

NODE = {"id": "node_1", "name": "attic"}
LEASE = {"name": "attic", "epoch": 3, "jwt": "j", "servers": ["nats://g:1"], "expires_at_ms": 2, "now_ms": 1}


def gateway_at(url: str) -> Gateway:
    """The gateway, asked with a wallet by a clock that stands still."""
    return Gateway(url, Wallet(SECRET), clock=ManualClock(1_700_000_000.0))


async def test_it_enrols_and_is_let_in(tmp_path: Path) -> None:
    """What it shows is signed; nothing of its keys is sent."""
    with scripted(Answer(201, NODE), Answer(200, LEASE)) as script:
        gateway = gateway_at(script.base_url.removesuffix("/v1"))
        enrolled = await gateway.enrol(Token(gateway.url, "ab" * 24), nkey(), "attic")
        lease = await gateway.let_in("node_1", None)
        gateway.close()
    assert (enrolled.id, lease.epoch, lease.servers) == ("node_1", 3, ["nats://g:1"])
    enrol, let_in = script.asked
    assert (enrol.path, let_in.path) == ("/v1/nodes/enrol", "/v1/nodes/lease")
    assert isinstance(enrol.body, dict)
    assert (enrol.body["address"], enrol.body["issued_at_s"]) == (ADDRESS, 1_700_000_000)
    assert isinstance(let_in.body, dict)
    assert set(let_in.body) == {"node", "signature", "issued_at_s", "epoch"}


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(401, {"error": {"message": "This token has expired.", "code": "invite_refused"}}), Refused, "expired"),
        (Answer(409, {"error": {"message": "Another agent.", "code": "lease_lost"}}), Refused, "Another agent"),
        (Answer(404, {"error": {"message": "Nothing here."}}), Refused, "no Antiphon gateway that takes nodes"),
        (Answer(403, "<html>"), Refused, "no Antiphon gateway that takes nodes"),
        (Answer(503, {"error": {"message": "Busy."}}), Unavailable, "Busy."),
        (Answer(429, {}), Unavailable, "429"),
        (Answer(201, {"id": 1}), ConfigError, "cannot be read"),
        (Answer(0), Unavailable, "does not answer"),
    ],
)
async def test_refusals_say_what_is_wrong(answer: Answer, kind: type[AntiphonError], words: str) -> None:
    """What is final is told from what may be better later."""
    with scripted(answer) as script:
        gateway = gateway_at(script.base_url.removesuffix("/v1"))
        with pytest.raises(kind, match=words):
            await gateway.enrol(Token(gateway.url, "ab" * 24), nkey(), "attic")
        gateway.close()


async def test_nobody_answers() -> None:
    """The gateway is named."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()
    with pytest.raises(Unavailable, match=f"The gateway {url} does not answer"):
        await gateway_at(url).let_in("node_1", 1)
