"""Requests made from the OpenAPI document, good and bad ones: what comes back is what the document says."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from antiphon.completions.dialects.anthropic_messages.request import REFUSED as MESSAGES_REFUSED
from antiphon.completions.dialects.openai_responses.request import REFUSED as RESPONSES_REFUSED
from tests.examples.processes import ENGINE_MODULE, Gateway, ask, gateway, said, started, variables
from tests.integration.openapi_examples import VARIANTS, Examples

if TYPE_CHECKING:
    import schemathesis

    Case = schemathesis.Case[Any]  # Any: whatever is sent

JSON = Any  # Any: the wire
CASES_FEW = 150
CASES_EACH = 14
EXAMPLES_EACH = 6
KINDS = ("bad", "bad", "good", "home", "example", "example")
ANSWER_S_MAX = 30.0
# What made-up requests do not get a good answer from: what takes a wallet, a payment, a machine or a browser.
OUT_OF_REACH = {
    "GET /",
    "POST /v1/console/session",
    "DELETE /v1/console/session",
    "GET /v1/earnings",
    "POST /v1/auth/challenge",
    "POST /v1/auth/wallet",
    "POST /v1/credits/topup",
    "POST /v1/files",
    "POST /v1/nodes/enrol",
    "POST /v1/nodes/lease",
    "GET /v1/nodes/{node}",
    "PATCH /v1/nodes/{node}",
    "DELETE /v1/nodes/{node}",
    "POST /v1/nodes/{node}/pardon",
}
SETTINGS = """
auth: {{keys_per_account_max: 1000}}
overload: {{lag_s: 0}}
upstreams:
  - url: {url}
    name: engine
    kind: vllm
    models:
      - {{name: one, upstream_name: fault-model, embeddings: false, modalities: [text], context_length: 8192}}
      - {{name: vectors, upstream_name: fault-model, embeddings: true}}
"""
# Operations on an account's credit, which the development key has not.
PAID = ("/v1/credits/", "/v1/dev/", "/v1/receipts/")
# Without these a request that is made up can hardly be answered: the rules between fields are not in a schema.
LEFT_OUT = (
    "functions",
    "function_call",
    "tools",
    "tool_choice",
    "response_format",
    "top_logprobs",
    "suffix",
    "best_of",
)
# And these of responses and messages, most of which are refused whatever they hold.
OF_OTHERS = (
    *RESPONSES_REFUSED,
    *MESSAGES_REFUSED,
    "previous_response_id",
    "n",
    "text",
    "reasoning",
    "thinking",
    "stop",
    "system",
)


class Lab(Struct, frozen=True):
    """A gateway; for each operation of its document, requests by its schema and against it; names of what is there.

    `payer` is a key that spends credit.
    """

    gateway: Gateway
    payer: str
    good: dict[str, st.SearchStrategy[Any]]  # Any: schemathesis' own type, whose import takes a second
    bad: dict[str, st.SearchStrategy[Any]]
    names: dict[str, JSON]
    examples: Examples

    def __repr__(self) -> str:
        """Short: a message with all strategies in it would be too long for Hypothesis."""
        return "the lab"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The gateway, which in the end runs and has logged no exception."""
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.core.result import Ok

    folder = tmp_path_factory.mktemp("openapi")
    command = [sys.executable, "-m", ENGINE_MODULE, "--embeds", "--answer-tokens", "4"]
    with started(command, variables(folder), folder / "engine.log") as engine:
        file = folder / "antiphon.yaml"
        file.write_text(SETTINGS.format(url=said(engine, folder / "engine.log")["url"]), encoding="utf-8")
        with gateway(folder, ["--config", str(file)]) as found:
            document = schemathesis.openapi.from_url(f"{found.root}/openapi.json")
            operations = [one.ok() for one in document.get_all_operations() if isinstance(one, Ok)]
            known = sum(map(len, document.raw_schema["paths"].values()))
            assert len(operations) == known - 1  # all could be read, but the one that the document came from
            good = {one.label: one.as_strategy(generation_mode=GenerationMode.POSITIVE) for one in operations}
            bad = {one.label: one.as_strategy(generation_mode=GenerationMode.NEGATIVE) for one in operations}
            payer = made_key(found)
            names = furnished(found, payer)
            yield Lab(found, payer, good, bad, names, Examples(found, names, count()))
            assert found.process.poll() is None
            assert "Traceback" not in (folder / "gateway.log").read_text(encoding="utf-8")


def made_key(found: Gateway) -> str:
    """A stored key."""
    status, made = ask(f"{found.root}/v1/keys", found.key, {"name": "payer", "scopes": ["inference", "credits"]})
    assert status == 201
    return str(made["api_key"])


def furnished(found: Gateway, payer: str) -> dict[str, JSON]:
    """Makes what requests refer to; the value of each field that can name it."""
    status, _ = ask(f"{found.root}/v1/feedback/metrics", found.key, {"key": "thumbs", "kind": "SCALAR"})
    assert status == 201
    question = {"model": "default/one", "messages": [{"role": "user", "content": "hello"}], "n": 2}
    status, answer = ask(f"{found.root}/api/v1/chat/completions", found.key, question)
    assert status == 200
    status, paid = ask(f"{found.root}/v1/chat/completions", payer, {**question, "model": "one"})
    assert status == 200
    campaign = {"key": "colours", "project": "default", "variants": VARIANTS, "share": 0.0}
    status, _ = ask(f"{found.root}/v1/campaigns", found.key, campaign)
    assert status == 201
    status, response = ask(f"{found.root}/v1/responses", found.key, {"model": "one", "input": "hello"})
    assert status == 200
    first, second = (choice["completion_id"] for choice in answer["choices"])
    return {
        "project": "default",
        "project_id": "default",
        "metric": "thumbs",
        "session_id": answer["session_id"],
        "completion_id": first,
        "preferred_completion": first,
        "other_completion": second,
        "receipt": paid["id"],
        "request": paid["id"],
        "asset": "index.html",
        "response": response["id"],
        "channel": "general",
        "campaign": "colours",
        "variants": VARIANTS,
        "goals": [{"metric": "thumbs"}],
        "weights": {"a": 2.0},
        "messages": question["messages"],
        "prompt": "hello",
        "input": "hello",
        "dimensions": None,
    }


def brought_home(lab: Lab, case: Case) -> None:
    """Makes the case ask for what is there."""
    model = "vectors" if case.operation.path.endswith("/embeddings") else "one"
    if isinstance(case.body, dict):
        named = f"default/{model}" if case.operation.path.startswith("/api/v1/") else model
        case.body.update({name: value for name, value in lab.names.items() if name in case.body})
        case.body.update({"model": named} if "model" in case.body else {})
        others = case.operation.path.startswith(("/v1/responses", "/v1/messages"))
        for name in (*LEFT_OUT, *(OF_OTHERS if others else ())):
            case.body.pop(name, None)
    if "channel" in (case.query or {}):
        case.query.update({"channel": lab.names["channel"]})
        for name in ("follow", "wait", "before", "after"):  # which are for ever, or go together by rules
            case.query.pop(name, None)
    if case.path_parameters and case.method != "DELETE":
        names = {**lab.names, "model": model}
        case.path_parameters.update({name: names[name] for name in case.path_parameters if name in names})


def exemplified(lab: Lab, case: Case, added: int) -> None:
    """Makes the case an example, where there is one, with so many of the fields that the case had."""
    example = lab.examples.of(case.operation.label)
    if example is None:
        brought_home(lab, case)
        return
    given = case.body if isinstance(case.body, dict) else {}
    more = [name for name in given if name not in example.body and name not in (*LEFT_OUT, *OF_OTHERS)]
    if example.body:
        case.body = example.body | {name: given[name] for name in more[:added]}
    if case.path_parameters and example.parameter:
        case.path_parameters.update(dict.fromkeys(case.path_parameters, example.parameter))
    if example.query:
        case.query.clear()
        case.query.update(example.query)


@st.composite
def cases(draw: st.DrawFn, lab: Lab, labels: AbstractSet[str], kinds: Sequence[str]) -> Case:
    """A request to one of the operations, by its schema or against it; of the former many ask for what is there."""
    kind = draw(st.sampled_from(kinds))
    strategies = lab.bad if kind == "bad" else lab.good
    case: Case = draw(strategies[draw(st.sampled_from(sorted(labels)))])
    if kind == "home":
        brought_home(lab, case)
    if kind == "example":
        exemplified(lab, case, draw(st.integers(0, 1)))
    return case


def assert_not_ours(case: Case, status: int, told: str) -> None:
    """Nothing went wrong in the gateway; that there was no time may be what the request itself asked for."""
    asked_for = isinstance(case.body, dict) and case.body.get("timeout_secs") is not None
    assert status < 500 or (status == 504 and asked_for), f"{told} to {case.as_curl_command()}"


def tried(lab: Lab, labels: AbstractSet[str], number: int, kinds: Sequence[str] = KINDS) -> Counter[tuple[str, int]]:
    """Sends so many cases and checks what comes back; how often each operation answered with each status."""
    import requests
    from schemathesis.specs.openapi import checks

    session = requests.Session()
    told: Counter[tuple[str, int]] = Counter()
    rules = [
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]

    @settings(max_examples=number, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
    @given(case=cases(lab, labels, kinds), accept=st.sampled_from(["application/json", "text/plain", "*/*"]))
    def send(case: Case, accept: str) -> None:
        key = lab.payer if case.operation.path.startswith(PAID) else lab.gateway.key
        headers = {"authorization": f"Bearer {key}", "accept": accept}
        answer = case.call(session=session, headers=headers, timeout=ANSWER_S_MAX)
        told[case.operation.label, answer.status_code] += 1
        assert_not_ours(case, answer.status_code, answer.text)
        case.validate_response(answer, checks=rules)

    with session:
        send()
    return told


def test_a_few_requests(lab: Lab) -> None:
    """No answer has a status, a type or a body that the document does not name, and none is a mistake of ours."""
    assert tried(lab, lab.good.keys(), CASES_FEW).total() >= CASES_FEW


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_requests(lab: Lab) -> None:
    """The same for many to each operation, which all give a good answer too, but for those out of reach."""
    told: Counter[tuple[str, int]] = Counter()
    for label in sorted(lab.good):
        told += tried(lab, {label}, EXAMPLES_EACH, ["example"]) + tried(lab, {label}, CASES_EACH)
    assert {label for label, _ in told} == set(lab.good)
    answered = {label for label, status in told if status < HTTPStatus.MULTIPLE_CHOICES}
    assert set(lab.good) - answered <= OUT_OF_REACH
