"""Single requests from Python, for what needs no speed: waiting until a gateway serves, and trying a wrong key."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from bench.load import BURST_MODEL

ANSWER_S_MAX = 10.0
POLL_S = 0.02


class NotServing(RuntimeError):
    """A gateway that was started does not answer, or has ended."""


def get_status(port: int, path: str) -> int:
    """The status of a GET on loopback, 0 when nothing answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S_MAX)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def wait_until_healthy(process: subprocess.Popen[bytes], path: Path, *, seconds: float) -> None:
    """Asks `/health` on a unix socket until it is answered with 200."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        if process.poll() is not None:
            raise NotServing(f"it ended with {process.returncode}")
        with suppress(OSError, http.client.HTTPException), socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(ANSWER_S_MAX)
            asked.connect(str(path))
            connection = http.client.HTTPConnection("engine")
            connection.sock = asked
            connection.request("GET", "/health")
            if connection.getresponse().status == HTTPStatus.OK:
                return
        time.sleep(POLL_S)
    raise NotServing(f"not healthy after {seconds:.0f} s")


def chat_status(port: int, *, key: str, model: str = BURST_MODEL) -> int:
    """The status of one short chat completion, 0 when nothing answers."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hello."}], "max_tokens": 4}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S_MAX)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        return _whole_status(connection)
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _whole_status(connection: http.client.HTTPConnection) -> int:
    response = connection.getresponse()
    response.read()
    return response.status


def wait_until_chat(
    process: subprocess.Popen[bytes],
    port: int,
    *,
    key: str,
    seconds: float,
    model: str = BURST_MODEL,
) -> float:
    """Asks until a chat completion is answered with 200; returns the seconds that it took."""
    begin = time.monotonic()
    status = 0
    while time.monotonic() - begin < seconds:
        if process.poll() is not None:
            raise NotServing(f"it ended with {process.returncode}")
        status = chat_status(port, key=key, model=model)
        if status == HTTPStatus.OK:
            return time.monotonic() - begin
        time.sleep(POLL_S)
    raise NotServing(f"no answer after {seconds:.0f} s; the last status was {status}")
