"""A gateway that gives the answers it was told to, in their order, for commands that must cope with any."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from msgspec import Struct


class Answer(Struct, frozen=True):
    """What is answered; a status of 0 closes the connection instead."""

    status: int
    body: object = None
    headers: Mapping[str, str] = {}


class Asked(Struct, frozen=True):
    """What was asked."""

    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: object


class Script:
    """The answers that are left, and what was asked so far."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._left = list(answers)
        self.asked: list[Asked] = []
        self.base_url = ""

    def answer_first(self, answer: Answer) -> None:
        """Another first answer: one that names where the gateway is, as nobody knows before it is there."""
        self._left[0] = answer

    def next(self, asked: Asked) -> Answer:
        """The answer to a request; the last one is given for ever."""
        self.asked.append(asked)
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


@contextlib.contextmanager
def scripted(*answers: Answer) -> Iterator[Script]:
    """A server with these answers, until the block ends."""
    script = Script(answers)

    class Handler(BaseHTTPRequestHandler):
        """Answers from the script."""

        def do_GET(self) -> None:
            """A request without a body."""
            self._answer(None)

        def do_POST(self) -> None:
            """A request with JSON."""
            self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self, body: object) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = script.next(Asked(self.command, self.path, headers, body))
            if not answer.status:
                self.close_connection = True
                return
            content = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        script.base_url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
