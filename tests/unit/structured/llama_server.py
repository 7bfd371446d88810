"""A bare llama.cpp server with one thread: `python llama_server.py MODEL`; it ends when its standard input does.

One thread, because threads that wait for one another stall many times over where the cores are shared.
"""

from __future__ import annotations

import json
import sys

import xllamacpp

PARALLEL = 4
CONTEXT_TOKENS = 2048 * PARALLEL


def main(model: str) -> None:
    """Serve, and print {"url": ...} once it listens."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = PARALLEL
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.use_jinja = True
    parameters.ui = False
    server = xllamacpp.Server(parameters)
    print(json.dumps({"url": server.listening_address}), flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main(sys.argv[1])
