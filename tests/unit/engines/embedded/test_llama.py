"""What llama.cpp is told, looked at with a library that only remembers it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any  # the library has no types

import msgspec
import pytest

from antiphon.engines.embedded import llama
from antiphon.engines.embedded.options import ChildDocument, EngineOptions

OPTIONS = EngineOptions(model_name="m", model_path="/m.gguf", context_length=1000, parallel=3, threads=2)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Stands in for the library."""
    made: Any = ModuleType("xllamacpp")
    made.CommonParams = lambda: SimpleNamespace(
        model=SimpleNamespace(),
        mmproj=SimpleNamespace(path=""),
        cpuparams=SimpleNamespace(),
        cpuparams_batch=SimpleNamespace(),
        chat_template="",
    )
    made.Server = lambda params: params
    made.llama_pooling_type = SimpleNamespace()
    monkeypatch.setitem(sys.modules, "xllamacpp", made)
    return made  # type: ignore[no-any-return]


def told(**options: Any) -> Any:
    """The library's parameters for these options."""
    document = ChildDocument(
        options=msgspec.structs.replace(OPTIONS, **options), socket_path="/run/a.sock", api_key="key", parent_pid=1
    )
    return llama.serve(document)


@pytest.mark.usefixtures("library")
def test_each_request_has_its_own_context() -> None:
    """The library's context is all of theirs, and never shared."""
    params = told()
    assert (params.n_ctx, params.n_parallel, params.kv_unified) == (3000, 3, False)
    assert (params.model.path, params.model_alias) == ("/m.gguf", {"m"})
    assert params.cpuparams.n_threads == params.cpuparams_batch.n_threads == 2


@pytest.mark.usefixtures("library")
def test_only_we_can_ask() -> None:
    """It listens on our socket and wants our key; nobody changes its properties, and it shows no page."""
    params = told()
    assert (params.hostnames, params.api_keys) == (["/run/a.sock"], ["key"])
    assert (params.endpoint_props, params.ui) == (False, False)
    assert params.verbosity <= llama.VERBOSITY_WARNINGS


@pytest.mark.usefixtures("library")
def test_an_image_fits_into_a_batch() -> None:
    """Without images a batch is as small as wanted: others wait no longer than it takes."""
    assert told(batch_tokens=64).n_ubatch == 64
    params = told(batch_tokens=64, mmproj_path="/p.gguf")
    assert (params.n_batch, params.n_ubatch) == (llama.IMAGE_TOKENS_MAX, llama.IMAGE_TOKENS_MAX)
    assert params.mmproj.path == "/p.gguf"
    assert told(batch_tokens=2048, mmproj_path="/p.gguf").n_batch == 2048


@pytest.mark.usefixtures("library")
def test_a_template_of_one_s_own(tmp_path: Path) -> None:
    """Its text is handed over; a file that can be none is refused before it is read."""
    path = tmp_path / "template.jinja"
    path.write_text("{{ messages }} é", encoding="utf-8")
    assert told(chat_template_path=str(path)).chat_template == "{{ messages }} é"
    path.write_bytes(bytes(llama.TEMPLATE_BYTES_MAX + 1))
    with pytest.raises(RuntimeError, match="has 1048577 bytes, more than 1048576"):
        told(chat_template_path=str(path))


@pytest.mark.parametrize(("pooling", "batch"), [("mean", 1000), ("cls", 1000), ("last", 64)])
def test_a_model_that_embeds(library: ModuleType, pooling: str, batch: int) -> None:
    """It is told how to pool; what is pooled as a whole is read as a whole, and no prompt is kept."""
    names = [f"LLAMA_POOLING_TYPE_{name}" for name in ("MEAN", "CLS", "LAST")]
    library.llama_pooling_type = SimpleNamespace(  # type: ignore[attr-defined]
        **{name: name for name in names}
    )
    params = told(pooling=pooling, parallel=1)
    assert (params.embedding, params.pooling_type) == (True, f"LLAMA_POOLING_TYPE_{pooling.upper()}")
    assert (params.n_batch, params.n_ubatch, params.n_ctx, params.n_parallel) == (batch, batch, 1000, 1)
    assert params.cache_ram_mib == 0


@pytest.mark.usefixtures("library")
def test_a_model_that_generates_is_not_told_of_pooling() -> None:
    """The library's own defaults stand."""
    params = told()
    assert not hasattr(params, "embedding")
    assert not hasattr(params, "pooling_type")
