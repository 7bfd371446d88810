"""What is sent to a server under test, and what its answers mean."""

from __future__ import annotations

import json

import pytest

from antiphon.conformance.server import DoorName, Server, Subject, named, segment
from antiphon.conformance.verdict import Failed, Hindered, Lacking
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.ids import seeded
from antiphon.testing.connection import Request

from .stub import Said, always, asking, events, stub

GOOD = {"choices": [{"message": {"content": "Hi."}}]}


async def test_requests_are_short_and_carry_the_key() -> None:
    """Fields add to a short body and replace its parts."""
    async with stub(always(GOOD)) as played:
        pool = Pool(Origin.parse(played.url))
        server = Server(pool, Subject("m", settled={"a": 1}), key="k", ids=seeded(1))
        await server.ask("Hello.", n=2, max_tokens=3)
        await server.keyed(None).ask()
        pool.close()
    first, second = played.requests
    assert (first.method, first.target, first.headers["authorization"]) == ("POST", "/v1/chat/completions", "Bearer k")
    assert "authorization" not in second.headers
    assert json.loads(first.body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello."}],
        "max_tokens": 3,
        "a": 1,
        "n": 2,
    }


@pytest.mark.parametrize(
    ("door", "path", "model"),
    [
        ("v1", "/v1/models", "m"),
        ("nugen", "/api/v3/inference/models", "m"),
        ("adaptive", "/api/v1/models", "p/m"),
    ],
)
async def test_doors_have_their_addresses(door: DoorName, path: str, model: str) -> None:
    """And their names for the model."""
    asked: list[str] = []

    def script(request: Request) -> Said:
        asked.append(request.target)
        return Said()

    async with asking(script, Subject("m", project="p")) as server:
        await server.at(door).send("GET", "/models")
        assert server.at(door).model == model
    assert asked == [path]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Lacking), (422, Lacking), (404, Lacking), (405, Lacking), (501, Lacking), (500, Failed), (302, Failed),
     (401, Hindered), (403, Hindered), (429, Hindered), (503, Hindered)],
)  # fmt: skip
async def test_a_good_request_that_is_not_served(status: int, kind: type[Exception]) -> None:
    """It is not offered, goes wrong, or nothing can be told."""
    async with asking(always({"error": "why"}, status)) as server:
        for ask in (server.ask, server.stream):
            with pytest.raises(kind, match=f"{status}: why"):
                await ask()


async def test_a_refusal_has_the_status_of_its_door() -> None:
    """400, and 422 at Nugen's; another status is a failure, and none at all is a lack."""
    async with asking(always({"error": "why"}, 422)) as server:
        assert (await server.at("nugen").refuse(temperature=9)).message == "why"
        with pytest.raises(Failed, match="`temperature`: 9 is refused with 422 instead of 400: why"):
            await server.refuse(temperature=9)
    async with asking(always(GOOD)) as server:
        with pytest.raises(Lacking, match="`temperature`: 9 is taken"):
            await server.refuse(temperature=9)
    async with asking(always(status=404)) as server:
        with pytest.raises(Lacking):
            await server.refuse(temperature=9)


async def test_a_stream_is_read_to_its_end() -> None:
    """Whatever pieces it comes in."""
    chunk = {"choices": [{"delta": {"role": "assistant", "content": "Hi."}}]}
    async with asking(events(chunk, chunk)) as server:
        found = await server.stream()
        assert (found.text(), found.done) == ("Hi.Hi.", True)
        assert found.headers["content-type"] == "text/event-stream"


async def test_silence_tells_nothing() -> None:
    """A model that spends its tokens elsewhere cannot be judged by its text."""
    async with asking(always({"choices": [{"message": {"content": None}}]})) as server:
        with pytest.raises(Hindered):
            await server.text()


async def test_too_many_requests_are_sent_again() -> None:
    """As often as twice, after the time that the server asks for; a long time is not waited for."""
    answers = [Said(status=429, headers={"retry-after": "0"}), Said(GOOD)]
    async with asking(lambda _: answers.pop(0)) as server:
        assert (await server.ask()).first.text == "Hi."
    asked: list[str] = []

    def busy(request: Request) -> Said:
        asked.append(request.target)
        return Said(status=429, headers={"retry-after": "3600"})

    async with asking(busy) as server:
        assert (await server.chat()).status == 429
    assert len(asked) == 1


def test_names_in_paths_and_sentences() -> None:
    """Slashes are escaped, long values cut."""
    assert segment("a/b:c") == "a%2Fb%3Ac"
    assert named({}) == "The request"
    assert named({"a": True, "b": "x" * 100}).startswith('`a`: true, `b`: "xxx')
    assert len(named({"b": "x" * 100})) < 70
