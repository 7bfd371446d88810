"""Starts llama.cpp's own HTTP server inside this process. Imported by the child only: the library is large."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any  # the library has no types

from antiphon.engines.embedded.options import ChildDocument, EngineOptions

HTTP_THREADS = 512  # a connection holds a thread; with too few, even a health check waits behind long answers
IMAGE_TOKENS_MAX = 512
TEMPLATE_BYTES_MAX = 1024 * 1024
VERBOSITY_WARNINGS = 2  # never prompts
WRITE_TIMEOUT_S = 600


def serve(document: ChildDocument) -> Any:
    """A running server; it ends when the object is dropped.

    It listens at once and answers 503 until the model is loaded; this call returns when that is done, and raises
    RuntimeError when the model cannot be loaded.
    """
    library = importlib.import_module("xllamacpp")
    params = library.CommonParams()
    _set_model(params, document)
    _set_sizes(params, document, library.llama_pooling_type)
    _set_server(params, document)
    return library.Server(params)


def _set_model(params: Any, document: ChildDocument) -> None:
    options = document.options
    params.model.path = options.model_path
    params.model_alias = {options.model_name}
    if options.mmproj_path is not None:
        params.mmproj.path = options.mmproj_path
    if options.chat_template_path is not None:
        params.chat_template = _read_template(Path(options.chat_template_path))
    params.use_jinja = True


def _set_sizes(params: Any, document: ChildDocument, pooling_types: Any) -> None:
    options = document.options
    params.n_parallel = options.parallel
    params.n_ctx = options.context_length * options.parallel
    params.kv_unified = False  # a shared context that is full would end every request in it
    params.n_batch = params.n_ubatch = _batch_tokens(options)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.cont_batching = True
    params.cache_prompt = True
    params.cache_ram_mib = options.prompt_cache_mb
    if options.pooling is not None:
        params.embedding = True
        params.pooling_type = getattr(pooling_types, f"LLAMA_POOLING_TYPE_{options.pooling.upper()}")
        params.cache_ram_mib = 0


def _set_server(params: Any, document: ChildDocument) -> None:
    params.hostnames = [document.socket_path]
    params.api_keys = [document.api_key]
    params.n_threads_http = HTTP_THREADS
    params.timeout_write = WRITE_TIMEOUT_S
    params.endpoint_metrics = True
    params.endpoint_slots = True
    params.endpoint_props = False  # reading them is always possible; this would allow changing them
    params.ui = False
    params.verbosity = VERBOSITY_WARNINGS


def _batch_tokens(options: EngineOptions) -> int:
    """What is looked at as a whole must fit into one batch: an image, or llama.cpp aborts; a text that is pooled."""
    if options.pooling in ("mean", "cls"):
        return options.context_length
    return options.batch_tokens if options.mmproj_path is None else max(options.batch_tokens, IMAGE_TOKENS_MAX)


def _read_template(path: Path) -> str:
    size_bytes = path.stat().st_size
    if size_bytes > TEMPLATE_BYTES_MAX:
        raise RuntimeError(f"the chat template {path} has {size_bytes} bytes, more than {TEMPLATE_BYTES_MAX}")
    return path.read_text(encoding="utf-8")
