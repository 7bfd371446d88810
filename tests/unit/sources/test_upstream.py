"""A server that others run: what of it reaches the catalogue, and what its failures do."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Mapping

import msgspec
import pytest

from antiphon.clock import ManualClock
from antiphon.engines.thought import Thought
from antiphon.errors import ModelNotFound
from antiphon.models.catalogue import Catalogue
from antiphon.observe.logs import Log
from antiphon.settings.secret import Secret
from antiphon.settings.serving import UpstreamModel, UpstreamSettings
from antiphon.sources.upstream import UpstreamSource
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.plan import Habits
from tests.unit.http.origin import Origin, Visit, running


class Watched:
    """A source with the catalogue that it fills and the log that it writes."""

    def __init__(self, settings: UpstreamSettings) -> None:
        self.catalogue = Catalogue()
        self.lines = io.StringIO()
        log = Log(form="json", stream=self.lines, now=lambda: 0.0)
        self.source = UpstreamSource(settings, self.catalogue, connect_s=1.0, clock=ManualClock(), log=log)

    @property
    def models(self) -> list[str]:
        """Ids on offer."""
        return [model.id for model in self.catalogue.list()]

    @property
    def logged(self) -> list[str]:
        """Messages of the log."""
        return [msgspec.json.decode(line)["message"] for line in self.lines.getvalue().splitlines()]

    async def look(self) -> bool:
        """Ask the server once; whether it answered."""
        async with asyncio.timeout(20):
            return await self.source._refresh()


@contextlib.asynccontextmanager
async def answering(answers: Mapping[str, bytes]) -> AsyncIterator[Origin]:
    """A server that answers these paths with JSON, any other with 404, and `/v1/chat/completions` with 500."""

    async def script(visit: Visit) -> None:
        while request := await visit.request():
            path = request.split(b" ")[1].decode()
            body = answers.get(path)
            if path == "/tokenize" and body is None:
                body = b'{"count": %d}' % len(request)
            status = b"200 OK" if body is not None else b"500 Broken" if "chat" in path else b"404 Not Found"
            said = body or b""
            await visit.say(b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n%b" % (status, len(said), said))

    async with running(script) as origin:
        yield origin


async def test_models_appear_as_the_server_lists_them() -> None:
    """All of them, under their own names, with what the server tells and who runs it."""
    async with FaultEngine() as engine:
        watched = Watched(UpstreamSettings(url=engine.url))
        assert watched.models == []
        assert await watched.look()
        (model,) = watched.catalogue.list()
        assert (model.id, model.owned_by, model.created) == ("fault-model", f"127.0.0.1:{engine.port}", 1_700_000_000)
        assert model.context_length is not None
        assert model.live
        await watched.source.close()


async def test_named_models_are_offered_at_once() -> None:
    """An operator's list stands before the server has said anything, under the names that it gives."""
    async with FaultEngine() as engine:
        named = (UpstreamModel(name="ours", upstream_name="fault-model", aliases=("alias",), context_length=77),)
        watched = Watched(UpstreamSettings(url=engine.url, name="there", models=named, weight=3, slots=7))
        assert watched.models == ["ours"]
        assert await watched.look()
        model = watched.catalogue.find("alias")
        assert (model.id, model.owned_by, model.context_length) == ("ours", "there", 77)
        (offer,) = model.offers
        assert (offer.upstream_name, offer.weight, offer.slots) == ("fault-model", 3, 7)
        with pytest.raises(ModelNotFound):
            watched.catalogue.find("fault-model")
        await watched.source.close()


async def test_the_key_goes_with_each_question() -> None:
    """A server that wants a key lists its models only to who has it."""
    async with FaultEngine(api_key="sk-up") as engine:
        for key, there in ((Secret("sk-up"), ["fault-model"]), (Secret("sk-no"), []), (None, [])):
            watched = Watched(UpstreamSettings(url=engine.url, api_key=key))
            await watched.look()
            assert watched.models == there
            assert "sk-" not in watched.lines.getvalue()
            await watched.source.close()


async def test_a_server_that_goes_and_comes_back() -> None:
    """While it is away its models stay, unavailable; each change is logged once."""
    async with FaultEngine() as engine:
        watched = Watched(UpstreamSettings(url=engine.url))
        assert await watched.look()
        engine.crash()
        for _ in range(3):
            assert not await watched.look()
        (model,) = watched.catalogue.list()
        assert model.live == ()
        await engine.listen()
        for _ in range(2):
            assert await watched.look()
        assert model.live
        assert watched.logged == ["upstream cannot be reached", "upstream is back"]
        await watched.source.close()


NONSENSE = {
    "no JSON": b"<html>",
    "no object": b"[]",
    "no list": b'{"data": 5}',
    "no UTF-8": b'{"data": [{"id": "\xff"}]}',
    "depths": b'{"data": ' + b"[" * 100_000,
    "depths in what is not read": b'{"x": ' + b'{"a":' * 100_000,
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_does_not_end_the_watch(body: bytes) -> None:
    """A server that lists its models in no way that can be read is down until it can be; nothing is raised."""
    async with answering({"/v1/models": body, "/props": body, "/version": body}) as origin:
        watched = Watched(UpstreamSettings(url=origin.url))
        assert not await watched.look()
        assert watched.models == []
        await watched.source.close()


async def test_a_trial_that_fails_is_no_reason_to_be_down() -> None:
    """A server that breaks on tool definitions is offered without native tools."""
    listed = {"/version": b'{"version": "1"}', "/v1/models": b'{"data": [{"id": "m"}]}'}
    async with answering(listed) as origin:
        watched = Watched(UpstreamSettings(url=origin.url))
        assert await watched.look()
        (model,) = watched.catalogue.list()
        assert model.live
        assert not model.offers[0].native_tools
        await watched.source.close()


async def test_a_trial_that_failed_is_made_again() -> None:
    """A server that was busy when it was first tried is known for what it is at a later look."""
    whole = b'{"choices": [{"message": {"content": "a"}, "finish_reason": "length"}], "usage": {}}'
    listed = {"/version": b'{"version": "1"}', "/v1/models": b'{"data": [{"id": "m"}]}'}
    async with answering(listed) as origin:
        watched = Watched(UpstreamSettings(url=origin.url))
        for answer, native in ((None, False), (whole, True), (None, True)):
            listed.update({"/v1/chat/completions": answer} if answer else {})
            if answer is None:
                listed.pop("/v1/chat/completions", None)
            assert await watched.look()
            (model,) = watched.catalogue.list()
            assert model.offers[0].native_tools is native
        await watched.source.close()


async def test_a_server_is_asked_how_its_models_think() -> None:
    """Once, and anew when it comes back: it may have been started in another way."""
    parsing = {"/get_server_info": b'{"reasoning_parser": "qwen3"}'}
    listed = {"/get_model_info": b"{}", "/v1/models": b'{"data": [{"id": "m"}]}'}
    async with answering(listed) as origin:
        watched = Watched(UpstreamSettings(url=origin.url))
        assert await watched.look()
        assert not watched.catalogue.find("m").thinks
        listed |= parsing
        assert await watched.look()
        assert not watched.catalogue.find("m").thinks
        listed["/v1/models"] = b"?"
        assert not await watched.look()
        listed["/v1/models"] = b'{"data": [{"id": "m"}]}'
        assert await watched.look()
        (offer,) = watched.catalogue.find("m").offers
        assert offer.thought == Thought("<think>", "</think>", bounded_by="gateway", constrained=False)
        await watched.source.close()


async def test_the_address_may_end_in_v1() -> None:
    """With or without `/v1`, and behind a path, the same addresses are asked."""
    listed = b'{"data": [{"id": "m"}]}'
    async with answering({"/v1/models": listed, "/behind/v1/models": listed}) as origin:
        for path in ("", "/", "/v1", "/v1/", "/behind", "/behind/v1"):
            watched = Watched(UpstreamSettings(url=origin.url + path, kind="openai"))
            assert await watched.look(), path
            assert watched.models == ["m"]
            await watched.source.close()


async def test_servers_behind_one_address_are_two() -> None:
    """Two upstreams on one host and port that differ in their path keep their own models and their own name."""
    catalogue = Catalogue()
    log = Log(stream=io.StringIO())
    listed = {"/a/v1/models": b'{"data": [{"id": "a"}]}', "/b/v1/models": b'{"data": [{"id": "b"}]}'}
    async with answering(listed) as origin:
        sources = [
            UpstreamSource(
                UpstreamSettings(url=origin.url + path, kind="openai"),
                catalogue,
                connect_s=1.0,
                clock=ManualClock(),
                log=log,
            )
            for path in ("/a", "/b")
        ]
        for source in sources:
            assert await source._refresh()
        assert {model.id for model in catalogue.list()} == {"a", "b"}
        assert sources[0].name != sources[1].name
        for source in sources:
            await source.close()


async def test_the_watch_goes_on_until_it_is_cancelled() -> None:
    """`run` asks at once and ends only when it is told to."""
    async with FaultEngine() as engine:
        watched = Watched(UpstreamSettings(url=engine.url))
        task = asyncio.create_task(watched.source.run())
        async with asyncio.timeout(20):
            while not watched.models:  # noqa: ASYNC110 - nothing tells of a change
                await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await watched.source.close()


async def test_what_makes_embeddings_is_asked_for_nothing_else() -> None:
    """One trial tells, and it is shown as what it is."""
    async with FaultEngine(Habits(embeds=True)) as server:
        watched = Watched(UpstreamSettings(url=server.url, kind="vllm"))
        assert await watched.look()
        assert await watched.look()
        model = watched.catalogue.find("fault-model")
        assert (model.embeds, model.offers[0].native_tools, model.thinks) == (True, False, False)
        assert server.requests == []
        assert [each.path for each in server.record.exchanges].count("/v1/embeddings") == 1
        await watched.source.close()


async def test_what_generates_is_not_taken_for_more() -> None:
    """A server that refuses to embed generates."""
    async with FaultEngine() as server:
        watched = Watched(UpstreamSettings(url=server.url, kind="vllm"))
        assert await watched.look()
        assert watched.catalogue.find("fault-model").embeds is False
        await watched.source.close()
