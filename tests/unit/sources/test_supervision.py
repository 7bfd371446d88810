"""From settings to a supervisor: the file is found, its header read, and everything else chosen to fit."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from antiphon.clock import ManualClock
from antiphon.engines.embedded.supervisor import Supervisor
from antiphon.errors import ConfigError
from antiphon.modelfiles import HubAccess, Progress
from antiphon.settings.serving import ModelSettings
from antiphon.sources.supervision import supervisor_for
from tests.unit.http.origin import Visit, running
from tests.unit.modelfiles import gguf_files

NOWHERE = HubAccess(address="http://127.0.0.1:9", token=None, cache_dir=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A model file of a model with 2,048 tokens of context."""
    return gguf_files.write(tmp_path / "files" / "small.gguf", gguf_files.model(4096))


async def supervised(settings: ModelSettings, folder: Path) -> Supervisor:
    """The supervisor that these settings lead to."""

    def on_progress(model: str, progress: Progress) -> None:
        assert model == settings.name
        assert progress.done_bytes >= 0

    supervise = supervisor_for(folder, hub=NOWHERE, clock=ManualClock(), environ={}, on_progress=on_progress)
    return await supervise(settings, lambda: None)


async def test_a_file_leads_to_a_child(file: Path, tmp_path: Path) -> None:
    """Its path is whole, its context the model's own, and nothing is started yet."""
    supervisor = await supervised(ModelSettings(name="org/small:1", reference=str(file)), tmp_path)
    options = supervisor.options
    assert (options.model_name, options.model_path) == ("org/small:1", str(file))
    assert options.context_length == 2048
    assert options.parallel >= 1
    assert options.threads >= 1
    assert (supervisor.state, supervisor.pid) == ("stopped", None)


async def test_settings_go_before(file: Path, tmp_path: Path) -> None:
    """What the operator says is what the child is told."""
    template = tmp_path / "template.jinja"
    settings = ModelSettings(
        name="small",
        reference=str(file),
        context_length=512,
        parallel=2,
        threads=3,
        mmproj=str(file),
        chat_template=str(template),
    )
    options = (await supervised(settings, tmp_path)).options
    assert (options.context_length, options.parallel, options.threads) == (512, 2, 3)
    assert (options.mmproj_path, options.chat_template_path) == (str(file), str(template))


@pytest.mark.parametrize(("reference", "words"), [("missing.gguf", "missing.gguf"), ("hf:o/r/m.gguf", "127.0.0.1")])
async def test_a_file_that_cannot_be_had(reference: str, words: str, tmp_path: Path) -> None:
    """The error says which one, and nothing is left running."""
    with pytest.raises(ConfigError, match=words):
        await supervised(ModelSettings(name="m", reference=reference), tmp_path)


async def test_more_context_than_the_model_has(file: Path, tmp_path: Path) -> None:
    """What the model was not trained for is refused before a child is started."""
    with pytest.raises(ConfigError, match="2048"):
        await supervised(ModelSettings(name="m", reference=str(file), context_length=4096), tmp_path)


async def test_a_start_that_is_cancelled_ends_its_download(tmp_path: Path) -> None:
    """Whoever stops the gateway does not wait for a file that nobody will use; what came stays for the next start."""
    size = 1_000_000_000
    part = {"sha256": "0" * 64, "size": size}
    listed = msgspec.json.encode({"siblings": [{"rfilename": "m.gguf", "lfs": part}]})

    async def script(visit: Visit) -> None:
        while request := await visit.request():
            if b"/api/" in request:
                await visit.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(listed), listed))
                continue
            await visit.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
            while not visit.writer.is_closing():
                await visit.say(bytes(100_000))
                await asyncio.sleep(0.01)  # a file that comes for minutes is what the test is about

    coming, loop = asyncio.Event(), asyncio.get_running_loop()

    def on_progress(model: str, progress: Progress) -> None:
        if progress.done_bytes:
            loop.call_soon_threadsafe(coming.set)

    async with running(script) as origin:
        hub = HubAccess(address=origin.url, token=None, cache_dir=None)
        supervise = supervisor_for(tmp_path, hub=hub, clock=ManualClock(), environ={}, on_progress=on_progress)
        settings = ModelSettings(name="m", reference="hf:o/r/m.gguf")
        starting = asyncio.ensure_future(supervise(settings, lambda: None))
        async with asyncio.timeout(20):
            await coming.wait()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        async with asyncio.timeout(20):
            await loop.shutdown_default_executor()
    assert 0 < unfinished_bytes(tmp_path) < size


def unfinished_bytes(folder: Path) -> int:
    """How much there is of the one file that is not whole."""
    (part,) = folder.rglob("*.part")
    return part.stat().st_size


@pytest.fixture
def embedding_file(tmp_path: Path) -> Path:
    """A model file of a model that pools by its last token."""
    pairs: dict[str, gguf_files.Value] = {
        "general.architecture": "qwen3", "qwen3.context_length": 8192, "qwen3.pooling_type": 3,
    }  # fmt: skip
    return gguf_files.write(tmp_path / "files" / "vectors.gguf", gguf_files.header(pairs))


async def test_a_file_that_says_how_it_pools(embedding_file: Path, tmp_path: Path) -> None:
    """Its model embeds, with the smaller context, one text at a time; the operator may make it generate."""
    options = (await supervised(ModelSettings(name="m", reference=str(embedding_file)), tmp_path)).options
    assert (options.pooling, options.context_length, options.parallel) == ("last", 2048, 1)
    settings = ModelSettings(name="m", reference=str(embedding_file), embeddings=False)
    options = (await supervised(settings, tmp_path)).options
    assert (options.pooling, options.context_length) == (None, 8192)


async def test_any_model_can_be_made_to_embed(file: Path, tmp_path: Path) -> None:
    """By the mean of its tokens' vectors."""
    settings = ModelSettings(name="m", reference=str(file), embeddings=True)
    assert (await supervised(settings, tmp_path)).options.pooling == "mean"
    with pytest.raises(ConfigError, match="parallel 2"):
        await supervised(msgspec.structs.replace(settings, parallel=2), tmp_path)
