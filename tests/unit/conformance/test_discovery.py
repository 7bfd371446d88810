"""Which model is asked: by its name, or the first that generates."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.conformance.discovery import find
from antiphon.conformance.server import Server, Subject
from antiphon.errors import AntiphonError, Unavailable
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.ids import seeded

from .stub import Script, always, asking

OURS = {
    "id": "chat",
    "type": "text",
    "context_length": 2048,
    "modalities": ["text"],
    "supported_parameters": ["reasoning_effort"],
}
VECTORS = {"id": "vectors", "type": "embedding"}
LLAMACPP = {"id": "chat", "meta": {"n_ctx": 4096}, "architecture": {"input_modalities": ["text", "image"]}}


def listing(*models: Any) -> Script:  # Any: JSON, also what is no model
    """A server that lists these."""
    return always({"object": "list", "data": models})


async def found(script: Script, wanted: Subject = Subject("")) -> Subject:
    """The subject that is found."""
    async with asking(script, wanted) as server:
        return await find(server)


async def test_the_first_that_generates_is_asked() -> None:
    """With what the list says of it, and the one that makes embeddings beside it."""
    subject = await found(listing(VECTORS, OURS), Subject("", project="p"))
    assert subject == Subject("chat", "p", "vectors", 2048, images=False, settled={"reasoning_effort": "none"})


async def test_other_servers_say_it_in_other_words() -> None:
    """llama.cpp's and vLLM's are known."""
    subject = await found(listing(LLAMACPP))
    assert (subject.context_length, subject.images, subject.settled) == (4096, True, {})
    assert (await found(listing({"id": "m", "max_model_len": 512}))).context_length == 512


async def test_a_model_may_be_named() -> None:
    """Whether it is listed or not, or nothing is."""
    assert (await found(listing(OURS), Subject("chat"))).context_length == 2048
    assert await found(listing(OURS), Subject("x", embedding_model="y")) == Subject("x", embedding_model="y")
    for script in (always(status=404), always(b"<html>"), listing(5, {"name": "no id"})):
        assert (await found(script, Subject("x"))).model == "x"


@pytest.mark.parametrize("script", [always(status=401), listing(), listing(VECTORS), always(b"[]")])
async def test_without_any_model_nothing_can_be_asked(script: Script) -> None:
    """The sentence says what to do."""
    with pytest.raises(AntiphonError, match="--model"):
        await found(script)


async def test_a_server_that_is_not_there() -> None:
    """It says so."""
    pool = Pool(Origin.parse("http://127.0.0.1:9"))
    with pytest.raises(Unavailable, match="cannot be reached"):
        await find(Server(pool, Subject(""), key=None, ids=seeded(1)))
    pool.close()
