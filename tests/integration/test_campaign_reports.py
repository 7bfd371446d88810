"""A campaign from its requests to its verdict: what people say at the gateway's doors decides it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from antiphon.testing.raw_client import RawClient, request_bytes
from tests.integration.campaigns_lab import ADMIN, STRANGER, Lab, laboratory, user

pytestmark = pytest.mark.asyncio(loop_scope="module")
JSON = Any  # Any: the wire
USERS = 60
GOALS = [{"metric": "thumbs"}, {"metric": "solved", "kind": "outcome"}, {"metric": "thumbs", "kind": "comparison"}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """One gateway with a database of its own, and metrics."""
    folder = tmp_path_factory.mktemp("one")
    async with laboratory(f"sqlite:///{folder / 'test.db'}", [folder]) as made:
        for key in ("thumbs", "solved"):
            await posted(made, "/v1/feedback/metrics", {"key": key, "kind": "BOOL"})
        yield made


async def posted(lab: Lab, path: str, body: JSON) -> JSON:
    """What the gateway made of it."""
    answer = await lab.gateways[0].ask(path, body, key=ADMIN)
    assert answer.status in (200, 201), answer.body
    return answer.json()


async def report(lab: Lab, key: str) -> JSON:
    """What is known of a campaign."""
    return (await lab.manage(f"/{key}/report")).json()


async def counted(lab: Lab, key: str) -> int:
    """How many units were counted."""
    units: dict[str, int] = (await report(lab, key))["verdict"]["ratio"]["units"]
    return sum(units.values())


async def spoken(lab: Lab, number: int) -> tuple[str, str]:
    """A user asks, then likes the answer of one variant and not the other's, at first the wrong way round."""
    session = user(1_000 + number)
    choice = (await posted(lab, "/api/v1/chat/completions", asked(number, session)))["choices"][0]
    model, completion = choice["model"], choice["completion_id"]
    for value in (model != "two", model == "two"):
        said = {"metric": "thumbs", "completion_id": completion, "value": value, "user_id": user(number)}
        await posted(lab, "/api/v1/feedback", said)
    outcome = {"metric": "solved", "project_id": "p", "session_id": session, "value": number % 2}
    await posted(lab, "/api/v1/outcome", outcome)
    return model, completion


def asked(number: int, session: str) -> JSON:
    """A request of one user."""
    messages = [{"role": "user", "content": "hello"}]
    return {"model": "p", "messages": messages, "max_tokens": 3, "user": user(number), "session_id": session}


async def test_what_people_say_decides(lab: Lab) -> None:
    """Each user once, with their last word; preferences and outcomes beside it; all of it also when it is deleted."""
    async with lab.campaign("voted", goals=GOALS, samples_min=10) as made:
        answers = await asyncio.gather(*(spoken(lab, number) for number in range(USERS)))
        warm = [completion for model, completion in answers if model == "two"]
        plain = [completion for model, completion in answers if model == "one"]
        for preferred, other in zip(warm, plain, strict=False):
            said = {"metric": "thumbs", "project": "p", "preferred_completion": preferred, "other_completion": other}
            await posted(lab, "/api/v1/comparison", said)
        async with asyncio.timeout(10):
            while await counted(lab, made["id"]) < USERS:  # noqa: ASYNC110 - counted behind the answers
                await asyncio.sleep(0.05)
        found = await report(lab, "voted")
    verdict = found["verdict"]
    thumbs, solved, preferred = verdict["metrics"][:3]
    assert (verdict["status"], verdict["winner"]) == ("decided", "warm")
    assert [(one["n"], one["mean"]) for one in thumbs["standings"]] == [(len(plain), 0), (len(warm), 1)]
    assert sum(one["n"] for one in solved["standings"]) == USERS
    tally = {"first": 0, "second": min(len(warm), len(plain)), "ties": 0, "ties_bad": 0}
    assert preferred["comparisons"][0]["tally"] == tally
    assert verdict["ratio"]["units"] == {"plain": len(plain), "warm": len(warm)}
    async with await RawClient.connect(lab.gateways[0].url) as client:
        headers = {"authorization": f"Bearer {ADMIN}"}
        await client.send(request_bytes("/v1/interactions?project=p", method="DELETE", headers=headers))
        assert (await client.response(timeout_s=30.0)).json()["deleted"] == USERS
    assert (await report(lab, "voted"))["verdict"] == verdict


async def test_a_report_is_for_its_account(lab: Lab) -> None:
    """Any other is told what it would be told of a campaign that is not there."""
    known, strange = [await lab.manage("/ghosts/report?format=text", key=key) for key in (ADMIN, STRANGER)]
    assert (known.status, strange.status) == (200, 404)
    assert known.body.startswith(b"ghosts (ghosts): running")
    nothing = await lab.manage("/nothing/report", key=STRANGER)
    assert strange.body.replace(b"ghosts", b"nothing") == nothing.body
