"""The checks of `antiphon conformance`: our gateway keeps all, a bare engine lacks some, a broken one fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from antiphon.clock import SystemClock
from antiphon.conformance.check import Check, Outcome
from antiphon.conformance.report import conforms
from antiphon.conformance.suite import chosen
from antiphon.conformance.survey import Survey, survey
from antiphon.ids import Ids
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import parse_fault
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits
from tests.conformance import llamacpp_server
from tests.conformance.engines import model_file
from tests.conformance.processes import announced, running

KEY = "sk-conformance-0123456789abcdef"
SETTINGS = f"""
[[keys]]
name = "checks"
key = "{KEY}"
[[models]]
name = "smollm2:135m"
reference = "smollm2:135m"
context_length = 2048
"""
# A model that can what most cannot, on a gateway that is quick to show that it lives.
GIFTED = f"""
[timeouts]
heartbeat_s = 0.2
[[keys]]
name = "checks"
key = "{KEY}"
[[upstreams]]
url = "{{url}}"
[[upstreams.models]]
name = "gifted"
upstream_name = "fault-model"
context_length = 4096
modalities = ["text", "image"]
domain_aligned = true
[[upstreams.models]]
name = "vectors"
upstream_name = "fault-model"
embeddings = true
"""
READY_S = 60.0
BROKEN_S = 1.0
LONGEST = (
    "truncation.nugen_default"  # it has the model read a long conversation twice, as effects/test_truncation.py does
)

# What a bare llama.cpp server is known not to do, and what it is known to do otherwise.
LACKS = {
    *("tools.required", "tools.one_by_name", "tools.streamed", "tools.single", "structured.refusal", "errors.field"),
    *("ranges.temperature", "ranges.top_p", "ranges.stop", "ranges.model", "ranges.logprobs", "ranges.time_limits"),
    *("errors.text", "errors.no_key", "errors.unknown_model", "errors.request_id", "errors.timeout_secs"),
    *("interactions.stored", "sessions.grouped", "truncation.shortened", "plain.node", "logprobs.zero"),
}
FAILS = {"n.usage", "plain.parts", "stop.held_back_at_limit", "errors.openai_object"}
KEEPS = {
    *("plain.shape", "plain.usage", "plain.max_tokens", "stream.end", "stream.usage", "stream.same_text"),
    *("sampling.seed", "sampling.top_k", "sampling.logit_bias", "stop.one", "n.two", "logprobs.candidates"),
    *("structured.schema", "structured.keywords", "models.listing", "text.shape", "errors.broken_json"),
}

# Each fault with checks that must notice it; the rest of these areas may.
PLAIN = "plain.shape"
FAULTS: dict[str, tuple[str, ...]] = {
    "close k=2": (PLAIN, "stream.end"),
    "reset k=1": (PLAIN, "stream.end"),
    "freeze k=1": (PLAIN, "stream.end"),
    "chatter k=1": (PLAIN, "stream.end"),
    "cut k=1": (PLAIN, "stream.end"),
    "end_early k=2": (PLAIN, "stream.end"),
    "endless": ("stream.end",),
    "stream_error": (PLAIN, "stream.end"),
    "garbage k=1": (PLAIN, "stream.end"),
    "garbage k=1 kind=binary": (PLAIN,),
    "huge_line k=1 size_bytes=10000000": ("stream.end",),
    "bad_chunking k=1": (PLAIN, "stream.end"),
    "status status=500": (PLAIN, "stream.end"),
    "status status=503 shape=html": (PLAIN, "stream.end"),
    "empty_body": (PLAIN, "stream.end"),
    "header_flood size_bytes=1000000": (PLAIN, "stream.end"),
    "wrong_length": (PLAIN,),
    "compressed": (PLAIN,),
    "lying_usage": ("plain.usage", "plain.max_tokens"),
    "no_usage": (PLAIN, "plain.usage", "stream.usage"),
    "usage_each_chunk": ("stream.no_usage", "stream.usage"),
    "no_finish": (PLAIN, "stream.end"),
    "no_done": ("stream.end",),
    "double_done": ("stream.end",),
    "after_done": ("stream.end",),
    "wrong_index": (PLAIN, "stream.pieces"),
    "bare": (PLAIN, "stream.events", "stream.role"),
}


async def outcomes(
    url: str, checks: Sequence[Check], *, key: str | None = None, timeout_s: float, at_once: int = 4
) -> list[Outcome]:
    """How these checks end on the server at that address."""
    asked = Survey(url, key, timeout_s=timeout_s, at_once=at_once)
    _, found = await survey(asked, checks, clock=SystemClock(), ids=Ids())
    return found


def verdicts(found: Sequence[Outcome]) -> dict[str, str]:
    """The verdict of each check, by its name."""
    return {outcome.check.id: outcome.verdict for outcome in found}


def sample() -> tuple[Check, ...]:
    """All checks but the longest of the doors that have few, and the first of each area of the door that has many."""
    first = {check.id.partition(".")[0]: check for check in reversed(chosen()) if check.door == "v1"}
    return tuple(check for check in chosen() if check in first.values() or (check.door != "v1" and check.id != LONGEST))


@pytest.mark.parametrize("checks", [sample(), pytest.param(chosen(), marks=pytest.mark.slow)], ids=("sample", "all"))
async def test_our_own_gateway_keeps_every_mandatory_promise(tmp_path: Path, checks: tuple[Check, ...]) -> None:
    """On the embedded model, at all three doors; and it keeps nothing of what the checks stored."""
    async with GatewayProcess(SETTINGS, tmp_path) as gateway:
        found = await outcomes(gateway.url, checks, key=KEY, timeout_s=READY_S)
        told = await gateway.ask("/v1/interactions?count=true", key=KEY)
    assert [f"{one.check.id}: {one.reason}" for one in found if one.needed] == []
    assert conforms(found)
    assert {one.check.id for one in found if one.verdict == "error"} == set()
    stored = json.loads(told.body)
    assert [one["messages"] for one in stored["data"] if one["door"] == "v1"] == []


@pytest.mark.parametrize(
    "kept",
    [frozenset({"plain.shape", "stream.end", "models.listing"}), pytest.param(KEEPS, marks=pytest.mark.slow)],
    ids=("sample", "all"),
)
async def test_a_bare_engine_is_told_what_it_lacks(tmp_path: Path, kept: frozenset[str]) -> None:
    """llama.cpp's server as it is: known gaps are named as such, and what it does is not held against it."""
    command = [sys.executable, str(llamacpp_server.__file__), str(model_file())]
    log = tmp_path / "llamacpp.log"
    with running(command, log) as process:
        url = announced(process, log, within_s=READY_S)["url"]
        known = [check for check in chosen() if check.door != "v1" or check.id in LACKS | FAILS | kept]
        found = await outcomes(url, known, timeout_s=READY_S)
    told = verdicts(found)
    assert {name: told[name] for name in LACKS} == dict.fromkeys(LACKS, "lacks")
    assert {name: told[name] for name in FAILS} == dict.fromkeys(FAILS, "fail")
    assert {name: told[name] for name in kept} == dict.fromkeys(kept, "pass")
    elsewhere = {outcome.check.id: outcome.verdict for outcome in found if outcome.check.door != "v1"}
    assert elsewhere == dict.fromkeys(elsewhere, "lacks"), "doors that are not there are lacking, and nothing else"
    assert not conforms(found)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_broken_server_fails_and_holds_nobody_up(fault: str) -> None:
    """Whatever is wrong with its answers, the checks end in time and say so."""
    checks = chosen(areas=("plain", "stream"))
    async with FaultEngine() as engine:
        engine.always(parse_fault(fault))
        found = await outcomes(engine.url, checks, timeout_s=BROKEN_S, at_once=len(checks))
    told = verdicts(found)
    assert {name: told[name] for name in FAULTS[fault] if told[name] == "pass"} == {}
    assert all(outcome.reason for outcome in found if outcome.verdict != "pass")


async def test_a_good_engine_passes_where_a_broken_one_fails() -> None:
    """Without a fault the same engine keeps each of those promises, so that it is the fault that was noticed."""
    async with FaultEngine() as engine:
        told = verdicts(await outcomes(engine.url, chosen(areas=("plain", "stream")), timeout_s=READY_S))
    noticed = {name for names in FAULTS.values() for name in names}
    assert {name: told[name] for name in noticed} == dict.fromkeys(noticed, "pass")


async def test_a_gifted_model_keeps_what_is_optional(tmp_path: Path) -> None:
    """Images, confidence, vectors and signs of life, where the model and the engine have them."""
    areas = ("vision", "confidence", "embeddings", "heartbeats")
    async with FaultEngine(Habits(embeds=True)) as engine:
        settings = GIFTED.format(url=engine.url.removesuffix("/v1"))
        async with GatewayProcess(settings, tmp_path) as gateway:
            found = await outcomes(gateway.url, chosen(areas=areas[:3]), key=KEY, timeout_s=READY_S)
            engine.always(parse_fault("slow delay_s=0.5"))
            slow = chosen(areas=areas[3:], slow=True)
            found += await outcomes(gateway.url, slow, key=KEY, timeout_s=READY_S)
    assert [f"{one.check.id}: {one.reason}" for one in found if one.verdict != "pass"] == []
    assert {one.check.area for one in found} == set(areas)
