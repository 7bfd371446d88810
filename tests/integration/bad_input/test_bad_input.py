"""Every bad request gets the answer that is promised for it, and harms no request before, between or after."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from antiphon.testing.raw_client import RawClient

from . import (
    address_cases,
    auth_cases,
    depth_cases,
    door_cases,
    embedding_cases,
    graphql_cases,
    image_cases,
    json_cases,
    message_cases,
    order_cases,
    private_cases,
    prompt_cases,
    schema_cases,
    text_cases,
    type_cases,
    wire_cases,
)
from .case import KEY, Case
from .lab import ERROR_BYTES_MAX, Lab, wrong

pytestmark = pytest.mark.asyncio(loop_scope="package")
GOOD_EACH = 50
CASES_MIN = 350
GROWN_BYTES_MAX = 100 * 1024 * 1024
CLASSES: dict[str, Callable[[], list[Case]]] = {
    "json": json_cases.cases,
    "types": type_cases.cases,
    "private fields": private_cases.cases,
    "messages and tools": message_cases.cases,
    "schemas": schema_cases.cases,
    "depths": depth_cases.cases,
    "images": image_cases.cases,
    "sizes": wire_cases.sizes,
    "headers": wire_cases.headers,
    "framing": wire_cases.framing,
    "routes": wire_cases.routes,
    "keys": auth_cases.cases,
    "order of checks": order_cases.cases,
    "text": text_cases.cases,
    "prompts": prompt_cases.cases,
    "embeddings": embedding_cases.cases,
    "responses and messages": door_cases.cases,
    "addresses, files and batches": address_cases.cases,
    "bodies of GraphQL": graphql_cases.bodies,
}
SENT_TO_ENGINES = {
    "model", "messages", "stream", "stream_options", "max_tokens", "temperature", "top_p", "top_k", "min_p",
    "frequency_penalty", "presence_penalty", "repeat_penalty", "seed", "logit_bias", "stop", "logprobs",
    "top_logprobs", "grammar", "response_format", "cache_prompt", "return_progress",
}  # fmt: skip


async def test_each_case_gets_its_answer(lab: Lab, subtests: pytest.Subtests) -> None:
    """All classes in one run, a good request before, after each fifty and at the end; memory stays bounded."""
    await lab.assert_serves()
    before = lab.gateway.memory_bytes()["VmRSS"]
    count = 0
    for name, cases in CLASSES.items():
        for case in cases():
            with subtests.test(msg=f"{name}: {case.name}"):
                problem = wrong(case, await lab.answer(case))
                assert problem is None, problem
            count += 1
            if count % GOOD_EACH == 0:
                await lab.assert_serves()
    await lab.assert_serves()
    assert count >= CASES_MIN
    assert lab.gateway.memory_bytes()["VmRSS"] - before < GROWN_BYTES_MAX


async def test_graphql_refuses_in_its_answer(lab: Lab, subtests: pytest.Subtests) -> None:
    """With reasons that are short, and nothing of what was asked for."""
    for case in graphql_cases.cases():
        with subtests.test(msg=case.name):
            response = await lab.answer(case)
            problem = wrong(case, response)
            assert problem is None, problem
            answer = response.json()
            assert answer.get("data") is None
            assert answer["errors"]
            assert len(response.body) < 5 * ERROR_BYTES_MAX
    await lab.assert_serves()


async def test_nothing_private_reaches_the_engine(lab: Lab) -> None:
    """Engines are sent only the fields that the gateway knows, and of their values none that was not checked."""
    before = len(lab.engine.requests)
    for case in private_cases.cases():
        await lab.answer(case)
    sent = [exchange.body for exchange in lab.engine.requests[before:]]
    assert sent
    assert not any(KEY in str(exchange.headers) for exchange in lab.engine.requests[before:])
    for body in sent:
        assert set(body) <= SENT_TO_ENGINES
        assert body.get("cache_prompt", True) is True
        assert "canary" not in str(body)
        assert body["max_tokens"] == 2
        assert "grammar" not in body


async def test_nothing_private_reaches_the_engine_with_a_prompt(lab: Lab) -> None:
    """A text completion sends the fields that it knows, and no others."""
    before = len(lab.engine.requests)
    for case in prompt_cases.cases():
        await lab.answer(case)
    sent = [exchange.body for exchange in lab.engine.requests[before:]]
    assert sent
    assert {name for body in sent for name in body} <= (SENT_TO_ENGINES | {"prompt"}) - {"messages"}
    assert not any("canary" in str(body) for body in sent)


async def test_text_reaches_the_engine_to_the_letter(lab: Lab) -> None:
    """No template, marker or frame in a message is read as anything but text."""
    for text, case in zip(text_cases.TEXTS, text_cases.cases(), strict=True):
        response = await lab.answer(case)
        assert response.status == 200
        assert lab.engine.requests[-1].body["messages"] == [{"role": "user", "content": text}]


async def test_bad_requests_share_a_connection_with_good_ones(lab: Lab) -> None:
    """After a refusal for its fields a connection goes on, and the answers stay in step."""
    cases = [case for case in type_cases.cases() if case.status == (400,)][:100]
    good = [case for case in type_cases.cases() if case.status == (200,)][:10]
    async with await RawClient.connect(lab.gateway.url) as client:
        for number, case in enumerate(cases):
            for each in (case, good[number % len(good)]):
                await client.send(each.request())
                assert (await client.response()).status in each.status
