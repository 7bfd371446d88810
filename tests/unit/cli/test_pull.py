"""`antiphon models pull`, from a web server on this machine."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CONTENT = b"GGUF\x03\x00\x00\x00" + bytes(16) + b"tensors" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class FileHandler(BaseHTTPRequestHandler):
    """Serves one file, whatever the name."""

    def do_GET(self) -> None:
        """Send it."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """The URL of the file."""
    with ThreadingHTTPServer(("127.0.0.1", 0), FileHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/tiny.gguf"
        server.shutdown()
        thread.join()


def test_a_file_is_fetched(run: Callable[..., Any], place: Path, address: str) -> None:
    """Its path alone is on standard output; size, digest and progress are notes."""
    ran = run("models", "pull", f"{address}#sha256={DIGEST}", "--data-dir", str(place / "data"))
    assert ran.code == 0, ran.notes
    assert Path(ran.out.strip()).read_bytes() == CONTENT
    assert DIGEST in ran.notes


def test_a_script_gets_path_and_digest(run: Callable[..., Any], place: Path, address: str) -> None:
    """In one object, and the file is where it was fetched to the first time."""
    words = ("models", "pull", f"{address}#sha256={DIGEST}", "--data-dir", str(place / "data"), "--json")
    first, second = (json.loads(run(*words).out) for _ in range(2))
    assert first == second
    assert (first["sha256"], first["size_bytes"]) == (DIGEST, len(CONTENT))


def test_a_wrong_digest_is_refused(run: Callable[..., Any], place: Path, address: str) -> None:
    """The file is not kept as a model."""
    ran = run("models", "pull", f"{address}#sha256={'0' * 64}", "--data-dir", str(place / "data"))
    assert ran.code == 2
    assert "antiphon: " in ran.notes


def test_what_is_no_reference_is_refused(run: Callable[..., Any]) -> None:
    """With the forms that there are."""
    ran = run("models", "pull", "nothing-like-it")
    assert ran.code == 2
    assert "hf:" in ran.notes
