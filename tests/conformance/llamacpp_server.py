"""A bare llama.cpp server in a process of its own, as others run one: `python llamacpp_server.py MODEL [TEMPLATE]`.

With `--embeddings` for TEMPLATE it makes embeddings instead. It prints {"url": ...} when it listens, and ends when its
standard input does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import xllamacpp

CONTEXT_TOKENS = 8192  # divided by the slots
PARALLEL = 4
EMBEDDING_TOKENS = 512
THREADS = 1  # threads that wait for one another stall many times over where the processors are shared


def main(model: str, template: str | None = None) -> None:
    """Serve until whoever started us is gone."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {"smollm2:135m"}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = PARALLEL
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = THREADS
    parameters.use_jinja = True
    parameters.endpoint_metrics = True
    parameters.ui = False
    if template == "--embeddings":
        parameters.embedding = True
        parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        parameters.n_parallel = 1  # with more it mixes up the texts that it reads at once
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = EMBEDDING_TOKENS
    elif template is not None:
        parameters.chat_template = Path(template).read_text(encoding="utf-8")
    server = xllamacpp.Server(parameters)
    print(json.dumps({"url": server.listening_address}), flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
