"""JSON-RPC: results, refusals, nobody there, and nothing told of an address's secrets."""

from __future__ import annotations

import pytest

from antiphon.topup.rpc import Block, Rpc, RpcFailed
from tests.fixtures.topup.web import Answering, Web, as_json


def answering(*, status: int = 200, **told: object) -> Answering:
    """A node that always says the same."""

    async def answer(_path: str, _body: object) -> tuple[int, bytes]:
        return as_json({"jsonrpc": "2.0", "id": 1, **told}, status)

    return answer


async def test_results() -> None:
    """A quantity, a block, what a call gives."""
    async with Web(answering(result={"number": "0x10", "timestamp": "0x20"})) as web:
        rpc = Rpc(web.url)
        assert await rpc.block("latest") == Block(16, 32)
        with pytest.raises(RpcFailed, match="expected a quantity"):
            await rpc.number("eth_chainId")
        rpc.close()


async def test_the_path_of_the_address_is_kept() -> None:
    """Most nodes have the key there."""
    async with Web(answering(result="0x1")) as web:
        with_key, plain = Rpc(web.url + "/v2/secret"), Rpc(web.url)
        assert (await with_key.number("eth_chainId"), await plain.number("eth_chainId")) == (1, 1)
        assert web.asked == ["/v2/secret", "/"]
        with_key.close()
        plain.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (answering(error={"code": -32000, "message": "no such method"}), "refused.*no such method"),
        (answering(status=429, result=None), "no block"),
    ],
)
async def test_refusals(answer: Answering, words: str) -> None:
    """The node's own words are handed on."""
    async with Web(answer) as web:
        rpc = Rpc(web.url)
        with pytest.raises(RpcFailed, match=words):
            await rpc.block("safe")
        rpc.close()


async def test_what_is_no_json_rpc() -> None:
    """A page of a proxy is none."""

    async def answer(_path: str, _body: object) -> tuple[int, bytes]:
        return 502, b"<html>"

    async with Web(answer) as web:
        rpc = Rpc(web.url)
        with pytest.raises(RpcFailed, match="answered 502, and no JSON-RPC"):
            await rpc.number("eth_chainId")
        rpc.close()


async def test_nobody_there() -> None:
    """The message names the host, and not the key in its path."""
    async with Web(answering(result="0x1")) as web:
        rpc = Rpc(web.url + "/v2/secret")
    with pytest.raises(RpcFailed, match="does not answer") as failure:
        await rpc.number("eth_chainId")
    assert "secret" not in str(failure.value)
    rpc.close()
