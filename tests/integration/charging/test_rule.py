"""Delivered tokens are paid, and nothing else: each row of the published rule, through a real gateway."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from typing import Any

import pytest

from antiphon.testing.faults import Fault
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

from .lab import ADMIN, COMPLETION_PRICE, HELLO, JSON, PAYER, PROMPT, PROMPT_PRICE, Lab, chat, sent_bytes

pytestmark = pytest.mark.asyncio(loop_scope="package")
WHOLE = PROMPT * PROMPT_PRICE + 6 * COMPLETION_PRICE
SLOW = [{"role": "user", "content": "hello [[answer tokens=200 delay_s=0.02]]"}]


def usage_of(response: RawResponse) -> JSON:
    """The usage that a stream ends with."""
    chunks = [json.loads(event) for event in response.events() if event.startswith("{")]
    return next(chunk["usage"] for chunk in chunks if chunk.get("usage"))


async def test_a_plain_answer(lab: Lab) -> None:
    """It costs what its usage says; headers, answer, receipt and ledger say the same."""
    before = await lab.charged()
    body = chat()
    answer = await lab.ask(body)
    assert answer.status == 200
    assert b'"cost":0.000018}' in answer.body
    assert answer.headers["x-credits-cost"] == "0.000018"
    receipt = await lab.receipt(answer.json()["id"])
    assert receipt["charged_micro_usdc"] == WHOLE == await lab.charged() - before
    assert receipt["reason"] == "delivered"
    assert receipt["nodes"] == ["a"]
    assert receipt["held_micro_usdc"] >= WHOLE
    assert receipt["answer_sha256"] == hashlib.sha256(answer.body).hexdigest()
    assert receipt["journal"]["number"] > 0
    sent = sent_bytes(body).partition(b"\r\n\r\n")[2]
    assert receipt["request_sha256"] == hashlib.sha256(sent).hexdigest()


async def test_a_stream(lab: Lab) -> None:
    """As a plain answer, with the cost in the chunk that has the usage, and the balance before it as a header."""
    answer = await lab.ask(chat(stream=True))
    assert usage_of(answer)["cost"] == pytest.approx(WHOLE / 1_000_000)
    assert b'"cost":0.000018}' in answer.body
    assert "x-credits-cost" not in answer.headers
    assert float(answer.headers["x-credits-balance"]) > 0
    receipt = await lab.receipt(json.loads(answer.events()[0])["id"])
    assert (receipt["charged_micro_usdc"], receipt["streamed"], receipt["answer_sha256"]) == (WHOLE, True, None)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/responses", {"model": "one", "input": "hello", "max_output_tokens": 6}),
        ("/v1/messages", {"model": "one", "messages": HELLO, "max_tokens": 6}),
    ],
)
async def test_responses_and_messages(lab: Lab, path: str, body: dict[str, JSON], stream: bool) -> None:
    """They cost what a chat costs, say so where their usage is, and are charged once for an Idempotency-Key."""
    before = await lab.charged()
    headers = {"authorization": f"Bearer {PAYER}", "idempotency-key": f"once{path}{stream}"}
    answers = []
    for _ in range(2):
        async with await RawClient.connect(lab.gateway.url) as client:
            await client.send(request_bytes(path, {**body, "stream": stream}, headers=headers))
            answers.append(await client.response())
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].body == answers[1].body
    assert b'"cost":0.000018' in answers[0].body
    answer_id = re.findall(rb'"id":"((?:resp|msg)_[0-9a-f]+)"', answers[0].body)[0].decode()
    assert (await lab.receipt(answer_id))["charged_micro_usdc"] == WHOLE == await lab.charged() - before


async def test_the_exact_wire_says_no_cost(lab: Lab) -> None:
    """Vendors document no such field; it is charged all the same."""
    async with await RawClient.connect(lab.gateway.url) as client:
        data = sent_bytes(chat()).replace(b"accept:", b"x-wire: exact\r\naccept:")
        await client.send(data)
        answer = await client.response()
    assert "cost" not in answer.json()["usage"]
    assert (await lab.receipt(answer.json()["id"]))["charged_micro_usdc"] == WHOLE


@pytest.mark.parametrize("stream", [False, True])
async def test_several_choices(lab: Lab, stream: bool) -> None:
    """All of them are paid, the prompt once."""
    answer = await lab.ask(chat(n=3, stream=stream), request_id=f"choices-{stream}")
    assert answer.status == 200
    receipt = await lab.receipt(f"choices-{stream}")
    assert receipt["charged_micro_usdc"] == PROMPT * PROMPT_PRICE + 18 * COMPLETION_PRICE


@pytest.mark.parametrize("stream", [False, True])
async def test_a_text_completion(lab: Lab, stream: bool) -> None:
    """Each prompt is paid, and each of its answers."""
    body = {"model": "one", "prompt": ["one two", "three"], "max_tokens": 3, "stream": stream}
    answer = await lab.ask(body, path="/v1/completions", request_id=f"texts-{stream}")
    assert answer.status == 200, answer
    receipt = await lab.receipt(f"texts-{stream}")
    tokens = receipt["usage"]
    assert tokens["prompt_tokens"] > 0
    assert tokens["completion_tokens"] == 6
    assert receipt["charged_micro_usdc"] == tokens["prompt_tokens"] * PROMPT_PRICE + 6 * COMPLETION_PRICE
    assert receipt["operation"] == "text_completion"


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1/embeddings", "vectors"),
        ("/api/v1/embeddings", "default/vectors"),
        ("/api/v3/inference/embeddings", "vectors"),
    ],
)
async def test_embeddings(lab: Lab, path: str, model: str) -> None:
    """The tokens of all inputs are paid; where an answer shows no id, the receipt is found by the request's."""
    name = path.strip("/").replace("/", ".")
    answer = await lab.ask({"model": model, "input": ["one two three", "four"]}, path=path, request_id=name)
    assert answer.status == 200, answer
    receipt = await lab.receipt(name)
    assert receipt["charged_micro_usdc"] == receipt["usage"]["prompt_tokens"] > 0
    assert answer.json()["usage"]["cost"] == pytest.approx(receipt["charged_micro_usdc"] / 1_000_000)
    assert receipt["operation"] == "embeddings"


async def test_a_client_that_leaves_a_stream(lab: Lab) -> None:
    """It pays for the prompt, as an engine counts it, and for what had come until then."""
    async with await RawClient.connect(lab.gateway.url) as client:
        await client.send(sent_bytes(chat(messages=SLOW, max_tokens=200, stream=True), request_id="leaver"))
        await client.until(b'"content":" ')
    receipt = await lab.receipt("leaver")
    tokens = receipt["usage"]
    assert receipt["reason"] == "client_gone"
    assert 0 < tokens["completion_tokens"] < 100
    assert tokens["prompt_tokens"] > 0
    expected = tokens["prompt_tokens"] * PROMPT_PRICE + tokens["completion_tokens"] * COMPLETION_PRICE
    assert receipt["charged_micro_usdc"] == expected < receipt["held_micro_usdc"]


async def test_a_client_that_leaves_a_plain_answer(lab: Lab) -> None:
    """Nothing was delivered, so nothing is paid."""
    earlier = len(lab.a.requests)
    async with await RawClient.connect(lab.gateway.url) as client:
        await client.send(sent_bytes(chat(messages=SLOW, max_tokens=200), request_id="plain-leaver"))
        await lab.a.request(earlier)
    receipt = await lab.receipt("plain-leaver")
    assert (receipt["reason"], receipt["charged_micro_usdc"], receipt["journal"]) == ("client_gone", 0, None)


@pytest.mark.parametrize("stream", [False, True])
async def test_time_that_is_up(lab: Lab, stream: bool) -> None:
    """A stream is paid as far as it came, a plain answer not at all."""
    body = chat(messages=SLOW, max_tokens=200, stream=stream, timeout_secs=0.5)
    await lab.ask(body, request_id=f"late-{stream}")
    receipt = await lab.receipt(f"late-{stream}")
    assert receipt["reason"] == "timed_out"
    assert (receipt["charged_micro_usdc"] > 0) is stream


@pytest.mark.parametrize("stream", [False, True])
async def test_another_engine_answers(lab: Lab, stream: bool) -> None:
    """What failed before its first token costs nothing, and there is one charge for the answer."""
    fault = Fault(name="status", status=500)
    lab.a.always(fault)
    lab.b.push(None)
    before = await lab.charged()
    answer = await lab.ask(chat("pair", stream=stream), request_id=f"elsewhere-{stream}")
    assert answer.status == 200
    receipt = await lab.receipt(f"elsewhere-{stream}")
    assert (receipt["charged_micro_usdc"], receipt["nodes"]) == (WHOLE, ["b"])
    assert await lab.charged() - before == WHOLE


@pytest.mark.parametrize("stream", [False, True])
async def test_nobody_answers(lab: Lab, stream: bool) -> None:
    """A failure before the first token is free."""
    lab.a.always(Fault(name="status", status=500))
    answer = await lab.ask(chat(stream=stream), request_id=f"nobody-{stream}")
    assert answer.status in (502, 503)
    receipt = await lab.receipt(f"nobody-{stream}")
    assert (receipt["reason"], receipt["charged_micro_usdc"]) == ("failed", 0)
    assert receipt["held_micro_usdc"] > 0


async def test_a_stream_that_breaks_off(lab: Lab) -> None:
    """What was delivered is paid."""
    lab.a.push(Fault(name="close", k=3))
    await lab.ask(chat(stream=True), request_id="broken")
    receipt = await lab.receipt("broken")
    assert receipt["reason"] == "failed"
    assert receipt["usage"]["completion_tokens"] == 3
    assert receipt["charged_micro_usdc"] == PROMPT * PROMPT_PRICE + 3 * COMPLETION_PRICE


@pytest.mark.parametrize("stream", [False, True])
async def test_an_engine_that_lies(lab: Lab, stream: bool) -> None:
    """Nobody pays for more tokens than were allowed, or than the prompt can have."""
    lab.a.push(Fault(name="lying_usage", factor=100_000))
    await lab.ask(chat(stream=stream), request_id=f"liar-{stream}")
    receipt = await lab.receipt(f"liar-{stream}")
    assert receipt["usage"]["completion_tokens"] == 6
    assert receipt["charged_micro_usdc"] == receipt["held_micro_usdc"] < 1_000


async def test_an_answer_that_is_given_again(lab: Lab) -> None:
    """It is charged once, however often it is asked for, at once or later."""
    before = await lab.charged()
    data = sent_bytes(chat()).replace(b"accept:", b"idempotency-key: charged-once\r\naccept:")

    async def ask() -> RawResponse:
        async with await RawClient.connect(lab.gateway.url) as client:
            await client.send(data)
            return await client.response()

    answers = [*await asyncio.gather(*(ask() for _ in range(5))), await ask()]
    assert {answer.status for answer in answers} == {200}
    (name,) = {answer.json()["id"] for answer in answers}
    assert (await lab.receipt(name))["charged_micro_usdc"] == WHOLE == await lab.charged() - before


async def test_free_models_and_free_keys(lab: Lab) -> None:
    """Nothing is held and nothing said; a key that pays has a receipt all the same."""
    answer = await lab.ask(chat("gratis"))
    assert "cost" not in answer.json()["usage"]
    assert not [name for name in answer.headers if name.startswith("x-credits")]
    receipt = await lab.receipt(answer.json()["id"])
    assert (receipt["reason"], receipt["held_micro_usdc"], receipt["charged_micro_usdc"]) == ("free", 0, 0)
    answer = await lab.ask(chat("one"), key=ADMIN)
    assert "cost" not in answer.json()["usage"]
    told = await lab.gateway.ask(f"/v1/receipts/{answer.json()['id']}", key=PAYER)
    assert told.status == 404


async def test_no_tokens_cost_nothing(lab: Lab) -> None:
    """An answer of `max_tokens: 0` is not generated."""
    body = {"model": "one", "prompt": "hello", "max_tokens": 0}
    answer = await lab.ask(body, path="/v1/completions", request_id="none")
    assert answer.status == 200
    assert (await lab.receipt("none"))["reason"] == "free"


async def test_somebody_else_s_receipt(lab: Lab) -> None:
    """It is as unknown as one that never was, by either id."""
    answer = await lab.ask(chat(), request_id="private")
    await lab.receipt("private")
    stranger = await lab.create(scopes=["inference", "credits"])
    for name in (answer.json()["id"], "private", "never"):
        refused = await lab.gateway.ask(f"/v1/receipts/{name}", key=stranger)
        assert refused.status == 404
        assert "no such receipt" in refused.body.decode()


POOR: list[tuple[str, dict[str, Any]]] = [
    ("/v1/chat/completions", {"model": "one", "messages": HELLO, "max_tokens": 6}),
    ("/v1/chat/completions", {"model": "one", "messages": HELLO, "max_tokens": 6, "stream": True}),
    ("/v1/completions", {"model": "one", "prompt": "hello", "max_tokens": 6}),
    ("/v1/embeddings", {"model": "vectors", "input": "hello"}),
    ("/v1/responses", {"model": "one", "input": "hello", "max_output_tokens": 6}),
    ("/v1/messages", {"model": "one", "messages": HELLO, "max_tokens": 6, "stream": True}),
    ("/api/v1/chat/completions", {"model": "default/one", "messages": HELLO, "max_tokens": 6}),
    ("/api/v3/inference/chat/completions", {"model": "one", "messages": HELLO, "max_tokens": 6}),
    ("/api/v3/inference/completions", {"model": "one", "prompt": "hello", "max_tokens": 6}),
]


@pytest.mark.parametrize(("path", "body"), POOR)
async def test_too_little_money(lab: Lab, path: str, body: dict[str, JSON]) -> None:
    """402 in each door's own form, with what would be enough, and no engine generates anything."""
    poor = await lab.create(scopes=["inference"])
    asked = len(lab.a.requests)
    answer = await lab.ask(body, key=poor, path=path)
    assert answer.status == 402
    said = answer.body.decode()
    assert "USDC are needed, 0.00 USDC are free" in said
    assert "insufficient" in said or "billing_error" in said or path.startswith("/api/")
    assert len(lab.a.requests) == asked
