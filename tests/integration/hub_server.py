"""A model hub on loopback for tests: lists, redirects to its storage, honours ranges, misbehaves on request."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

REPO = "owner/repo"


@dataclass
class Hub:
    """What the hub has and how it behaves; `requests` is what it was asked, with headers."""

    files: dict[str, bytes] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)  # lies about files
    token: str | None = None
    cut_after: list[int] = field(default_factory=list)  # bytes of each answer before its connection breaks
    failures: list[int] = field(default_factory=list)  # statuses of the next answers of the storage
    etag: str | None = None
    ranges: bool = True
    lengths: bool = True
    extra: bytes = b""
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    address: str = ""
    storage: str = ""

    def asked(self, part: str) -> list[dict[str, str]]:
        """The headers of requests whose path has that part."""
        return [headers for path, headers in self.requests if part in path]

    def listing(self) -> bytes:
        """The hub's list of files with their digests."""
        siblings: list[dict[str, Any]] = [{"rfilename": "README.md", "size": 1, "blobId": "0"}]  # Any: JSON
        for name, data in self.files.items():
            digest = self.digests.get(name, hashlib.sha256(data).hexdigest())
            siblings.append({"rfilename": name, "size": len(data), "lfs": {"sha256": digest, "size": len(data)}})
        return json.dumps({"id": REPO, "sha": "c" * 40, "siblings": siblings}).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:
        """Answer as a hub does."""
        path = urlsplit(self.path).path
        self.hub.requests.append((self.path, {name.lower(): text for name, text in self.headers.items()}))
        if path.startswith("/storage/"):
            self._file(path.removeprefix("/storage/"))
        elif self.hub.token and self.headers["Authorization"] != f"Bearer {self.hub.token}":
            self._answer(401, b"no")
        elif path == f"/api/models/{REPO}/revision/main":
            self._answer(200, self.hub.listing())
        elif path.startswith(f"/{REPO}/resolve/main/"):
            name = path.removeprefix(f"/{REPO}/resolve/main/")
            self._answer(302, b"", {"Location": f"{self.hub.storage}/storage/{name}"})
        else:
            self._answer(404, b"none")

    def _file(self, name: str) -> None:
        data = self.hub.files.get(name)
        if self.hub.failures:
            self._answer(self.hub.failures.pop(0), b"later")
        elif data is None:
            self._answer(404, b"none")
        else:
            self._part(data)

    def _part(self, data: bytes) -> None:
        wanted, start = self.headers["Range"], 0
        same = self.headers["If-Range"] in {None, self.hub.etag}
        headers = {"ETag": self.hub.etag} if self.hub.etag else {}
        if wanted and self.hub.ranges and same:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(data):
                self._answer(416, b"")
                return
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._answer(206 if start else 200, data[start:] + self.hub.extra, headers, cut=True)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, *, cut: bool = False) -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        if self.hub.lengths:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        self.wfile.write(body[: self.hub.cut_after.pop(0)] if cut and self.hub.cut_after else body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client leaves early, as some tests do."""


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """The hub and its storage, on two ports, which are two hosts for whoever keeps tokens to a host."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    servers = [_Server(("127.0.0.1", 0), handler) for _ in range(2)]
    threads = [threading.Thread(target=server.serve_forever, args=(0.02,)) for server in servers]
    hub.address, hub.storage = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()
