"""Real llama.cpp nodes killed in mid-stream: the text is as it would have been, or without a gap or a repeat."""

from __future__ import annotations

import asyncio
import random
import statistics
from pathlib import Path

import pytest

from .conftest import Tell
from .lab import kill_in_turn
from .likelihood import Reference
from .processes import aside, started
from .prompts import body, prompt
from .reading import Answer
from .real_nodes import MODEL, SERVED, RealNodes, llama, real_nodes, vllm
from .seams import answers_of, seam_wrongs

TOKENS = 64
KILLS = {True: 100, False: 20}
SAME_MIN = 0.99
PARALLEL = 4
KILL_EVERY_S = 5.0
LESS_LIKELY_MAX = 0.02
AT_ONCE = {True: 300, False: 60}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


async def killed_once(lab: RealNodes, number: int, chance: random.Random) -> Answer:
    """The answer to a prompt whose node is killed in its middle."""
    lab.cutter.arm(chance.randint(3, TOKENS - 8), lambda passed: lab.nodes[passed.node].strike())
    answer = await lab.load.ask(body(number, "text", model=MODEL, tokens=TOKENS))
    if lab.cutter.struck is not None:
        node = lab.nodes[lab.cutter.struck.node]
        await node.stop()
        await node.start()
        await lab.all_up()
    lab.cutter.disarm()
    return answer


async def test_text_is_that_of_an_undisturbed_run(tmp_path: Path, full: bool, seed: int, tell: Tell) -> None:
    """Greedy, one request at a time: a kill in the middle of each changes no letter in 99 of 100."""
    chance = random.Random(seed)
    nodes = [llama(f"llama-{number}", tmp_path, slots=1) for number in range(2)]
    async with real_nodes(tmp_path, *nodes, slots=1) as lab:
        whole, broken = {}, {}
        for number in range(KILLS[full]):
            whole[number] = await lab.load.ask(body(number, "text", model=MODEL, tokens=TOKENS))
        for number in range(KILLS[full]):
            broken[number] = await killed_once(lab, number, chance)
        kills = lab.kills
    failed = [answer for answer in broken.values() if answer.error is not None or not answer.done]
    compared = [number for number in broken if broken[number] not in failed]
    same = sum(broken[number].choices[0].text == whole[number].choices[0].text for number in compared)
    tell(
        "G3 one at a time",
        figure={"failed": len(failed), "same": same, "of": len(broken)},
        limit={"failed": 0, "same_share_min": SAME_MIN},
        injected={"kills": kills},
    )
    assert not failed, failed[:3]
    assert kills >= 0.9 * KILLS[full]  # some prompts are answered in fewer tokens
    assert same >= SAME_MIN * len(broken)


async def test_streams_have_no_seam_to_be_seen(tmp_path: Path, full: bool, seed: int, tell: Tell) -> None:
    """Four at once, a kill every five seconds: none fails, and at no seam anything is missing or said twice."""
    chance = random.Random(seed)
    nodes = [llama(f"llama-{number}", tmp_path, slots=PARALLEL) for number in range(3)]
    whole: dict[int, Answer] = {}
    async with real_nodes(tmp_path, *nodes, slots=PARALLEL) as lab:
        async with aside(lambda: kill_in_turn(nodes, every_s=KILL_EVERY_S, chance=chance)):
            answers = await answered(lab, AT_ONCE[full])
        passed, kills = lab.passed(), lab.kills
        if full:
            await lab.all_up()
            whole = await answered(lab, AT_ONCE[full])
    failed = [answer for answer in answers.values() if answer.error is not None or not answer.done]
    attempts = {number: answers_of(passed, marked(number)) for number in answers}
    wrongs = {
        number: found
        for number, answer in answers.items()
        if answer not in failed and (found := seam_wrongs(attempts[number], answer.choices[0].text))
    }
    likely = await likelihoods(tmp_path, answers, whole) if full and not failed else {}
    tell(
        "G3 four at once",
        figure={"failed": len(failed), "bad_seams": len(wrongs), "of": len(answers), "mean_log_probability": likely},
        limit={"failed": 0, "bad_seams": 0, "less_likely_share_max": LESS_LIKELY_MAX},
        injected={"kills": kills, "seams": sum(each.prefill != "" for each in passed)},
    )
    assert not failed, failed[:3]
    assert wrongs == {}
    assert any(each.prefill for each in passed)
    if likely:
        assert likely["killed"] >= likely["undisturbed"] * (1 + LESS_LIKELY_MAX)  # both are below nothing


async def answered(lab: RealNodes, count: int) -> dict[int, Answer]:
    """The answers to so many prompts, four at once."""
    answers: dict[int, Answer] = {}
    numbers = iter(range(count))

    async def client() -> None:
        for number in numbers:
            asked = body(number, "text", model=MODEL, tokens=TOKENS)
            asked["messages"][-1]["content"] = marked(number)
            answers[number] = await lab.load.ask(asked)

    await asyncio.gather(*(client() for _ in range(PARALLEL)))
    return answers


async def likelihoods(folder: Path, killed: dict[int, Answer], whole: dict[int, Answer]) -> dict[str, float]:
    """The mean log-probability of a token, of the answers with kills and of those without, as vLLM finds them."""
    means = {}
    node = vllm("vllm-reference", folder)
    async with started(node):
        reference = Reference(node.url, SERVED)
        for name, answers in {"killed": killed, "undisturbed": whole}.items():
            found: list[float] = []
            for number, answer in answers.items():
                found += await reference.log_probabilities(marked(number), answer.choices[0].text)
            means[name] = round(statistics.fmean(found), 4)
        await reference.close()
    return means


def marked(number: int) -> str:
    """A prompt that no other request has."""
    return f"{prompt(number)} ({number})"
