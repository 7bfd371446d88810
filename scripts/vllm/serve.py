"""Serves the kept model with the kept vLLM until told to stop: `python scripts/vllm/serve.py --port 18200`.

Prints one JSON line, {"url", "model", "pid"}, when it answers. Stops on SIGTERM, on SIGINT, when vLLM ends, and,
with --until-stdin-ends, when whoever started it is gone: no vLLM is left behind. --thinking TEMPLATE makes the model
think in that template's manner.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

import recipe

READY_TIMEOUT_S = 300
STOP_TIMEOUT_S = 20
POLL_S = 0.25
# Tokens that the model never writes by itself, under the names that vLLM's parser looks for in the vocabulary.
RENAMED = {"<jupyter_start>": "<think>", "<jupyter_text>": "</think>"}


def main() -> int:
    """Start, announce, wait, stop; the exit code is 0 only if it was told to stop."""
    options = _options()
    if not recipe.python().exists() or not recipe.weights().exists():
        print("vllm: not installed; run scripts/vllm/install.py first", file=sys.stderr)
        return 2
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    if options.until_stdin_ends:
        threading.Thread(target=_wait_for_end_of_stdin, args=(told_to_stop,), daemon=True).start()
    port = options.port or _free_port()
    with tempfile.TemporaryDirectory() as folder:
        more = thinking(Path(options.thinking), Path(folder)) if options.thinking else []
        more = [str(recipe.weights()), "--runner", "pooling", "--convert", "embed"] if options.embeddings else more
        return serve(port, more, told_to_stop)


def serve(port: int, more: list[str], told_to_stop: threading.Event) -> int:
    """Serve until told to stop; the exit code."""
    server = start(port, more)
    try:
        url = f"http://127.0.0.1:{port}"
        if not wait_until_ready(url, server, told_to_stop):
            return 1
        print(json.dumps({"url": url, "model": recipe.SERVED_NAME, "pid": server.pid}), flush=True)
        while server.poll() is None and not told_to_stop.wait(POLL_S):
            pass
    finally:
        stop(server)
    return 0 if told_to_stop.is_set() else 1


def thinking(template: Path, folder: Path) -> list[str]:
    """What vLLM is started with to think: the template, and the weights with a vocabulary that has the marks."""
    for file in recipe.weights().iterdir():
        if file.name == "tokenizer.json":
            tokenizer = json.loads(file.read_text(encoding="utf-8"))
            for token in tokenizer["added_tokens"]:
                if token["content"] in RENAMED:
                    token |= {"content": RENAMED[token["content"]], "special": False}
            vocabulary = tokenizer["model"]["vocab"]
            tokenizer["model"]["vocab"] = {RENAMED.get(text, text): number for text, number in vocabulary.items()}
            (folder / file.name).write_text(json.dumps(tokenizer), encoding="utf-8")
        else:
            (folder / file.name).symlink_to(file)
    return [str(folder), "--reasoning-parser", "qwen3", "--chat-template", str(template)]


def start(port: int, more: list[str]) -> subprocess.Popen[bytes]:
    """VLLM's processes in a session of their own, so that all of them can be ended together; its log is our stderr."""
    return subprocess.Popen(
        command(port, more), env=environment(), stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True
    )


def command(port: int, more: list[str]) -> list[str]:
    """What is run: 32-bit floats, so that greedy text does not depend on what else is being generated."""
    return [
        *(str(recipe.environment() / "bin" / "vllm"), "serve", *(more or [str(recipe.weights())])),
        *("--served-model-name", recipe.SERVED_NAME, "--host", "127.0.0.1", "--port", str(port)),
        *("--dtype", "float32", "--max-model-len", str(recipe.CONTEXT_TOKENS), "--enforce-eager"),
        *("--max-num-seqs", "8", "--enable-auto-tool-choice", "--tool-call-parser", "hermes"),
        "--enable-prompt-tokens-details",
    ]


def environment() -> dict[str, str]:
    """The variables that let it run offline on two cores; the preloaded library spreads its work over both."""
    return os.environ | {
        "PATH": f"{recipe.environment() / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_NUM_OF_RESERVED_CPU": "0",
        "TORCHDYNAMO_DISABLE": "1",
        "LD_PRELOAD": str(recipe.environment() / "lib" / "libiomp5.so"),
    }


def wait_until_ready(url: str, server: subprocess.Popen[bytes], told_to_stop: threading.Event) -> bool:
    """True once /health answers 200; False if the server ended or we were told to stop."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while server.poll() is None and not told_to_stop.wait(POLL_S):
        if _healthy(url):
            return True
        if time.monotonic() > deadline:
            print(f"vllm: not ready after {READY_TIMEOUT_S} s", file=sys.stderr)
            return False
    return False


def stop(server: subprocess.Popen[bytes]) -> None:
    """Ask the first process to end, then end what is left of the session."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            print(f"vllm: still there {STOP_TIMEOUT_S} s after SIGTERM; killing it", file=sys.stderr)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def _healthy(url: str) -> bool:
    """Whether the server says that it can serve."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False


def _wait_for_end_of_stdin(told_to_stop: threading.Event) -> None:
    """End of input means that the process which started us has gone."""
    sys.stdin.buffer.read()
    told_to_stop.set()


def _free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--embeddings", action="store_true", help="make embeddings, and generate nothing")
    parser.add_argument("--until-stdin-ends", action="store_true", help="stop when standard input ends")
    parser.add_argument("--thinking", metavar="TEMPLATE", help="a chat template that opens a thought")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
