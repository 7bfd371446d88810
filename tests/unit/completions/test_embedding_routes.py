"""The handler of embeddings: from the bytes of a request to the bytes of its answer."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any  # a request body is plain JSON

import msgspec
import pytest

from antiphon.chat import Usage
from antiphon.clock import ManualClock
from antiphon.completions.dialects import RequestBounds, canonical_embeddings
from antiphon.completions.doors import DOORS
from antiphon.completions.embedding_routes import EmbeddingRoutes
from antiphon.completions.embeddings import EmbeddingService
from antiphon.completions.plan import Bounds
from antiphon.errors import BadRequest, DeadlineExceeded, EngineFailed, Unavailable
from antiphon.http.exchange import Exchange
from antiphon.ids import seeded
from antiphon.key import Key
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement
from antiphon.wheel import TimerWheel
from tests.unit.completions.paying import uncharged
from tests.unit.completions.scripted import BOUNDS, ScriptedEngine, model_of
from tests.unit.http.recording import RecordingWire

ANSWER = ((struct.pack("<2f", 0.5, -1.0),), Usage(prompt_tokens=3))
BEATING = msgspec.structs.replace(BOUNDS, heartbeat_s=0.02)


async def ask(
    engine: ScriptedEngine, *, bounds: Bounds = BOUNDS, headers: dict[bytes, bytes] | None = None, **body: Any
) -> RecordingWire:
    """What is sent for this body, completed by a model and an input."""
    catalogue = Catalogue()
    catalogue.replace("tests", (msgspec.structs.replace(model_of(engine), embeds=True),))
    service = EmbeddingService(
        catalogue,
        Placement(queue_max=9),
        bounds,
        projects=dict,
        wheel=TimerWheel(asyncio.get_running_loop(), tick_s=0.002),
        on_end=lambda _record: None,
    )
    limits = RequestBounds(n_max=4, messages_max=8, inputs_max=2)
    routes = EmbeddingRoutes(
        DOORS[0], canonical_embeddings, service, limits, uncharged(), clock=ManualClock(), ids=seeded(1)
    )
    wire = RecordingWire()
    exchange = Exchange(wire, "POST", "/v1/embeddings", "", headers or {})
    exchange.add(msgspec.json.encode({"model": "m", "input": "Hi"} | body), 1 << 20)
    exchange.complete = True
    exchange.key = Key("alice")
    async with asyncio.timeout(20):
        await routes.embed(exchange)
    assert exchange.responded
    return wire


def told(wire: RecordingWire) -> Any:  # Any: plain JSON
    """The body that the client reads; blank lines and the framing of chunks change nothing."""
    body = wire.sent.partition(b"\r\n\r\n")[2]
    return json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])


async def test_an_answer() -> None:
    """OpenAI's list."""
    wire = await ask(ScriptedEngine(embeddings=(ANSWER,)))
    assert wire.status == 200
    assert told(wire) == {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}],
        "model": "m",
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }


async def test_fields_that_nobody_knows_are_named() -> None:
    """In a header, as for a chat."""
    wire = await ask(ScriptedEngine(embeddings=(ANSWER,)), nonsense=1)
    assert b"\r\nx-ignored-fields: nonsense\r\n" in wire.sent


async def test_a_refusal_is_raised_before_anything_is_sent() -> None:
    """The status can still be said."""
    with pytest.raises(BadRequest, match="at most 2"):
        await ask(ScriptedEngine(), input=["a", "b", "c"])
    with pytest.raises(EngineFailed):
        await ask(ScriptedEngine(embeddings=(EngineFailed("It broke."),)))


async def test_a_slow_failure_is_told_after_blank_lines() -> None:
    """The status was said with the first of them: the error is the body."""
    wire = await ask(ScriptedEngine(embeddings=(None,)), bounds=BEATING, timeout_secs=0.8)
    assert wire.status == 200
    assert told(wire)["error"]["code"] == DeadlineExceeded.code


async def test_only_nodes_that_are_named_answer() -> None:
    """As for a chat."""
    engine = ScriptedEngine("node-1", embeddings=(ANSWER,))
    with pytest.raises(Unavailable, match="is bound to"):
        await ask(engine, headers={b"x-node": b"tag:eu, node-2"})
    assert (await ask(engine, headers={b"x-node": b"node-1"})).status == 200
