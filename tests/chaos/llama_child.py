"""A llama.cpp server on a port that stays: `python -m tests.chaos.llama_child PORT SLOTS`. Ends with its input."""

from __future__ import annotations

import json
import sys

import xllamacpp

from tests.conformance.engines import model_file

CONTEXT_TOKENS = 2048  # of each slot
# Fewer than 64, from where on its attention rounds otherwise than for one token at a time: so what was said already is
# read as it was once written, and greedy text goes on letter for letter.
READ_AT_ONCE_TOKENS = 32


def main(port: int, slots: int) -> None:
    """Serve until killed, or until whoever started this is gone."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model_file())
    parameters.model_alias = {"smollm2:135m"}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_ubatch = READ_AT_ONCE_TOKENS
    parameters.n_ctx = CONTEXT_TOKENS * slots
    parameters.n_parallel = slots
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.cache_ram_mib = 0  # what is kept is kept in the slots, as where memory is full of it
    parameters.use_jinja = True
    parameters.endpoint_metrics = True
    parameters.ui = False
    server = xllamacpp.Server(parameters)
    print(json.dumps({"url": server.listening_address}), flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
