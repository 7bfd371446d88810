"""The child process: `python -m antiphon.engines.embedded.child`, with one JSON document on standard input.

It serves until it is ended, or until its standard input closes: that is how it notices that its parent is gone where
the kernel does not tell (the library lets no other thread run while it loads a model, so only after that).
"""

from __future__ import annotations

import os
import sys
import threading

import msgspec

from antiphon.engines.embedded.confinement import confine
from antiphon.engines.embedded.llama import serve
from antiphon.engines.embedded.options import ChildDocument

DOCUMENT_BYTES_MAX = 64 * 1024
INPUT = 0


def main() -> int:
    """Serve until ended; the exit status, 1 when the model cannot be served."""
    document = read_document(INPUT)
    for sentence in confine(document.parent_pid):
        _say(sentence)
    threading.Thread(target=_end_with_input, name="parent-watch", daemon=True).start()
    try:
        server = serve(document)  # named, since dropping it would end it
    except (RuntimeError, OSError, UnicodeDecodeError) as error:
        _say(f"llama.cpp cannot serve {document.options.model_path}: {error}")
        return 1
    threading.Event().wait()
    del server
    return 0


def read_document(descriptor: int) -> ChildDocument:
    """The first line of the input as a document; SystemExit says what is wrong with it."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(descriptor, DOCUMENT_BYTES_MAX)
        line += piece
        if not piece or len(line) > DOCUMENT_BYTES_MAX:
            raise SystemExit("The first line on standard input is no JSON document.")
    try:
        return msgspec.json.decode(line, type=ChildDocument)
    except msgspec.DecodeError as error:
        raise SystemExit(f"The document on standard input is not valid: {error}") from None


def _end_with_input() -> None:
    """Leave when the parent closes the input. It needs no clean-up: nothing here is worth keeping."""
    while os.read(INPUT, 4096):
        pass
    os._exit(0)


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
