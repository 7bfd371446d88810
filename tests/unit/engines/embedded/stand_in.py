"""A child process without an engine: it answers for its health, dies or hangs as its model file says.

The file has a word for each life: `ready`, `dies`, `loads` (until there is a file of the same name with `.open`),
`deaf` (after its first answer), `stubborn` (not ended by SIGTERM). The last word stands for all lives that follow.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from pathlib import Path

from antiphon.engines.embedded.child import read_document

STATUS_OF_DEATH = 3


def main() -> int:
    """Live one life."""
    document = read_document(0)
    threading.Thread(target=_end_with_input, daemon=True).start()
    file = Path(document.options.model_path)
    word = _next_word(file)
    sys.stderr.write(f"I am {word}\n")
    if word == "dies":
        return STATUS_OF_DEATH
    if word == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _serve(document.socket_path, word, Path(f"{file}.open"))
    return 0


def _next_word(file: Path) -> str:
    word, *others = file.read_text().split()
    if others:
        file.write_text(" ".join(others))
    return word


def _serve(path: str, word: str, gate: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    while True:
        asked, _ = listener.accept()
        asked.recv(1000)
        loaded = word != "loads" or gate.exists()
        asked.sendall(b"HTTP/1.1 200 OK\r\n\r\n" if loaded else b"HTTP/1.1 503 Loading\r\n\r\n")
        asked.close()
        if word == "deaf":
            threading.Event().wait()


def _end_with_input() -> None:
    while os.read(0, 1000):
        pass
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
