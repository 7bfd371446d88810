"""From llama.cpp to vLLM and back: an answer that one began the other ends, and it is whole."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import jsonschema_rs
import pytest

from antiphon.testing.raw_client import RawClient, request_bytes

from .clients import CHAT, FIRST_DELTA
from .conftest import Tell
from .lab import KEY
from .prompts import CITY, body, prompt
from .proxy import Passed
from .reading import Answer
from .real_nodes import MODEL, RealNodes, llama, real_nodes, vllm
from .seams import answers_of, seam_wrongs

Kind = Literal["text", "schema", "tools"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LLAMA, VLLM = "llama", "vllm"
TOKENS = {"text": 48, "schema": 300, "tools": 300}
EVENTS_MAX = 24  # after which an answer is cut at the latest
CUTS = {True: 50, False: 4}
REAL_KILLS = {True: 2, False: 0}  # of vLLM, which takes half a minute to start
SHOWN_MAX = 8
HELD_TOKENS = 1000
CITIES = jsonschema_rs.validator_for(CITY)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@dataclass
class Found:
    """How often answers were cut on each side, and all that was wrong with them."""

    answers: int = 0
    cut: dict[str, int] = field(default_factory=lambda: {LLAMA: 0, VLLM: 0})
    wrong: list[str] = field(default_factory=list)


async def held(lab: RealNodes, node: str) -> RawClient:
    """A client that keeps the one slot of a node until it is closed."""
    client = await RawClient.connect(lab.gateway.url)
    asked = body(0, "text", model=node, tokens=HELD_TOKENS)
    asked["messages"][-1]["content"] = "Count from one to a thousand, one number a line."
    await client.send(request_bytes(CHAT, asked, headers={"authorization": f"Bearer {KEY}"}))
    await client.until(FIRST_DELTA, timeout_s=60)
    return client


async def wandered(lab: RealNodes, asked: dict[str, object], *, begins: str, events: int, kill: bool) -> Answer:
    """The answer to a request that begins at that node, since the other is held, and is cut there."""
    async with await held(lab, VLLM if begins == LLAMA else LLAMA) as holder:

        def strike(passed: Passed) -> None:
            holder.close()
            if kill:
                lab.nodes[passed.node].strike()
            else:
                lab.proxies[passed.node].reset()

        lab.cutter.arm(events, strike, node=begins)
        return await lab.load.ask(asked)


async def mended(lab: RealNodes) -> None:
    """Start what was killed, and wait until the gateway knows."""
    struck = lab.cutter.struck
    if struck is not None and not lab.nodes[struck.node].alive:
        await lab.nodes[struck.node].stop()
        await lab.nodes[struck.node].start()
    lab.cutter.disarm()
    await lab.all_up()


def faults_of(answer: Answer, kind: Kind, attempts: list[Passed]) -> list[str]:
    """What is wrong with an answer of that kind."""
    if answer.error is not None or not answer.done or list(answer.choices) != [0]:
        return [f"failed: {answer.error or answer}"]
    choice = answer.choices[0]
    found = [] if len(choice.finish_reasons) == 1 and len(answer.ids) == 1 else [f"ends oddly: {answer}"]
    if kind == "tools":
        calls = [(call.name, call.arguments) for call in choice.calls.values()]
        good = len(calls) == 1 and calls[0][0] == "keep_city" and is_city(calls[0][1])
        return found if good else [*found, f"calls {calls}"]
    if kind == "schema" and not is_city(choice.text):
        found.append(f"no city: {choice.text}")
    return found + seam_wrongs(attempts, choice.text)


def is_city(text: str) -> bool:
    """Whether a text is a document that the schema allows."""
    try:
        return CITIES.is_valid(json.loads(text))
    except ValueError:
        return False


async def cut_kind(lab: RealNodes, kind: Kind, cuts: int, chance: random.Random, *, real: int) -> Found:
    """Answers of a kind until so many from each side were cut; the last `real` of vLLM by a kill. Some end before."""
    found = Found()
    for number in range(3 * cuts):
        begins = min(found.cut, key=lambda name: found.cut[name])
        if found.cut[begins] == cuts:
            break
        asked = body(number, kind, model=MODEL, tokens=TOKENS[kind])
        asked["messages"][-1]["content"] = content = f"{prompt(number)} ({number})"
        kill = begins == LLAMA or found.cut[begins] >= cuts - real
        lab.forget()
        answer = await wandered(lab, asked, begins=begins, events=chance.randint(4, EVENTS_MAX), kill=kill)
        struck = lab.cutter.struck
        found.answers += 1
        found.cut[begins] += struck is not None and struck.node == begins
        found.wrong += [f"{begins}: {said}" for said in faults_of(answer, kind, answers_of(lab.passed(), content))]
        await mended(lab)
    return found


async def test_the_other_engine_ends_it(tmp_path: Path, full: bool, seed: int, tell: Tell) -> None:
    """Cut in its middle on either side, every answer is whole, and every document valid."""
    chance = random.Random(seed)
    nodes = (llama(LLAMA, tmp_path, slots=1), vllm(VLLM, tmp_path))
    results = {}
    async with real_nodes(tmp_path, *nodes, slots=1) as lab:
        for kind in KINDS:
            kills = lab.kills
            results[kind] = found = await cut_kind(lab, kind, CUTS[full], chance, real=REAL_KILLS[full])
            tell(
                f"G3 across engines, {kind}",
                figure={"of": found.answers, "wrong": len(found.wrong)},
                limit={"wrong": 0},
                injected={"from_llama": found.cut[LLAMA], "from_vllm": found.cut[VLLM], "kills": lab.kills - kills},
            )
    wrong = [said for found in results.values() for said in found.wrong]
    assert not wrong, "\n".join(wrong[:SHOWN_MAX])
    assert {kind: min(found.cut.values()) for kind, found in results.items()} == dict.fromkeys(KINDS, CUTS[full])
