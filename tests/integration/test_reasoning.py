"""Thinking on a real llama.cpp server, without a gateway around it: what the engine itself makes of what it is told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from antiphon.chat import ChatRequest, Delta, Message, Reasoning, ResponseFormat, Sampling, Usage
from antiphon.completions.generate import ChoiceStream
from antiphon.completions.plan import Bounds, Caller, Plan
from antiphon.engines import Job, wire
from antiphon.engines.kinds import kind
from antiphon.engines.probe import thought
from antiphon.engines.thought import OFF, Thought
from antiphon.engines.upstream import HttpEngine
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.ids import seeded
from antiphon.key import Key
from antiphon.models.catalogue import Model, Offer
from antiphon.models.placement import Placement
from antiphon.structured.grammar import compile_schema
from tests.conformance import engines
from tests.conformance.processes import announced, running

BOUNDS = Bounds(first_token_s=60, inter_token_s=60, total_s=60, total_s_max=600, heartbeat_s=60)
STORY = (Message("user", "Write a long story about a fox and a bear in the woods."),)
TEMPLATES = engines.THINKING.parent
MARKED = Thought("<think>", "</think>", bounded_by="engine")
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 12}},
    "required": ["city"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server for each template, by the template's name."""
    logs = tmp_path_factory.mktemp("engines")
    script = Path(engines.__file__).parent / "llamacpp_server.py"
    command = [sys.executable, str(script), str(engines.model_file())]
    with (
        running([*command, str(TEMPLATES / "opened.jinja")], logs / "opened") as opened,
        running([*command, str(TEMPLATES / "unopened.jinja")], logs / "unopened") as unopened,
    ):
        began = {"opened": opened, "unopened": unopened}
        yield {name: announced(process, logs / name, within_s=60)["url"] for name, process in began.items()}


@pytest.fixture
async def made(addresses: dict[str, str]) -> AsyncIterator[dict[str, HttpEngine]]:
    """An engine for each template."""
    found = {name: HttpEngine(name, Pool(Origin.parse(url)), kind("llama.cpp")) for name, url in addresses.items()}
    yield found
    for each in found.values():
        await each.close()


async def rendered(engine: HttpEngine, job: Job) -> str:
    """What the server's template makes of the job."""
    body = await engine.post("/apply-template", wire.encode(job, engine.kind, stream=False))
    assert body is not None
    prompt = json.loads(body)["prompt"]
    assert isinstance(prompt, str)
    return prompt


async def asked(
    engine: HttpEngine, known: Thought, request: ChatRequest, *, grammar: str | None = None
) -> tuple[list[Delta], Usage]:
    """All deltas of one choice, and its usage."""
    now = asyncio.get_running_loop().time()
    plan = Plan(
        request=request,
        caller=Caller(Key("alice")),
        model=Model("m", (Offer(engine, "m", thought=known),)),
        sampling=request.sampling,
        begun_at=now,
        total_at=now + 60,
        first_token_at=now + 60,
        grammar=grammar,
    )
    choice = ChoiceStream(plan, 0, Placement(queue_max=9), bounds=BOUNDS, ids=seeded(1))
    await choice.start()
    told: list[Delta] = []
    while (some := await choice.next()) != []:
        told += some or []
    assert choice.usage is not None
    return told, choice.usage


def texts(deltas: list[Delta]) -> tuple[str, str]:
    """What was thought, and what was said."""
    return "".join(delta.reasoning for delta in deltas), "".join(delta.content for delta in deltas)


@pytest.mark.parametrize(("name", "opened"), [("opened", True), ("unopened", False)])
async def test_the_engine_shows_how_its_model_thinks(made: dict[str, HttpEngine], name: str, opened: bool) -> None:
    """By what its template makes of a turn."""
    assert await thought(made[name], "m") == replace(MARKED, opened=opened)


@pytest.mark.parametrize("name", ["opened", "unopened"])
async def test_off_closes_the_section_in_the_prompt(made: dict[str, HttpEngine], name: str) -> None:
    """It is not only left out of the answer."""
    job = Job("m", STORY, Sampling(max_tokens=8))
    assert "</think>" not in await rendered(made[name], job)
    assert (await rendered(made[name], replace(job, thinking=OFF))).endswith("<think>\n\n</think>\n\n")


@pytest.mark.parametrize("tokens", [1, 2, 7, 20])
async def test_the_engine_ends_a_thought(made: dict[str, HttpEngine], tokens: int) -> None:
    """At the number of tokens that it is told, with an answer after it."""
    request = ChatRequest("m", STORY, Sampling(max_tokens=40, temperature=0.0), reasoning=Reasoning(max_tokens=tokens))
    deltas, usage = await asked(made["opened"], replace(MARKED, opened=True), request)
    assert usage.reasoning_tokens <= tokens
    assert texts(deltas)[1]
    assert "think>" not in texts(deltas)[1]


async def test_a_thought_that_cannot_be_switched_off_is_ended_at_once(made: dict[str, HttpEngine]) -> None:
    """No text of it comes; with no tokens at all it would never have ended."""
    request = ChatRequest("m", STORY, Sampling(max_tokens=30, temperature=0.0), reasoning=Reasoning(effort="none"))
    deltas, usage = await asked(made["opened"], replace(MARKED, opened=True, switched=False), request)
    thoughts, said = texts(deltas)
    assert (thoughts, usage.reasoning_tokens) == ("", 0)
    assert said


async def test_the_gateway_ends_a_thought_where_the_engine_does_not(made: dict[str, HttpEngine]) -> None:
    """The same thought as far as it goes; what was spent on it is counted, and taken from the answer."""
    request = ChatRequest("m", STORY, Sampling(max_tokens=40, temperature=0.0), reasoning=Reasoning(max_tokens=10))
    whole, _ = await asked(made["opened"], replace(MARKED, opened=True), replace(request, reasoning=Reasoning()))
    deltas, usage = await asked(made["opened"], replace(MARKED, opened=True, bounded_by="gateway"), request)
    thoughts, said = texts(deltas)
    assert texts(whole)[0].startswith(thoughts)
    assert said
    assert not said.strip().startswith("</")
    assert usage.reasoning_tokens == 10
    assert usage.completion_tokens <= 40


@pytest.mark.parametrize(
    ("name", "opened", "temperature", "seed"),
    [("opened", True, 1.0, 1), ("opened", True, 1.0, 2), ("opened", True, 0.0, 0), ("unopened", False, 0.0, 0)],
)
async def test_our_grammar_stands_behind_the_thought(
    made: dict[str, HttpEngine], name: str, opened: bool, temperature: float, seed: int
) -> None:
    """However hot the sampling; a model that has to open its thought itself may answer at once."""
    request = ChatRequest(
        "m",
        (Message("user", "Where is the Louvre?"),),
        Sampling(max_tokens=80, temperature=temperature, seed=seed),
        response_format=ResponseFormat("json_schema", schema=SCHEMA),
        reasoning=Reasoning(max_tokens=10),
    )
    grammar = compile_schema(SCHEMA, param="schema").grammar
    deltas, _ = await asked(made[name], replace(MARKED, opened=opened), request, grammar=grammar)
    thoughts, said = texts(deltas)
    assert set(json.loads(said)) == {"city"}
    assert thoughts or not opened
